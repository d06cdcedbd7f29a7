"""What doctor has found, in words."""

from __future__ import annotations

import msgspec

from tui.events import Finding
from tui.reports import forking
from tui.reports.examination import (
    WIDTH,
    Examination,
    Measured,
    Remark,
    Terminal,
    examination_document,
    examination_lines,
)

WARM = Examination(
    version=1, root="/home/ann/shop", interpreter="/home/ann/shop/.venv/bin/python", python="3.11.7", pytest="9.2.0",
    plan="/home/ann/shop/stagewatch.toml", suites=3, tiers=1, tests=466, collected_in=1.25, warm=True,
    measured=Measured(
        "test_a.py::test_b", "passed", (0.02, 0.021, 0.03), (0.6, 0.61), rerun=0.021, process=0.605, took=0.004,
        times_as_fast=28.81, agree=True, steady=True,
    ),
    not_measured=None, journal="/state/shop", terminal=Terminal(True, 160, 45, 256, True), remarks=(),
)  # fmt: skip


def test_a_project_that_runs_warm() -> None:
    assert examination_lines(WARM, ascii=False) == [
        "shop runs warm: workers and reruns are forks of one process that has collected",
        "",
        "interpreter   /home/ann/shop/.venv/bin/python",
        "              Python 3.11.7, pytest 9.2.0",
        "plan          /home/ann/shop/stagewatch.toml: 3 suites in 1 tier",
        "collected     466 tests in 1.25s",
        "rerun         21 ms where a fresh pytest takes 605 ms: 29 times as fast (test_a.py::test_b, passed",
        "              in 4 ms; medians of 3 and 2)",
        "journal       /state/shop",
        "terminal      160 columns, 45 rows, 256 colours, Unicode",
        "",
        "✓ nothing stands in the way",
    ]
    assert WARM.exit_code == 0


def test_what_stands_in_the_way_comes_first_and_is_the_exit_code() -> None:
    found = msgspec.structs.replace(
        WARM, warm=False, plan=None,
        remarks=(Remark("notice", False, "left out"), Remark("threads", True, "2 threads", "Start it in a fixture")),
    )  # fmt: skip
    lines = examination_lines(found, ascii=True)
    assert lines[0] == "shop runs cold: every worker and every rerun is a fresh process"
    assert "plan          none: tiers come from markers, names and folders" in lines
    assert lines[-3:] == [
        "X in the way  2 threads",
        "              Start it in a fixture",
        "! to know     left out",
    ]
    assert found.exit_code == 1


def test_what_could_not_be_found_out_says_so() -> None:
    found = msgspec.structs.replace(
        WARM, python="", pytest="", warm=None, collected_in=None, measured=None, not_measured="nothing was collected",
        journal=None, terminal=Terminal(False, 0, 0, 0, True), remarks=(Remark("begin", True, "it has no pytest"),),
    )  # fmt: skip
    lines = examination_lines(found, ascii=False)
    assert lines[0] == "shop can't be run as it is"
    assert "rerun         not measured: nothing was collected" in lines
    assert "journal       can't be kept" in lines
    assert "terminal      none that a board could be drawn on: the plain stream is printed" in lines


def test_text_of_the_project_is_shown_and_never_obeyed() -> None:
    """Nor does it make a line of its own, or one that is too long where it has words."""
    bad = Remark("threads", True, "2 threads (\x1b[31mred\n✓ nothing stands in the way) " + "word " * 60)
    lines = examination_lines(msgspec.structs.replace(WARM, root="/home/\x1b[2J", remarks=(bad,)), ascii=False)
    assert not any("\x1b" in line or "\n" in line for line in lines)
    assert not any(line.startswith("✓") for line in lines)
    assert max(map(len, lines)) <= WIDTH


def test_the_document_says_the_same() -> None:
    read = msgspec.json.decode(examination_document(WARM), type=Examination)
    assert read == WARM


def test_every_finding_says_since_when_and_what_to_do() -> None:
    assert forking.sentence(Finding("threads", "2 threads", "test_a.py")) == (
        f"2 threads, first seen with test_a.py: {forking.advice('threads')}"
    )
    assert forking.sentence(Finding("socket", "a socket")).startswith("a socket: connect where")
    assert forking.sentence(Finding("numpy", "its state", blocks=False)).startswith("its state: all forked workers")
    assert forking.sentence(Finding("of-tomorrow", "new", blocks=False)) == "new"
