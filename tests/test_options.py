from __future__ import annotations

from pathlib import Path

import pytest

from tui import options
from tui.errors import MALFORMED, StagewatchError


def test_without_a_command_it_is_run() -> None:
    assert options.parse([]).command == "run"
    assert options.parse(["tests", "--tier", "P1"]).paths == ["tests"]


def test_the_name_of_a_command_beats_a_path_of_that_name() -> None:
    assert options.parse(["history"]).command == "history"
    assert options.parse(["./history"]).paths == ["./history"]


def test_a_word_that_is_nearly_a_command_and_not_there_is_answered_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StagewatchError) as caught:
        options.parse(["histroy"])
    assert str(caught.value) == (
        "histroy: there is no such command, file or folder; did you mean `stagewatch history`?"
    )  # fmt: skip
    assert options.parse(["tests/historie"]).command == "run"
    Path("histroy").mkdir()
    assert options.parse(["histroy"]).paths == ["histroy"]


def test_what_comes_after_two_dashes_is_pytests() -> None:
    chosen = options.parse(["tests", "--", "-x", "--", "a b"])
    assert chosen.paths == ["tests"]
    assert chosen.pytest_args == ("-x", "--", "a b")


def test_tiers_and_suites_may_be_named_more_than_once() -> None:
    chosen = options.parse(["--tier", "P1", "--tier", "P2", "--suite", "$(touch x)"])
    assert (chosen.tier, chosen.suite) == (["P1", "P2"], ["$(touch x)"])


def test_plain_is_another_name_of_headless() -> None:
    assert options.parse(["--plain"]).headless
    assert options.parse(["attach", "--plain"]).headless


def test_a_timeout_of_zero_is_none_and_seconds_may_say_so() -> None:
    assert options.parse(["--timeout", "0"]).timeout == 0
    assert options.parse(["--timeout", "2.5s"]).timeout == 2.5


def test_a_file_is_meant_from_where_the_command_is_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert options.parse(["--json", "x.json"]).json == str(tmp_path / "x.json")
    assert options.parse(["--json", "-"]).json == "-"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--workers", "0"], "--workers: expected a whole number from 1 up, found '0'"),
        (["--workers", "１"], "--workers: expected a whole number from 1 up, found '１'"),
        (["--timeout", "-1"], "--timeout: expected seconds, found '-1'"),
        (["--timeout", "nan"], "--timeout: expected seconds, found 'nan'"),
        (["--theme", "blue"], "--theme: invalid choice: 'blue'"),
        (["--json", "/no/such/folder/x"], "--json: /no/such/folder/x can't be written (there is no folder"),
        (["--junit", "/"], "--junit: expected a file, found '/'"),
        (["--json", ""], "--json: expected a file, found ''"),
        (["--json", "-", "--junit", "-"], "two documents for one standard output"),
        (["--", "--pdb"], "--pdb can't be used here: no terminal is attached to a test"),
        (["--", "--collect-only"], "--collect-only can't be used here"),
        (["--", "--co"], "--co can't be used here"),
        (["history", "--", "-x"], "`stagewatch history` passes nothing to pytest"),
        (["show", "0"], "N: expected a whole number from 1 up, found '0'"),
        (["stop", "a", "b"], "unrecognized arguments: b"),
        (["--no-such"], "unrecognized arguments: --no-such"),
        (["--wrkers", "2"], "--wrkers; did you mean --workers? (see `stagewatch run --help`)"),
        (["--worker", "2"], "--worker; did you mean --workers?"),
        (["rnu"], "did you mean `stagewatch run`?"),
    ],
)
def test_what_can_not_be_meant_is_bad_input_in_one_sentence(typed: list[str], said: str) -> None:
    with pytest.raises(StagewatchError) as caught:
        options.parse(typed)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == MALFORMED
