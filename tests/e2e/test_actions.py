"""Actions of the plan, run by a real session: told, bounded, recorded, and gone when they are to be gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.e2e.user import GATED, PATIENCE, User, bearing, until
from tui.client.live import LiveFeed
from tui.protocol import Accepted, Act, Cancel, Refused
from tui.state import ActionRun

TESTS = {"test_shop.py": "import os\ndef test_is_fixed(): assert os.path.exists('fixed')\n"}
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"
WAITS = "import time; print('waits', flush=True); time.sleep(300)"


def action(key: str, title: str, *command: str, more: str = "") -> str:
    return f'[[action]]\nkey = "{key}"\ntitle = "{title}"\ncommand = {json.dumps(command)}\n{more}'


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return ("{python}", "-c", code, *arguments)


def project(user: User, *actions: str, tests: dict[str, str] = TESTS, target: str = "") -> Path:
    root = user.project("shop", tests)
    suite = '[[tier]]\nid = "P1"\n[[suite]]\nid = "s"\ntier = "P1"\n'
    (root / "stagewatch.toml").write_text(target + suite + "".join(actions))
    return root


def keep(user: User, root: Path) -> None:
    """A session that has run its tests, and lives on."""
    assert user.run("--headless", "--keep", cwd=root).code in (0, 1)


def runs(user: User, root: Path) -> list[ActionRun]:
    return user.recorded(root).actions


def said(user: User, root: Path, line: str) -> bool:
    return any(line in run.lines for run in runs(user, root))


def test_it_is_run_told_and_recorded_and_what_failed_runs_again(user: User) -> None:
    fix = python("open('fixed', 'w'); print('patched'); import sys; print('to stderr', file=sys.stderr)")
    root = project(user, action("F", "apply fix", *fix, more='then = "rerun-failed"\n'))
    keep(user, root)
    listed = user.type("action", cwd=root)
    assert listed.out.startswith("F  apply fix: '{python}' -c ") and listed.out.count("\n") == 1
    done = user.type("action", "apply fix", cwd=root)
    assert (done.code, sorted(done.out.splitlines())) == (0, ["patched", "to stderr"])
    assert "action     apply fix runs, asked by " in done.err
    assert "action     apply fix ended with exit code 0 after " in done.err
    until(lambda: user.outcomes(root).get("test_is_fixed") == "passed")
    until(lambda: user.recorded(root).passes[-1].ended)
    state = user.recorded(root)
    assert [(one.what, one.by.endswith(", after apply fix")) for one in state.passes] == [
        ("all", False),
        ("failed", True),
    ]
    report = user.type("report", cwd=root).out
    did = report.partition("## What was done\n\n")[2].splitlines()
    assert [line.split("UTC: ")[1].split()[0] for line in did] == ["run", "action", "rerun"]
    results = json.loads(user.type("report", "--format", "json", cwd=root).out)
    (told,) = results["actions"]
    assert (told["key"], told["title"], told["exit_code"], told["why"]) == ("F", "apply fix", 0, None)
    assert told["began"] < told["ended"]
    attached = user.type("attach", "--headless", cwd=root)
    assert "output     patched" in attached.out


def test_it_finds_what_tests_find_and_its_own_folder(user: User) -> None:
    code = (
        "import os, sys; print(os.getcwd()); print(os.environ['STAGING_BASE_URL'], os.environ['STAGING_PASSWORD']); "
        "print(os.environ['STAGEWATCH_ITERATION'], os.environ['STAGEWATCH_REVISION']); print(*sys.argv[1:]); "
        "print(oct(os.stat(sys.argv[1]).st_mode & 0o777), sys.stdin.read() == '', os.isatty(0))"
    )
    target = '[target]\nname = "staging"\nbase_url = "https://staging.example"\ncredentials = { password = "env:PW" }\n'
    root = project(user, action("D", "deploy", *python(code, "{session}", "{root}", "{other}", "a b")), target=target)
    user.env["PW"] = "planted-password-of-the-plan"
    assert user.run("--headless", "--keep", "--revision", "r7", cwd=root).code == 1
    done = user.type("action", "D", cwd=root)
    where, staging, iteration, arguments, folder = done.out.splitlines()
    assert where == str(root)
    assert staging == "https://staging.example ‹masked›"
    assert iteration == "1 r7"
    session, *rest = arguments.split(" ", 1)
    assert rest == [f"{root} {{other}} a b"]
    assert folder == f"{oct(stat.S_IRWXU)} True False"
    assert Path(session).is_dir()
    assert user.type("stop", cwd=root).code == 0
    assert not Path(session).exists()


def test_no_secret_of_it_is_kept_or_shown(user: User) -> None:
    secret = "planted-token-value"
    several = "planted-first-line\nplanted-second-line"
    code = "import os, sys; print(os.environ['API_TOKEN'], sys.argv[1]); print(os.environ['PEM_KEY']); sys.exit(4)"
    root = project(user, action("D", "deploy", *python(code, secret)))
    user.env |= {"API_TOKEN": secret, "PEM_KEY": several}
    keep(user, root)
    done = user.type("action", "D", cwd=root)
    assert (done.code, done.out) == (4, "‹masked› ‹masked›\n‹masked›\n‹masked›\n") or done.out.count("‹masked›") >= 3
    seen = [done.out, done.err, user.type("action", cwd=root).out, user.type("attach", "--headless", cwd=root).out]
    assert user.type("stop", cwd=root).code == 0
    until(lambda: not user.sessions())
    kept = [file.read_bytes() for file in user.folder(root).rglob("*") if file.is_file()]
    for planted in (secret, *several.split("\n")):
        assert not [text for text in seen if planted in text]
        assert not [data for data in kept if planted.encode() in data]


def test_one_that_is_not_there_is_one_sentence_and_is_recorded(user: User) -> None:
    root = project(user, action("D", "deploy", "./deploy.sh"), action("E", "exec", "./stagewatch.toml"))
    keep(user, root)
    done = user.type("action", "D", cwd=root)
    sentence = "deploy can't be started: ./deploy.sh: No such file or directory"
    assert (done.code, done.out) == (2, "")
    assert done.err == f"stagewatch: {sentence}; the plan has its command\n"
    assert "exec can't be started: ./stagewatch.toml: Permission denied" in user.type("action", "E", cwd=root).err
    assert [run.why for run in runs(user, root)] == [
        "can't be started: ./deploy.sh: No such file or directory",
        "can't be started: ./stagewatch.toml: Permission denied",
    ]
    assert f"action     {sentence}" in user.type("attach", "--headless", cwd=root).out


def test_what_can_not_be_meant_is_one_sentence(user: User) -> None:
    root = project(user, action("D", "deploy", "true"))
    none = user.type("action", "D", cwd=root)
    assert none.code == 2
    assert none.err == (
        "stagewatch: an action needs a live session: `stagewatch run` starts one (headless: with --keep)\n"
    )
    keep(user, root)
    unknown = user.type("action", "X", cwd=root)
    assert (unknown.code, unknown.err) == (2, "stagewatch: there is no action X in this plan; there is D (deploy)\n")


def test_a_plan_without_actions_says_so(user: User) -> None:
    root = project(user)
    assert user.type("action", cwd=root).out == "the plan has no [[action]]\n"


async def test_one_at_a_time_and_not_by_who_only_watches(user: User) -> None:
    root = project(user, action("H", "wait", *python(WAITS)), action("D", "deploy", "true"))
    keep(user, root)
    socket = Path(user.session().socket)
    watcher = await LiveFeed.connect(socket, read_only=True)
    asker = await LiveFeed.connect(socket, commands=True)
    reading = [asyncio.create_task(_read(feed)) for feed in (watcher, asker)]
    assert await watcher.send(Act("H")) == Refused("you watch read-only", 1)
    assert await asker.send(Act("X")) == Refused("there is no action X in this plan; there is H (wait), D (deploy)", 1)
    assert await asker.send(Cancel(action=True)) == Refused("no action is running", 2)
    assert await asker.send(Act("H")) == Accepted("wait is running", 1, 3)
    assert await asker.send(Act("D")) == Refused("wait is running: one action at a time", 4)
    assert isinstance(await watcher.send(Cancel(action=True)), Refused)
    assert await asker.send(Cancel(action=True)) == Accepted("the action is being ended", None, 5)
    until(lambda: runs(user, root)[0].ended)
    for task in reading:
        task.cancel()
    for feed in (watcher, asker):
        await feed.close()
    (run,) = runs(user, root)
    assert run.exit is not None and run.exit.signal == "SIGTERM" and run.why.endswith(" ended it")


async def _read(feed: LiveFeed) -> None:
    async for _ in feed.updates():
        pass


def test_one_over_its_time_limit_that_ignores_term_is_ended_with_what_it_started(user: User) -> None:
    code = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAITS!r}], start_new_session=True)\n{DEAF}"
    )
    root = project(user, action("D", "deploy", *python(code), more='timeout = "1s"\n'))
    keep(user, root)
    done = user.type("action", "D", cwd=root)
    assert done.code == 1
    assert "ended by SIGKILL after " in done.err and done.err.rstrip().endswith(": it took longer than 1 s")
    assert not [line for line in bearing(user.session().mark) if "time.sleep" in line]


def test_interrupting_the_command_ends_the_action(user: User) -> None:
    root = project(user, action("H", "wait", *python(WAITS)))
    keep(user, root)
    asked = user.start("action", "H", cwd=root)
    until(lambda: said(user, root, "waits"))
    asked.send_signal(signal.SIGINT)
    out, err = asked.communicate(timeout=PATIENCE)
    assert (asked.returncode, out) == (130, "waits\n")
    assert "wait ended by SIGTERM after " in err
    assert not [line for line in bearing(user.session().mark) if "time.sleep" in line]


def test_the_session_takes_it_along_and_says_so(user: User) -> None:
    root = project(user, action("D", "deploy", *python(DEAF)))
    keep(user, root)
    record = user.session()
    asked = user.start("action", "D", cwd=root)
    until(lambda: said(user, root, "deaf"))
    assert user.type("stop", cwd=root).code == 0
    assert not bearing(record.mark)
    asked.communicate(timeout=PATIENCE)
    assert asked.returncode == 1
    (run,) = runs(user, root)
    assert run.ended is not None and run.why == "the session ended"


def test_a_session_that_is_killed_leaves_nothing_of_it(user: User) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {DEAF!r}], start_new_session=True)\n{DEAF}"
    root = project(user, action("D", "deploy", *python(code)))
    keep(user, root)
    record = user.session()
    asked = user.start("action", "D", cwd=root)
    until(lambda: said(user, root, "deaf"))
    assert len([line for line in bearing(record.mark) if "SIG_IGN" in line]) == 2
    folder = user.home / "state" / "stagewatch" / "private" / record.name
    assert folder.is_dir()
    os.kill(record.pid, signal.SIGKILL)
    _, err = asked.communicate(timeout=PATIENCE)
    assert asked.returncode in (1, 3) and err.count("\n") <= 2
    until(lambda: not bearing(record.mark))
    assert user.run("--headless", cwd=root).code == 1
    assert not folder.exists(), "who buries it takes its folder away"
    assert user.recorded(root, 1).actions[0].ended is None


def test_two_hundred_megabytes_of_output_are_bounded(user: User) -> None:
    code = "import sys\nfor n in range(200): sys.stdout.write(('y' * 99 + '\\n') * 10486)\nprint('the end')"
    root = project(user, action("D", "dump", *python(code)))
    keep(user, root)
    process = _memory(user.session().pid)
    done = user.type("action", "D", cwd=root)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[-1] == "the end"
    left_out = sum(int(line[1:].split()[0]) for line in lines if line.endswith("lines left out)"))
    told = sum(1 for line in lines if not line.endswith("lines left out)"))
    assert left_out + told == 200 * 10486 + 1
    assert told > 10_000, "its beginning is told whole"
    assert told < 30_000
    assert _memory(user.session().pid) - process < 100_000_000
    assert sum(file.stat().st_size for file in user.folder(root).glob("journal*")) < 30_000_000


def _memory(pid: int) -> int:
    """Bytes that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_it_leaves_running_goes_on_through_reruns_to_the_sessions_end(user: User) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAITS!r}]); print('started', flush=True)"
    root = project(user, action("U", "tunnel", *python(code)))
    keep(user, root)
    record = user.session()
    done = user.type("action", "U", cwd=root)
    assert done.code == 0 and done.out.splitlines()[0] in ("started", "waits")
    user.type("rerun", "--failed", "--headless", cwd=root)
    assert [line for line in bearing(record.mark) if "time.sleep" in line], "no test has left it behind"
    assert user.type("stop", cwd=root).code == 0
    assert not bearing(record.mark)


def test_a_headless_run_waits_for_it_and_the_next_run_does_not_push_it_out(user: User) -> None:
    waits = "while not os.path.exists('go'): time.sleep(0.01)"
    code = f"import os, time\nprint('begun', flush=True)\n{waits}\nprint('gone on')"
    root = project(user, action("D", "deploy", *python(code)), tests=GATED)
    watching = user.begin("--headless", cwd=root)
    until(lambda: user.outcomes(root).get("test_waits") == "running")
    asked = user.start("action", "D", cwd=root)
    until(lambda: said(user, root, "begun"))
    user.open_gate()
    until(lambda: user.recorded(root).passes[-1].ended)
    second = user.run("--headless", cwd=root)
    assert second.code == 2 and "is running this project already" in second.err
    (root / "go").touch()
    out, _ = asked.communicate(timeout=PATIENCE)
    assert (asked.returncode, out) == (0, "begun\ngone on\n")
    out, _ = watching.communicate(timeout=PATIENCE)
    assert watching.returncode == 1
    assert "action     deploy ended with exit code 0 after " in out


@pytest.mark.parametrize("code", [0, 1, 7])
def test_its_exit_code_is_the_commands(user: User, code: int) -> None:
    root = project(user, action("D", "deploy", *python(f"raise SystemExit({code})")))
    keep(user, root)
    assert user.type("action", "deploy", cwd=root).code == code


def test_who_does_not_read_its_output_does_not_stop_it(user: User) -> None:
    code = "import time\nfor n in range(200): print(n, flush=True); time.sleep(0.005)\nopen('done', 'w')"
    root = project(user, action("D", "deploy", *python(code)))
    keep(user, root)
    asked = user.start("action", "D", cwd=root, stderr=subprocess.DEVNULL)
    assert asked.stdout is not None
    asked.stdout.readline()
    asked.stdout.close()
    assert asked.wait(timeout=PATIENCE) == 0
    assert (root / "done").exists()
