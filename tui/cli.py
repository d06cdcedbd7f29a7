"""Every command, one short function each."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tui import options as command_line
from tui.errors import INTERNAL, INTERRUPTED, StagewatchError
from tui.shown import line as shown

if TYPE_CHECKING:
    from argparse import Namespace

    from tui.plan.model import Plan
    from tui.session.records import SessionRecord

_T = TypeVar("_T")

NEWEST = 20
"""Iterations that ``history`` prints."""
_LONGEST_SENTENCE = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "__session__":
        from tui.session.main import main as session

        return session()
    # Streams that were closed before we began (``>&-``) take nothing, and are no reason to fail.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    sys.stdin = sys.stdin or _nowhere("r")
    chosen: Namespace | None = None
    code: int | None = None
    try:
        chosen = command_line.parse(arguments)
        code = _COMMANDS[chosen.command](chosen)
        sys.stdout.flush()
        return code
    except StagewatchError as error:
        print(f"stagewatch: {shown(str(error)[:_LONGEST_SENTENCE])}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code is not None:
            return code  # all is done; its last words were not read
        if chosen is None or chosen.command in _LISTS or getattr(chosen, "list_faults", False):
            return 0  # whoever read a list, or the help, has seen enough
        return _own_fault()
    except Exception:
        return _own_fault()


def run(chosen: Namespace) -> int:
    """Start a session and watch it."""
    return _start(chosen, *_project(chosen))


def demo(chosen: Namespace) -> int:
    """Run the suites that come with Stagewatch against the environment that comes with them."""
    from tui import demo

    if chosen.list_faults:
        for line in demo.fault_lines():
            print(line)
        return 0
    if chosen.python is None:
        demo.refuse_without_extra()
    plan = demo.plan_of(chosen.plan, chosen.scenario, chosen.fault)
    demo.keep_out_of_the_suites()
    chosen.python = chosen.python or sys.executable
    chosen.started_in = str(_here())
    os.chdir(demo.home())
    return _start(chosen, demo.home(), demo.home(), plan)


def attach(chosen: Namespace) -> int:
    """Watch a live session or, when there is none, what the latest run of this project has left."""
    from tui import viewing

    wanted = viewing.Wanted(chosen.headless, chosen.theme, until_idle=True, json=chosen.json)
    record = _find(chosen.session)
    if record is not None:
        return _run(viewing.watch_session(Path(record.socket), wanted, read_only=chosen.read_only))
    return _run(viewing.watch_recorded(_recorded_here(), None, wanted))


def sessions(chosen: Namespace) -> int:
    """List what is alive."""
    import time

    from tui.documents import write_document
    from tui.session import records

    live = records.live()
    if chosen.json is not None:
        write_document(chosen.json, records.document(live))
        return 0
    for record in live:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.began))
        print(f"{record.name}  iteration {record.iteration} of {shown(record.root)}  since {since}")
    if not live:
        print("no session is alive")
    return 0


def stop(chosen: Namespace) -> int:
    """End a session, and wait until it and all that it started are gone."""
    from tui import launch

    record = _find(chosen.session)
    if record is None:
        raise StagewatchError("no session is alive here; `stagewatch sessions` lists them")
    launch.end(record)
    print(f"{record.name} has ended")
    return 0


def rerun(chosen: Namespace) -> int:
    """Ask a live session to run tests again; with --headless, print what comes of it."""
    from tui import viewing
    from tui.client.asking import ask
    from tui.protocol import Rerun

    if bool(chosen.tests) == (chosen.failed or chosen.all):
        raise StagewatchError("say what to run again: --failed, --all, or node ids")
    record = _find(None)
    if record is None:
        raise StagewatchError("no session is alive here: `stagewatch run` starts one (headless: with --keep)")
    what: Literal["failed", "all", "tests"] = "failed" if chosen.failed else "all" if chosen.all else "tests"
    command = Rerun(what, nodes=tuple(chosen.tests))
    print(_run(ask(Path(record.socket), command)), file=sys.stderr)
    if not chosen.headless and chosen.json is None:
        return 0
    wanted = viewing.Wanted(True, until_idle=True, json=chosen.json)
    return _run(viewing.watch_session(Path(record.socket), wanted))


def action(chosen: Namespace) -> int:
    """List what the plan lets one do; or have a live session do it, and print its output to the end."""
    from tui import acting
    from tui.client.asking import plan_of

    record = _find(None)
    if chosen.action is None:
        plan = _plan_here() if record is None else _run(plan_of(Path(record.socket)))
        for text in acting.action_lines(() if plan is None else plan.actions):
            print(text)
        if plan is None or not plan.actions:
            print("the plan has no [[action]]" if plan is not None else "there is no plan here, and no action")
        return 0
    if record is None:
        raise StagewatchError("an action needs a live session: `stagewatch run` starts one (headless: with --keep)")
    return _run(acting.run_action(Path(record.socket), chosen.action))


def history(chosen: Namespace) -> int:
    """List this project's iterations; or what one test has done in them."""
    from tui import queries
    from tui.documents import write_document

    folder = _recorded_here()
    if chosen.test is not None:
        return _past(folder, chosen.test, chosen.json)
    if chosen.json is not None:
        write_document(chosen.json, queries.history_document(queries.history(folder)))
        return 0
    iterations = queries.history(folder, NEWEST)
    if older := queries.count(folder) - len(iterations):
        print(f"{older} older: `stagewatch history --json -` has all, `stagewatch show N` opens one")
    for line in queries.history_lines(iterations):
        print(shown(line))
    return 0


def _past(folder: Path, test: str, json: str | None) -> int:
    from tui import queries
    from tui.documents import write_document
    from tui.reports.past import past_document, past_lines

    past = queries.past(folder, test)
    if json is not None:
        write_document(json, past_document(past))
        return 0
    for line in past_lines(past):
        print(shown(line))
    return 0


def show(chosen: Namespace) -> int:
    """Open an old iteration in the same board."""
    from tui import viewing

    wanted = viewing.Wanted(chosen.headless, chosen.theme, until_idle=True)
    return _run(viewing.watch_recorded(_recorded_here(), chosen.number, wanted))


def compare(chosen: Namespace) -> int:
    """Say what is different between two iterations."""
    import time

    import msgspec

    from tui import queries
    from tui.documents import write_document
    from tui.gate import verdict
    from tui.reports.comparison import comparison, comparison_lines

    folder = _recorded_here()
    older, newer = queries.load(folder, chosen.older), queries.load(folder, chosen.newer)
    judged = verdict(older, time.time()), verdict(newer, time.time())
    if chosen.json is not None:
        write_document(chosen.json, msgspec.json.encode(comparison(older, judged[0], newer, judged[1])))
        return 0
    for line in comparison_lines(older, judged[0], newer, judged[1]):
        print(line)
    return 0


def report(chosen: Namespace) -> int:
    """Write the status report of an iteration."""
    import time

    from tui import queries, viewing
    from tui.gate import verdict

    state = queries.load(_recorded_here(), chosen.number)
    judged = verdict(state, time.time())
    viewing.write_report(state, judged, chosen.format, chosen.output)
    return 0


def gate(chosen: Namespace) -> int:
    """Say whether the deploy may go on; the exit code is the verdict's."""
    import time

    from tui import queries, viewing
    from tui.gate import under, verdict
    from tui.plan.file import read_plan
    from tui.reports.summary import gate_lines

    folder = _recorded_here()
    plan = None if chosen.plan is None else read_plan(Path(chosen.plan))
    state = queries.load(folder, chosen.number)
    if chosen.override is not None:
        viewing.override(folder, state, _find(None) if state.ended is None else None, chosen.override)
        state = queries.load(folder, state.iteration)
    if plan is not None:
        state = under(state, plan)
    judged = verdict(state, time.time())
    if chosen.json is not None:
        viewing.write_results(state, judged, chosen.json, None)
    else:
        for line in gate_lines(state, judged):
            print(line)
    return judged.exit_code


def trust(chosen: Namespace) -> int:
    """List the modules that run cold as warm and cold have disagreed; or run some of them warm again."""
    import time

    from tui import queries, viewing

    folder = _recorded_here()
    cold = queries.distrusted(folder)
    for path in chosen.modules:
        if path not in cold:
            there = ", ".join(cold) or "none"
            raise StagewatchError(f"{path}: no such module runs cold for a disagreement; those that do: {there}")
    if chosen.modules:
        viewing.trust(folder, _find(None), tuple(chosen.modules))
        print(f"runs warm again: {shown(', '.join(chosen.modules))}")
        return 0
    for path, (iteration, at) in cold.items():
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
        print(shown(f"{path}  runs cold since iteration {iteration}  {since}"))
    if not cold:
        print("warm and cold agree: no module runs cold for a disagreement")
    return 0


def doctor(chosen: Namespace) -> int:
    """Say whether this project runs warm, how much faster that is, and what stands in the way."""
    from tui.doctor.examining import examine
    from tui.doctor.request import request_for
    from tui.documents import write_document
    from tui.plain import Printer
    from tui.reports.examination import examination_document, examination_lines
    from tui.widgets.marks import locale_wants_ascii

    printer = Printer(sys.stderr if chosen.json == "-" else sys.stdout)
    progress = Printer(sys.stderr)
    say = (lambda text: progress.write([f"{shown(text)} …"])) if sys.stderr.isatty() else (lambda text: None)
    found = _run(examine(request_for(*_project(chosen), chosen.paths, chosen.pytest_args, chosen.python), say))
    if found is None:
        return INTERRUPTED
    printer.write(examination_lines(found, ascii=locale_wants_ascii(os.environ)[0]))
    if chosen.json is not None:
        write_document(chosen.json, examination_document(found))
    return found.exit_code


_COMMANDS = {
    "run": run, "demo": demo, "attach": attach, "sessions": sessions, "stop": stop,
    "rerun": rerun, "action": action, "history": history, "show": show, "compare": compare, "report": report,
    "gate": gate, "trust": trust, "doctor": doctor,
}  # fmt: skip


_LISTS = ("sessions", "history", "compare", "report", "trust")


def _own_fault() -> int:
    import traceback

    with suppress(OSError):  # there may be nobody to tell
        traceback.print_exc()
        print("stagewatch: this is a fault of Stagewatch's own; what was recorded is safe", file=sys.stderr)
    return INTERNAL


def _start(chosen: Namespace, root: Path, cwd: Path, plan: Plan | None) -> int:
    import re
    import secrets
    import time

    from tui import launch, viewing
    from tui.client.person import who
    from tui.plan.model import Plan, Selection
    from tui.plan.project import interpreter, refuse_missing_paths
    from tui.plan.selection import covered, partial, refuse_unfit
    from tui.session.request import RunRequest

    if chosen.detach and (chosen.json or chosen.junit):
        raise StagewatchError("--detach returns before there are results: `stagewatch attach --json FILE` writes them")
    selection = Selection(
        tuple(chosen.paths), tuple(chosen.tier), tuple(chosen.suite), chosen.keyword, chosen.markers, chosen.pytest_args
    )
    if plan is not None:
        refuse_unfit(plan, selection)
        refuse_missing_paths(plan, root)
        selection = covered(plan, selection)
    python = interpreter(root, chosen.python)
    headless = viewing.is_plain(chosen.headless) and not chosen.detach
    signals = viewing.Signals() if headless else None
    launch.make_room(str(root))
    request = RunRequest(
        session=f"{re.sub('[^A-Za-z0-9._-]+', '-', root.name)[:40] or 'root'}-{secrets.token_hex(2)}",
        root=str(root),
        cwd=str(cwd),
        plan=plan or Plan(),
        selection=selection,
        partial=partial(plan, selection, cwd, root) if plan is not None else False,
        python=python.python,
        requested=time.time(),
        by=who(),
        workers=chosen.workers,
        limit=chosen.timeout,
        revision=chosen.revision,
        ends_with_run=headless and not (chosen.keep or chosen.on_save),
        report=None if chosen.report == "-" else chosen.report,
        on_save=chosen.on_save,
        notes=() if python.warning is None else (python.warning,),
    )
    ready = launch.start_session(request)
    if chosen.detach:
        print(f"started; watch it: stagewatch attach {request.session}")
        return 0
    wanted = viewing.Wanted(
        chosen.headless,
        chosen.theme,
        owns=headless,
        until_idle=chosen.keep,
        json=chosen.json,
        junit=chosen.junit,
        report=chosen.report == "-",
        started_in=getattr(chosen, "started_in", str(cwd)),
        is_new=True,
    )
    return _run(viewing.watch_session(Path(ready.socket), wanted, signals=signals))


def _project(chosen: Namespace) -> tuple[Path, Path, Plan | None]:
    """Of a command with paths and ``--plan``: the project's folder, where the user stands, and the plan."""
    from tui.plan.file import find_plan, read_plan
    from tui.plan.project import existing, project_root

    cwd = _here()
    root = project_root(existing(chosen.paths, cwd), cwd)
    plan_file = find_plan(root, None if chosen.plan is None else Path(chosen.plan))
    if plan_file is not None and chosen.plan is None:
        root = plan_file.parent.resolve()
    return root, cwd, None if plan_file is None else read_plan(plan_file)


def _find(name: str | None) -> SessionRecord | None:
    from tui import launch

    return launch.find(name, lambda: str(_root_here()))


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise StagewatchError("the current folder is gone: `cd` to one that exists") from None


def _nowhere(mode: str = "w") -> Any:
    return open(os.devnull, mode)  # noqa: PTH123 - for as long as the program lives


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    import asyncio  # a third of the time that --help takes

    return asyncio.run(work)


def _recorded_here() -> Path:
    """Where this project's iterations are, the ones that were cut off closed."""
    from tui import places
    from tui.session.closing import close_interrupted

    root = _root_here()
    close_interrupted(root)
    return places.project_folder(root)


def _plan_here() -> Plan | None:
    from tui.plan.file import find_plan, read_plan

    file = find_plan(_root_here())
    return None if file is None else read_plan(file)


def _root_here() -> Path:
    from tui.plan.file import find_plan
    from tui.plan.project import project_root

    root = project_root((), _here())
    plan = find_plan(root)
    return root if plan is None else plan.parent.resolve()
