"""Comparing two records of plain pytest with what Stagewatch says, test by test (pure).

Plain pytest is run twice, because much in real projects is different each time: addresses, paths,
times, ids made of the clock. A fact that is equal in both plain runs must be equal in Stagewatch
too. Where they differ, all three are compared once more with what usually changes put aside; what
still differs between the plain runs is *unsteady*: listed apart, and never a difference.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Key: TypeAlias = tuple[str, int]
Mask: TypeAlias = Callable[[str], str]

_CHANGING = [
    (re.compile(r"0x[0-9a-fA-F]{5,}"), "0x…"),
    (re.compile(r"\bid=(\\?')\d{9,}"), r"id=\1…"),  # of a mock
    (re.compile(r"(?:/[\w.+-]+)*/(?:pytest-of-\w+/pytest-\d+|tmp/[\w.+-]+)"), "/tmp/…"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?"), "<moment>"),
    (re.compile(r"(127\.0\.0\.1|localhost|::1\]?)(', |:)\d+"), r"\1\2<n>"),
    (re.compile(r"\b\d+\.\d+(?:e-?\d+)?(?=s?\b)"), "<number>"),
    (re.compile(r"\b(in|took|after) \d+(?:\.\d+)?\s?m?s\b"), "<time>"),
    (re.compile(r"(?i)\b(pid|port|fd|thread|process)(\W{0,3})\d+"), r"\1\2<n>"),
]


@dataclass
class Result:
    """What one side says of one test."""

    outcome: str
    sections: list[tuple[str, str]]
    subtests: list[tuple[str, str]]
    text: str = ""
    cut: tuple[str, ...] = ()


@dataclass
class Record:
    """What one side says of a project."""

    tests: dict[Key, Result]
    collection_errors: dict[str, str]
    order: dict[int, list[Key]] = field(default_factory=dict)
    """By worker, the tests it ran, in the order of their first attempts (Stagewatch's side only)."""


@dataclass
class Comparison:
    """``same``: tests without any difference, ``after_mask`` of them with something put aside.

    ``broken``: collection errors of plain pytest. The rest are lines to print.
    """

    tests: int = 0
    same: int = 0
    after_mask: int = 0
    broken: int = 0
    unsteady: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def add(self, other: Comparison) -> None:
        self.tests += other.tests
        self.same += other.same
        self.after_mask += other.after_mask
        self.broken = max(self.broken, other.broken)
        self.unsteady += other.unsteady
        self.cut += other.cut
        self.differences += other.differences


def plain_record(raw: dict[str, Any], mask: Mask) -> Record:
    """The recorder's file as a record."""
    tests = {}
    for test in raw["tests"]:
        reports = test["reports"]
        sections = dict.fromkeys((name, text) for report in reports for name, text in report["sections"] if text)
        tests[(_written(test["id"]), test["ordinal"])] = Result(
            outcome=outcome_of(reports),
            sections=[(mask(name), mask(text)) for name, text in sections],
            subtests=[(mask(r["subtest"]), _word(r)) for r in reports if r["subtest"] is not None],
            text="\n".join(mask(report["text"]) for report in reports if report["text"]),
        )
    errors = {_written(error["path"]): mask(error["message"]) for error in raw["collection_errors"]}
    return Record(tests, errors)


def outcome_of(reports: list[dict[str, Any]]) -> str:
    """A test's outcome by its reports: the worst that pytest's own summary would count it under.

    A failing call stays *failed* if teardown fails too; a failed teardown after anything else is an
    *error*. A failed subtest fails its test, as it does pytest's exit code.
    """
    phases = {report["when"]: report for report in reports if report["subtest"] is None}
    if "setup" not in phases:
        return "not-run"
    if phases["setup"]["outcome"] == "failed":
        return "error"
    failed_subtest = any(report["outcome"] == "failed" for report in reports if report["subtest"] is not None)
    call = phases.get("call")
    if failed_subtest or (call is not None and call["outcome"] == "failed"):
        return "failed"
    if phases.get("teardown", {}).get("outcome") == "failed":
        return "error"
    for when in ("setup", "call", "teardown"):
        if when in phases and (word := _word(phases[when])) != "passed":
            return word
    return "passed" if call is not None else "not-run"


def stagewatch_record(raw: dict[str, Any]) -> Record:
    """A JSON results file (version 1) as a record: each test by its first attempt."""
    errors = {error["path"]: error["message"] or "" for error in raw["collection_errors"]}
    tests: dict[Key, Result] = {}
    ran: dict[int, list[tuple[str, Key]]] = defaultdict(list)
    for test in raw["tests"]:
        if test["id"] in errors and test["outcome"] == "error" and "::" not in test["id"]:
            continue
        key = (test["id"], test["ordinal"])
        first = test["attempts"][0] if test["attempts"] else None
        if first is None:
            tests[key] = Result(test["outcome"], [], [])
            continue
        tests[key] = Result(
            outcome=first["outcome"],
            sections=[(name, text) for name, text in first.get("sections") or []],
            subtests=[(each["name"], each["outcome"]) for each in first.get("subtests") or []],
            text=first.get("traceback") or first.get("message") or "",
            cut=tuple(first.get("cut") or ()),
        )
        if first.get("worker") is not None:
            ran[first["worker"]].append((first["started"], key))
    return Record(tests, errors, {worker: [key for _, key in sorted(each)] for worker, each in ran.items()})


def compare(one: Record, two: Record, shown: Record) -> Comparison:
    """Two plain runs and Stagewatch's: what is the same, what is not, and what can't be told."""
    found = Comparison()
    _match_ids(found, one, two, shown)
    for key in one.tests.keys() & two.tests.keys() & shown.tests.keys():
        _test(found, _name(key), one.tests[key], two.tests[key], shown.tests[key])
    found.broken = len(one.collection_errors)
    paths = one.collection_errors.keys() | two.collection_errors.keys() | shown.collection_errors.keys()
    for path in sorted(paths):
        there = [path in record.collection_errors for record in (one, two, shown)]
        if there[0] == there[1] != there[2]:
            found.differences.append(
                f"{path}: collection error {_yes(there[0])} with pytest, {_yes(there[2])} with stagewatch"
            )
        elif there[0] != there[1]:
            found.unsteady.append(f"{path}: collection error {_yes(there[0])}, then {_yes(there[1])} with pytest")
    return found


def confirmed(first: Comparison, again: Comparison) -> tuple[list[str], list[str]]:
    """The differences that a second comparison has too, and those that it has not."""
    heads = {difference.partition("\n")[0] for difference in again.differences}
    kept = [each for each in first.differences if each.partition("\n")[0] in heads]
    return kept, [each for each in first.differences if each not in kept]


def settled(text: str) -> str:
    """Text with what usually changes from run to run put aside."""
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text


def _match_ids(found: Comparison, one: Record, two: Record, shown: Record) -> None:
    """Ids that plain pytest gives every time must be there; ids that it makes anew are matched by their shape."""
    steady = one.tests.keys() & two.tests.keys()
    found.tests += len(one.tests)
    for key in sorted(steady - shown.tests.keys()):
        found.differences.append(f"{_name(key)}: not there with stagewatch ({one.tests[key].outcome} with pytest)")
    changing = [key for key in one.tests if key not in steady]
    new = [key for key in shown.tests if key not in steady]
    shapes_one, shapes_new = Counter(map(_shape, changing)), Counter(map(_shape, new))
    for shape in sorted(shapes_one.keys() | shapes_new.keys()):
        if shapes_one[shape] != shapes_new[shape]:
            found.differences.append(
                f"{shape}: {shapes_one[shape]} tests of this shape with pytest, {shapes_new[shape]} with stagewatch"
            )
    by_shape = defaultdict(list)
    for key in new:
        by_shape[_shape(key)].append(shown.tests[key])
    for key in changing:
        candidates = by_shape[_shape(key)]
        if not candidates:
            continue
        theirs = candidates.pop(0)
        verdict = "same outcome" if theirs.outcome == one.tests[key].outcome else "OTHER OUTCOME"
        line = f"{_name(key)}: its id changes with each collection; matched by shape, {verdict} ({theirs.outcome})"
        (found.unsteady if verdict == "same outcome" else found.differences).append(line)


def _test(found: Comparison, name: str, one: Result, two: Result, shown: Result) -> None:
    problems, unsteady, masked = [], [], False
    facts: list[tuple[str, object, object, object]] = [
        ("outcome", one.outcome, two.outcome, shown.outcome),
        ("subtests", one.subtests, two.subtests, shown.subtests),
    ]
    for section in dict.fromkeys(name for result in (one, two, shown) for name, _ in result.sections):
        if any(what.startswith(f"{section}:") for what in shown.cut):
            found.cut.append(f"{name}: section {section!r} is longer than stagewatch keeps")
            continue
        texts = [[text for its, text in result.sections if its == section] for result in (one, two, shown)]
        facts.append((f"section {section!r}", texts[0], texts[1], texts[2]))
    orders = [[its for its, _ in result.sections] for result in (one, two, shown)]
    if sorted(orders[0]) == sorted(orders[1]) == sorted(orders[2]):
        facts.append(("order of sections", orders[0], orders[1], orders[2]))
    for what, first, second, theirs in facts:
        if theirs in (first, second):
            continue
        settled_first, settled_second, settled_theirs = (settled(repr(each)) for each in (first, second, theirs))
        if first == second or (settled_first == settled_second != settled_theirs):
            problems.append(f"{name}: {what}\n    pytest:     {_short(first)}\n    stagewatch: {_short(theirs)}")
        elif settled_first == settled_theirs:
            masked = True
        else:
            unsteady.append(
                f"{name}: {what}\n    pytest:     {_short(first)}\n    and again:  {_short(second)}\n"
                f"    stagewatch: {_short(theirs)}"
            )
    if problems and problems[0].startswith(f"{name}: outcome"):
        problems[0] += _because(one, shown)
    found.differences += problems
    found.unsteady += unsteady
    if not problems and not unsteady:
        found.same += 1
        found.after_mask += masked


def _because(one: Result, shown: Result) -> str:
    lines = []
    for side, text in (("pytest", one.text), ("stagewatch", shown.text)):
        told = [line for line in text.splitlines() if line.strip()]
        if told:
            lines.append(f"\n    {side} says: {_short(told[-1])}")
    return "".join(lines)


def _word(report: dict[str, Any]) -> str:
    if report["xfail"]:
        return "xfailed" if report["outcome"] == "skipped" else "xpassed"
    return str(report["outcome"])


def _written(id: str) -> str:
    """An id as JSON can carry it: lone surrogates escaped."""
    return id.encode("utf-8", "backslashreplace").decode("utf-8")


def _shape(key: Key) -> str:
    return re.sub(r"0x[0-9a-f]+|\d+", "#", key[0])


def _name(key: Key) -> str:
    shown = key[0] if len(key[0]) <= 160 else key[0][:157] + "…"
    return ascii(shown)[1:-1] + (f" (number {key[1] + 1})" if key[1] else "")


def _short(what: object) -> str:
    text = ascii(what)
    return text if len(text) <= 400 else f"{text[:250]} … {text[-150:]}"


def _yes(there: bool) -> str:
    return "there" if there else "not there"
