"""Every command, one short function each."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
import time
import traceback
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui import options as command_line
from tui.errors import INTERNAL, INTERRUPTED, StagewatchError

if TYPE_CHECKING:
    from tui.session.records import SessionRecord


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "__session__":
        from tui.session.main import main as session

        return session()
    try:
        chosen = command_line.parse(arguments)
        return _COMMANDS[chosen.command](chosen)
    except StagewatchError as error:
        print(f"stagewatch: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception:
        traceback.print_exc()
        print("stagewatch: this is a fault of Stagewatch's own; what was recorded is safe", file=sys.stderr)
        return INTERNAL


def run(chosen: Namespace) -> int:
    """Start a session and watch it."""
    from tui.plan.file import find_plan, read_plan
    from tui.plan.project import existing, project_root

    cwd = Path.cwd()
    root = project_root(existing(chosen.paths, cwd), cwd)
    plan_file = find_plan(root, None if chosen.plan is None else Path(chosen.plan))
    if plan_file is not None and chosen.plan is None:
        root = plan_file.parent.resolve()
    return _start(chosen, root, cwd, None if plan_file is None else read_plan(plan_file))


def demo(chosen: Namespace) -> int:
    """Run the sample project that comes with Stagewatch, its caches kept out of it."""
    from importlib.util import find_spec

    from tui import places
    from tui.plan.file import read_plan

    if find_spec("pytest") is None:
        raise StagewatchError("the demo needs pytest: install it with `pip install 'stagewatch[demo]'`")
    import suites

    root = Path(suites.__file__).parent / "sample"
    caches = places.state_folder() / "demo"
    os.environ["PYTHONPYCACHEPREFIX"] = str(caches / "pycache")
    chosen.pytest_args = ("-o", f"cache_dir={caches / 'pytest'}", *chosen.pytest_args)
    chosen.python = chosen.python or sys.executable
    os.chdir(root)
    return _start(chosen, root, root, read_plan(root / "stagewatch.toml"), narrows=False)


def attach(chosen: Namespace) -> int:
    """Watch a live session or, when there is none, what the latest run of this project has left."""
    from tui import places, viewing

    wanted = viewing.Wanted(chosen.headless, chosen.theme, until_idle=True, json=chosen.json)
    record = _session(chosen.session)
    if record is not None:
        return asyncio.run(viewing.watch_session(Path(record.socket), wanted, read_only=chosen.read_only))
    return asyncio.run(viewing.watch_recorded(places.project_folder(_root_here()), None, wanted))


def sessions(chosen: Namespace) -> int:
    """List what is alive."""
    from tui import viewing
    from tui.session import records

    live = records.live()
    if chosen.json is not None:
        viewing.write_document(chosen.json, records.document(live))
        return 0
    for record in live:
        since = time.strftime("%H:%M:%S", time.localtime(record.began))
        print(f"{record.name}  iteration {record.iteration} of {record.root}  since {since}")
    if not live:
        print("no session is alive")
    return 0


def stop(chosen: Namespace) -> int:
    """End a session, and wait until it and all that it started are gone."""
    record = _session(chosen.session)
    if record is None:
        raise StagewatchError("no session is alive here; `stagewatch sessions` lists them")
    asyncio.run(_end(Path(record.socket)))
    print(f"{record.name} has ended")
    return 0


def rerun(chosen: Namespace) -> int:
    """Ask a live session to run tests again; with --headless, print what comes of it."""
    from tui import viewing
    from tui.protocol import Rerun

    if bool(chosen.tests) == chosen.failed:
        raise StagewatchError("say what to run again: --failed, or node ids")
    record = _session(None)
    if record is None:
        raise StagewatchError("no session is alive here: `stagewatch run` starts one (headless: with --keep)")
    command = Rerun("failed") if chosen.failed else Rerun("tests", nodes=tuple(chosen.tests))
    print(asyncio.run(_ask(Path(record.socket), command)), file=sys.stderr)
    if not chosen.headless and chosen.json is None:
        return 0
    wanted = viewing.Wanted(True, until_idle=True, json=chosen.json)
    return asyncio.run(viewing.watch_session(Path(record.socket), wanted))


def history(chosen: Namespace) -> int:
    """List this project's iterations."""
    from tui import places, queries, viewing

    iterations = queries.history(places.project_folder(_root_here()))
    if chosen.json is not None:
        viewing.write_document(chosen.json, queries.history_document(iterations))
        return 0
    for line in queries.history_lines(iterations):
        print(line)
    return 0


def show(chosen: Namespace) -> int:
    """Open an old iteration in the same board."""
    from tui import places, viewing

    wanted = viewing.Wanted(chosen.headless, chosen.theme, until_idle=True)
    return asyncio.run(viewing.watch_recorded(places.project_folder(_root_here()), chosen.number, wanted))


_COMMANDS = {
    "run": run, "demo": demo, "attach": attach, "sessions": sessions, "stop": stop,
    "rerun": rerun, "history": history, "show": show,
}  # fmt: skip


def _start(chosen: Namespace, root: Path, cwd: Path, plan: object, *, narrows: bool = True) -> int:
    from tui import launch, viewing
    from tui.client.live import who
    from tui.plan.model import Plan, Selection
    from tui.plan.project import interpreter
    from tui.plan.selection import partial
    from tui.session.request import RunRequest

    if chosen.detach and (chosen.json or chosen.junit):
        raise StagewatchError("--detach returns before there are results: `stagewatch attach --json FILE` writes them")
    assert plan is None or isinstance(plan, Plan)
    selection = Selection(
        tuple(chosen.paths), tuple(chosen.tier), tuple(chosen.suite), chosen.keyword, chosen.markers, chosen.pytest_args
    )
    python = interpreter(root, chosen.python)
    headless = viewing.is_plain(chosen.headless) and not chosen.detach
    _make_room(root)
    request = RunRequest(
        session=f"{re.sub('[^A-Za-z0-9._-]+', '-', root.name) or 'root'}-{secrets.token_hex(2)}",
        root=str(root),
        cwd=str(cwd),
        plan=plan or Plan(),
        selection=selection,
        partial=partial(plan, selection, cwd) if plan is not None and narrows else False,
        python=python.python,
        requested=time.time(),
        by=who(),
        workers=chosen.workers,
        limit=chosen.timeout,
        revision=chosen.revision,
        ends_with_run=headless and not chosen.keep,
        notes=() if python.warning is None else (python.warning,),
    )
    ready = launch.start_session(request)
    if chosen.detach:
        print(f"started; watch it: stagewatch attach {Path(ready.socket).stem}")
        return 0
    wanted = viewing.Wanted(
        chosen.headless, chosen.theme, owns=headless, until_idle=chosen.keep, json=chosen.json, junit=chosen.junit
    )
    return asyncio.run(viewing.watch_session(Path(ready.socket), wanted))


def _make_room(root: Path) -> None:
    """A session of this project that has nothing more to run makes room for the next; one that runs does not."""
    record = next((record for record in _live() if record.root == str(root)), None)
    if record is None:
        return
    if asyncio.run(_is_running(Path(record.socket))):
        raise StagewatchError(
            f"{record.name} is running this project already: `stagewatch attach` joins it, `stagewatch stop` ends it"
        )
    asyncio.run(_end(Path(record.socket)))


async def _is_running(socket: Path) -> bool:
    from tui.client.live import LiveFeed

    feed = await LiveFeed.connect(socket, commands=True)
    running = feed.state.is_running
    await feed.close()
    return running


async def _end(socket: Path) -> None:
    from tui.protocol import Stop

    await _ask(socket, Stop(), until_gone=True)


async def _ask(socket: Path, command: object, *, until_gone: bool = False) -> str:
    """Have one command carried out; returns what the session says to it. Raises StagewatchError when it refuses."""
    from tui.client.live import LiveFeed
    from tui.protocol import Accepted, Rerun, Stop

    assert isinstance(command, Rerun | Stop)
    feed = await LiveFeed.connect(socket, commands=True)

    async def read() -> None:
        async for _ in feed.updates():
            pass

    reading = asyncio.create_task(read())
    try:
        reply = await feed.send(command)
        if until_gone:
            await reading
        if not isinstance(reply, Accepted) and not until_gone:
            raise StagewatchError(reply.why)
        return reply.what if isinstance(reply, Accepted) else ""
    finally:
        reading.cancel()
        await feed.close()


def _live() -> list[SessionRecord]:
    from tui.session import records

    return records.live()


def _session(name: str | None) -> SessionRecord | None:
    """The session named; else this project's; else the only one. Raises StagewatchError when that is not one."""
    live = _live()
    if name is not None:
        found = next((record for record in live if record.name == name), None)
        if found is None:
            known = f"alive: {', '.join(record.name for record in live)}" if live else "none is alive"
            raise StagewatchError(f"there is no session {name}; {known}")
        return found
    here = str(_root_here())
    mine = [record for record in live if record.root == here]
    if mine or len(live) != 1:
        return mine[0] if mine else None
    return live[0]


def _root_here() -> Path:
    from tui.plan.file import find_plan
    from tui.plan.project import project_root

    root = project_root((), Path.cwd())
    plan = find_plan(root)
    return root if plan is None else plan.parent.resolve()
