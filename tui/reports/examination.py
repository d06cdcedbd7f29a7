"""What ``stagewatch doctor`` has found, as JSON and as lines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Literal

import msgspec

from tui.events import Outcome
from tui.reports.amounts import many, took
from tui.shown import line

WIDTH = 100
"""Columns that the lines keep to, where words allow it."""
_LABEL = 14


class Remark(msgspec.Struct, frozen=True):
    """One thing to know: its kind, what it is, and what to do about it. ``in_the_way``: of a warm and whole run."""

    kind: str
    in_the_way: bool
    what: str
    advice: str = ""


class Measured(msgspec.Struct, frozen=True):
    """One test, run again by the engine (``reruns``) and by a ``pytest`` of its own (``processes``): seconds of each,
    and their medians; ``took``: of a rerun, the test itself with its fixtures. ``agree``: they never said two different
    things each time; ``steady``: each said one thing.
    """

    test: str
    outcome: Outcome
    reruns: tuple[float, ...]
    processes: tuple[float, ...]
    rerun: float
    process: float
    took: float
    times_as_fast: float
    agree: bool
    steady: bool


class Terminal(msgspec.Struct, frozen=True):
    """``board``: it would be drawn here. ``columns``, ``rows``: 0 where not known. ``colours``: 0 for none."""

    board: bool
    columns: int
    rows: int
    colours: int
    unicode: bool


class Examination(msgspec.Struct, frozen=True):
    """The document of ``doctor --json``. ``warm``: null where nothing could be collected; ``measured``: where nothing
    could be measured, and ``not_measured`` says why.
    """

    version: Literal[1]
    root: str
    interpreter: str
    python: str
    pytest: str
    plan: str | None
    suites: int
    tiers: int
    tests: int
    collected_in: float | None
    warm: bool | None
    measured: Measured | None
    not_measured: str | None
    journal: str | None
    terminal: Terminal
    remarks: tuple[Remark, ...]

    @property
    def in_the_way(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if remark.in_the_way)

    @property
    def exit_code(self) -> int:
        """0: nothing stands in the way; 1: something does."""
        return int(bool(self.in_the_way))


def examination_document(found: Examination) -> bytes:
    return msgspec.json.encode(found)


def examination_lines(found: Examination, *, ascii: bool) -> list[str]:
    """For a person: the answer, the facts, then what stands in the way and what else to know, with what to do."""
    marks = ("X", "!", "v") if ascii else ("✗", "!", "✓")
    lines = [_answer(found), ""]
    for label, text in _facts(found):
        lines += _hanging(f"{label:<{_LABEL}}", text)
    remarks = sorted(found.remarks, key=lambda remark: not remark.in_the_way)
    if remarks:
        lines.append("")
    for remark in remarks:
        head = f"{marks[0]} in the way  " if remark.in_the_way else f"{marks[1]} to know     "
        lines += _hanging(head, remark.what)
        if remark.advice:
            lines += _hanging(" " * len(head), remark.advice)
    if not found.in_the_way:
        lines += ["", f"{marks[2]} nothing stands in the way"]
    return lines


def _answer(found: Examination) -> str:
    name = line(found.root.rpartition("/")[2] or found.root)
    if found.warm is None:
        return f"{name} can't be run as it is"
    if not found.warm:
        return f"{name} runs cold: every worker and every rerun is a fresh process"
    return f"{name} runs warm: workers and reruns are forks of one process that has collected"


def _facts(found: Examination) -> list[tuple[str, str]]:
    versions = f"Python {found.python}, pytest {found.pytest}" if found.python else "not known"
    plan = "none: tiers come from markers, names and folders"
    if found.plan is not None:
        plan = f"{found.plan}: {many(found.suites, 'suite')} in {many(found.tiers, 'tier')}"
    facts = [("interpreter", found.interpreter), ("", versions), ("plan", plan)]
    if found.collected_in is not None:
        facts.append(("collected", f"{many(found.tests, 'test')} in {took(found.collected_in)}"))
    facts.append(("rerun", _measured(found.measured) if found.measured else f"not measured: {found.not_measured}"))
    facts.append(("journal", found.journal or "can't be kept"))
    return [*facts, ("terminal", _terminal(found.terminal))]


def _measured(measured: Measured) -> str:
    how_many = f"medians of {len(measured.reruns)} and {len(measured.processes)}"
    return (
        f"{_quick(measured.rerun)} where a fresh pytest takes {_quick(measured.process)}: {_times(measured)} "
        f"({measured.test}, {measured.outcome} in {_quick(measured.took)}; {how_many})"
    )


def _times(measured: Measured) -> str:
    times = measured.times_as_fast
    return f"{times:.0f} times as fast" if times >= 10 else f"{times:.1f} times as fast"


def _quick(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else took(seconds)


def _terminal(terminal: Terminal) -> str:
    if not terminal.board:
        return "none that a board could be drawn on: the plain stream is printed"
    colours = f"{terminal.colours} colours" if terminal.colours else "no colours"
    if terminal.colours > 256:
        colours = "all colours"
    glyphs = "Unicode" if terminal.unicode else "ASCII only"
    size = f"{terminal.columns} columns, {terminal.rows} rows" if terminal.columns else "of unknown size"
    return f"{size}, {colours}, {glyphs}"


def _hanging(head: str, text: str) -> Sequence[str]:
    """A text behind its label, its further lines under its first. A long word (a path) is never taken apart."""
    lines = textwrap.wrap(line(text), WIDTH - len(head), break_long_words=False, break_on_hyphens=False) or [""]
    return [head + lines[0], *(" " * len(head) + rest for rest in lines[1:])]
