"""Commands as they are typed, with what they print and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest

from tests.e2e.user import GREEN, MIXED, STAGEWATCH, Ended, User
from tests.journal.runs import place
from tests.scripted import simple
from tui import cli
from tui.journal import database
from tui.journal.journal import Journal
from tui.journal.writer import Entry, Writer

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"
COMMANDS = ("run", "demo", "attach", "sessions", "stop", "rerun", "history", "show", "doctor")


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = User(tmp_path_factory.mktemp("home"))
    yield user
    user.leave()


@pytest.fixture(scope="module")
def green(user: User) -> Path:
    return user.project("green", GREEN)


@pytest.fixture(scope="module")
def mixed(user: User) -> Path:
    return user.project("mixed", MIXED)


def refused(ended: Ended) -> str:
    """What was said of bad input: one sentence, and nothing of our own insides."""
    assert ended.code == 2, ended
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("stagewatch: ")
    return lines[0].removeprefix("stagewatch: ")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_given_for_every_command(user: User, command: str) -> None:
    ended = user.type(*([command] if command else []), "--help", cwd=user.home)
    assert ended.code == 0
    assert ended.out.startswith(f"usage: stagewatch {command}".rstrip())
    assert not ended.err


class TestWhatARunEndsWith:
    def test_nothing_failed_is_0(self, user: User, green: Path) -> None:
        ended = user.run(cwd=green)
        assert ended.code == 0, ended
        assert "GO, final: 2 of 2 passed" in ended.out
        assert not ended.err

    def test_a_failure_is_1(self, user: User, green: Path, mixed: Path) -> None:
        ended = user.run(str(mixed / "test_mixed.py"), cwd=green)
        assert ended.code == 1
        assert "NO-GO, final" in ended.out
        assert f"iteration 1 of mixed ({mixed})" in " ".join(ended.out.split()), "the project is the path's, not ours"

    def test_no_test_is_4(self, user: User, green: Path) -> None:
        assert user.run("-k", "nothing_is_named_so", cwd=green).code == 4

    def test_a_part_of_a_plan_is_5(self, user: User) -> None:
        root = user.project("planned", GREEN)
        (root / "stagewatch.toml").write_text(
            '[[tier]]\nid = "P1"\n[[suite]]\nid = "s"\ntier = "P1"\npaths = ["test_green.py"]\n'
        )
        assert user.run(cwd=root).code == 0
        ended = user.run("-k", "one", cwd=root)
        assert ended.code == 5, ended
        assert "INCONCLUSIVE, final: 1 test did not run" in ended.out
        assert "only a part of the plan" not in ended.out, "what was left out is known by name"
        part = user.run("test_green.py", cwd=root)
        assert part.code == 5, part
        assert "not checked: only a part of the plan was selected" in part.out

    def test_what_can_not_be_recorded_is_6(self, user: User) -> None:
        root = user.project("unrecorded", GREEN)
        (user.folder(root) / "journal.sqlite3").mkdir()
        ended = user.run(cwd=root)
        assert ended.code == 6, ended
        assert "results are not recorded: the journal" in ended.out
        assert "INCONCLUSIVE, final" in ended.out

    def test_a_session_that_dies_at_its_start_is_3(self, user: User, green: Path) -> None:
        dying = (
            "import sys, tui.launch as launch\n"
            "from tui.cli import main\n"
            "launch._START = 'raise SystemExit(9)'\n"
            "too_much_for_a_pipe = ' or '.join(['x'] * 100_000)\n"
            "raise SystemExit(main(['run', '--headless', '--python', sys.executable, '-k', too_much_for_a_pipe]))\n"
        )
        ended = subprocess.run(
            [sys.executable, "-P", "-c", dying], cwd=green, env=user.env, capture_output=True, text=True
        )
        assert ended.returncode == 3, ended
        assert "stagewatch: the session could not start; " in ended.stderr

    @pytest.mark.parametrize("command", ["run", "demo", "attach", "rerun", "show", "stop"])
    def test_a_broken_pipe_of_our_own_is_3(
        self, command: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        def breaks(chosen: object) -> int:
            raise BrokenPipeError

        monkeypatch.setitem(cli._COMMANDS, command, breaks)
        with Path(os.devnull).open("w") as nowhere:
            monkeypatch.setattr(sys, "stdout", nowhere)
            assert cli.main([command]) == 3
        assert "a fault of Stagewatch's own" in capfd.readouterr().err


class TestBadInput:
    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            (["nope.py"], "nope.py: there is no such file or folder"),
            ([""], "there is no such file or folder"),
            (["a\x1b[31m\nb"], r"a\x1b[31m\nb: there is no such file or folder"),
            (["x" * 5000], "xxx"),
            (["\udcff"], r"\udcff: there is no such file or folder"),
            (["-k", "\udcff"], "is not text in UTF-8"),
            (["--plan", "nope.toml"], "nope.toml: the plan can't be read"),
            (["--tier", "P9"], "--tier P9: there is no such tier; there are: top"),
            (["--suite", "$(touch x)"], "--suite $(touch x): there is no such suite"),
            (["--python", "/nope"], "--python /nope: there is no such interpreter"),
            (["--python", "/bin/true"], "/bin/true is no Python interpreter"),
            (["--detach", "--json", "x.json"], "--detach returns before there are results"),
            (["--", "--no-such-option"], "pytest refuses what it is asked: unrecognized arguments: --no-such-option"),
            (["-k", "one and"], "pytest refuses what it is asked: Wrong expression passed to '-k'"),
            (["test_green.py::test_nine"], "pytest refuses what it is asked: not found: "),
        ],
        ids=lambda value: None if isinstance(value, str) else " ".join(value)[:30].encode("ascii", "replace").decode(),
    )
    def test_of_a_run_is_one_sentence(self, user: User, green: Path, typed: list[str], said: str) -> None:
        assert said in refused(user.type("run", "--headless", *typed, cwd=green))
        assert not (green / "x").exists()

    def test_a_plan_is_answered_with_its_place(self, user: User) -> None:
        root = user.project("misplanned", GREEN)
        (root / "stagewatch.toml").write_text('[[tier]]\nid = "P1"\nordre = 1\n')
        assert refused(user.run(cwd=root)).startswith("stagewatch.toml:3: ")

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            (["attach", "nobody-1234"], "there is no session nobody-1234 (any more); none is alive"),
            (["stop", "nobody-1234"], "there is no session nobody-1234 (any more)"),
            (["stop"], "no session is alive here"),
            (["rerun"], "say what to run again: --failed, --all, or node ids"),
            (["rerun", "--failed", "x"], "say what to run again: --failed, --all, or node ids"),
            (["rerun", "--failed"], "no session is alive here"),
            (["show", "99"], "there is no iteration 99; recorded: 1"),
        ],
    )
    def test_of_other_commands_is_one_sentence(self, user: User, mixed: Path, typed: list[str], said: str) -> None:
        assert said in refused(user.type(*typed, cwd=mixed))

    def test_a_folder_that_is_gone(self, user: User) -> None:
        gone = user.home / "gone"
        gone.mkdir()
        command = "import os; os.rmdir(os.getcwd()); from tui.cli import main; raise SystemExit(main(['history']))"
        ended = subprocess.run(
            [sys.executable, "-P", "-c", command], cwd=gone, env=user.env, capture_output=True, text=True
        )
        assert "the current folder is gone" in refused(Ended(ended.returncode, ended.stdout, ended.stderr))

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ("stagewatch:3.8:7.4.0", "is Python 3.8; tests can be run by 3.9 and newer"),
            ("stagewatch:3.12:none", "has no pytest"),
            ("stagewatch:3.12:7.3.2", "has pytest 7.3.2; 7.4 or newer is needed"),
        ],
    )
    def test_an_interpreter_that_can_not_do_it(self, user: User, green: Path, answer: str, said: str) -> None:
        python = user.home / "python"
        python.write_text(f'#!/bin/sh\n[ "$1" = -c ] && printf %s {answer}\n')
        python.chmod(0o755)
        assert said in refused(user.type("run", "--headless", "--python", str(python), cwd=green))


class TestDocuments:
    def test_json_goes_to_standard_output_and_lines_to_the_other(self, user: User, mixed: Path) -> None:
        ended = user.run("--json", "-", cwd=mixed)
        assert ended.code == ended.document["exit_code"] == 1
        assert ended.document["verdict"] == "no-go"
        assert "NO-GO, final" in ended.err

    def test_a_reader_that_goes_away_does_not_change_the_code(self, user: User, mixed: Path) -> None:
        process = user.begin("--json", "-", cwd=mixed)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stderr.read()
        process.stderr.close()
        assert process.wait() == 1

    def test_a_device_is_written_to_and_not_replaced(self, user: User, green: Path) -> None:
        fifo = user.home / "fifo"
        os.mkfifo(fifo)
        reader = subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE)
        assert user.run("--json", str(fifo), cwd=green).code == 0
        assert json.loads(reader.communicate()[0])["verdict"] == "go"
        assert fifo.is_fifo()

    def test_history_has_every_iteration_and_keeps_to_its_schema(self, user: User, mixed: Path) -> None:
        document = user.type("history", "--json", "-", cwd=mixed).document
        jsonschema.validate(document, json.loads((SCHEMAS / "history.json").read_text()))
        assert [one["number"] for one in document["iterations"]] == list(range(1, len(document["iterations"]) + 1))
        assert document["iterations"][0]["verdict"] == "no-go"

    def test_history_prints_the_newest_and_says_how_many_are_older(self, user: User) -> None:
        root = user.project("often", {"test_often.py": "def test_one(): pass\n"})
        self._record(user, root, 23)
        lines = user.type("history", cwd=root).out.splitlines()
        assert lines[0].startswith("3 older: ")
        assert lines[1].split() == ["began", "took", "verdict", "state", "revision", "tests"]
        assert [int(line.split()[0]) for line in lines[2:]] == list(range(4, 24))

    def _record(self, user: User, root: Path, many: int) -> None:
        with Journal.open(user.folder(root)) as journal:
            connection = database.open_again(journal.folder)
            for _ in range(many):
                number = journal.begin("s")
                first, *rest = simple("passed").ended().events
                events = [msgspec.structs.replace(first, iteration=number), *rest]
                Writer(connection, number).write([Entry(recorded) for recorded in place(events)])
            connection.close()

    def test_show_prints_an_old_iteration_with_its_code(self, user: User, mixed: Path) -> None:
        ended = user.type("show", "1", "--headless", cwd=mixed)
        assert ended.code == 1
        assert "iteration  1 of mixed" in ended.out
        assert "test_mixed.py::test_fails" in ended.out


class TestPipes:
    def test_head_ends_quietly_and_the_run_goes_on_to_its_code(self, user: User, mixed: Path) -> None:
        number = user.recorded(mixed).iteration
        typed = (
            f'{" ".join(map(repr, [*STAGEWATCH]))} run --python {sys.executable} | head -3; exit "${{PIPESTATUS[0]}}"'
        )
        ended = subprocess.run(["bash", "-c", typed], cwd=mixed, env=user.env, capture_output=True, text=True)
        assert ended.returncode == 1
        assert len(ended.stdout.splitlines()) == 3
        assert not ended.stderr
        assert user.recorded(mixed).iteration == number + 1
        assert user.recorded(mixed).ended and not user.recorded(mixed).interrupted

    def test_a_list_that_nobody_reads_ends_quietly(self, user: User, mixed: Path) -> None:
        typed = f'{" ".join(map(repr, STAGEWATCH))} history | true; exit "${{PIPESTATUS[0]}}"'
        ended = subprocess.run(["bash", "-c", typed], cwd=mixed, env=user.env, capture_output=True, text=True)
        assert (ended.returncode, ended.stderr) == (0, "")

    def test_what_is_done_is_done_though_nobody_reads_of_it(self, user: User, green: Path) -> None:
        assert user.run("--headless", "--keep", cwd=green).code == 0
        typed = f'{" ".join(map(repr, STAGEWATCH))} stop | true; exit "${{PIPESTATUS[0]}}"'
        ended = subprocess.run(["bash", "-c", typed], cwd=green, env=user.env, capture_output=True, text=True)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert not user.sessions()

    def test_closed_streams_are_no_fault(self, user: User, green: Path) -> None:
        typed = f"{' '.join(map(repr, STAGEWATCH))} run --python {sys.executable} <&- >&- 2>&-"
        assert subprocess.run(["bash", "-c", typed], cwd=green, env=user.env).returncode == 0
