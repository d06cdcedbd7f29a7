"""The results of an iteration as JUnit XML, as Jenkins and GitLab read it.

One ``testsuite`` a suite of the plan, one ``testcase`` a test, named as pytest's own ``--junitxml``
names it. Whatever is not a pass carries an element that says so: a test that was not run, was
cancelled or took its worker down is an ``error`` with that word as its type, never an empty
``testcase``. What was blocked, or failed, because the target does not answer is skipped, and one ``error`` stands for
all of it. Earlier attempts are kept as Maven Surefire keeps them (``flakyFailure``, ``rerunFailure``).
"""

from __future__ import annotations

import datetime
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable

from tui.events import FAILING, Evidence, Exit, Outcome
from tui.gate import Verdict
from tui.reports.results_json import EvidenceOf
from tui.reports.sentences import disagreement
from tui.reports.summary import override_words
from tui.shown import spelled
from tui.state import Attempt, RunState, Test, duration, ordered_tiers
from tui.state.warmth import disagreements

_LONGEST_MESSAGE = 500
"""Characters of a ``message`` attribute; the element's text holds the rest."""

_NOT_XML = re.compile("[^\t\n\u0020-\u007e\u0080-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold, and carriage returns, which its readers turn into newlines."""

_ELEMENTS: dict[Outcome, str] = {"failed": "failure", "skipped": "skipped", "xfailed": "skipped"}
"""The element that an outcome becomes; *passed* and *xpassed* become none, all others an ``error``."""

_TYPES: dict[Outcome, str] = {"skipped": "pytest.skip", "xfailed": "pytest.xfail"}


def document(state: RunState, verdict: Verdict, evidence: EvidenceOf) -> bytes:
    """The XML of a state, in UTF-8. ``evidence`` is asked only for attempts that left some."""
    suites = [_suite(state, verdict, id, tests, evidence) for id, tests in _by_suite(state)]
    suites += _target(state, verdict)
    root = ET.Element("testsuites", name=_text(state.project or "stagewatch"), time=_seconds(duration(state)))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.extend(suites)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def name_of(node: str) -> tuple[str, str]:
    """A node id's ``classname`` and ``name``, as pytest's ``xunit2`` has them."""
    address, bracket, parameters = node.partition("[")
    path, *names = address.split("::")
    parts = [path.replace("/", ".").removesuffix(".py"), *names]
    parts[-1] += bracket + parameters
    return ".".join(parts[:-1]), parts[-1]


def _by_suite(state: RunState) -> Iterable[tuple[str, list[Test]]]:
    """The suites that have tests, by their tier's order."""
    found: dict[str, list[Test]] = {suite: [] for suite in state.suites}
    for test in state.present():
        found.setdefault(test.suite, []).append(test)
    tiers = {tier.id: index for index, tier in enumerate(ordered_tiers(state))}
    return sorted(
        ((suite, tests) for suite, tests in found.items() if tests),
        key=lambda item: tiers.get(item[1][0].tier, len(tiers)),
    )


def _suite(state: RunState, verdict: Verdict, id: str, tests: list[Test], evidence: EvidenceOf) -> ET.Element:
    elements = Counter(_element_of(test) for test in tests)
    known = state.suites.get(id)
    suite = ET.Element(
        "testsuite",
        name=_text((known.title if known else "") or id or tests[0].tier or "tests"),
        tests=str(len(tests)),
        failures=str(elements["failure"]),
        errors=str(elements["error"]),
        skipped=str(elements["skipped"]),
        time=_seconds(sum(test.attempts[-1].duration for test in tests if test.attempts)),
        timestamp=_moment(min((test.attempts[0].started for test in tests if test.attempts), default=state.began)),
    )
    _properties(suite, [("stagewatch.tier", tests[0].tier), *_facts(state, verdict)])
    suite.extend(_case(test, evidence) for test in tests)
    return suite


def _properties(suite: ET.Element, facts: Iterable[tuple[str, str]]) -> None:
    properties = ET.SubElement(suite, "properties")
    for name, value in facts:
        ET.SubElement(properties, "property", name=name, value=_text(value))


def _facts(state: RunState, verdict: Verdict) -> Iterable[tuple[str, str]]:
    """What a testsuite says of the run it is of."""
    yield "stagewatch.iteration", str(state.iteration)
    if state.plan.target.name:
        yield "stagewatch.target", state.plan.target.name
    if state.revision:
        yield "stagewatch.revision", state.revision
    yield "stagewatch.verdict", f"{verdict.answer} ({verdict.standing})"
    for reason in verdict.reasons:
        yield "stagewatch.reason", reason
    for test, cold in disagreements(state):
        yield "stagewatch.disagreed", f"{test.node}: {disagreement(cold)}"
    if verdict.override is not None:
        yield "stagewatch.override", override_words(verdict.override)


def _case(test: Test, evidence: EvidenceOf) -> ET.Element:
    classname, name = name_of(test.node)
    last = test.attempts[-1] if test.attempts else None
    case = ET.Element(
        "testcase", classname=_text(classname), name=_text(name), time=_seconds(last.duration if last else 0.0)
    )
    left = _left(test, len(test.attempts), evidence) if last else Evidence()
    element = _element_of(test)
    if element:
        said = ET.SubElement(case, element, type=_type(test.outcome, last), message=_message(test, last))
        said.text = _text(_report(last, left))
    for number, attempt in enumerate(test.attempts[:-1], 1):
        if attempt.outcome in FAILING:
            case.append(_earlier(test, attempt, _left(test, number, evidence)))
    for stream, text in _output(left).items():
        ET.SubElement(case, stream).text = _text(text)
    return case


def _target(state: RunState, verdict: Verdict) -> list[ET.Element]:
    """A target that does not answer is one error, not one of each test that needs it."""
    down = [test for test in state.present() if _is_down(test)]
    if not down:
        return []
    blocked = next((test.attempts[-1].message for test in down if test.outcome == "blocked"), "")
    why = state.unreachable.sentence if state.unreachable else blocked or "the target did not answer"
    suite = ET.Element("testsuite", name="target", tests="1", failures="0", errors="1", skipped="0", time="0.000")
    suite.set("timestamp", _moment(state.began))
    _properties(suite, _facts(state, verdict))
    case = ET.SubElement(suite, "testcase", classname="stagewatch", name="target", time="0.000")
    said = ET.SubElement(case, "error", type="unreachable", message=_text(why))
    said.text = _text(f"{why}\n{len(down)} tests were not run, or failed, for that alone")
    return [suite]


def _is_down(test: Test) -> bool:
    """Whether all that there is to say of a test is that the target does not answer."""
    return test.is_untargeted or (test.outcome == "blocked" and not test.attempts[-1].worker)


def _element_of(test: Test) -> str:
    return "skipped" if _is_down(test) else _element(test.outcome)


def _element(outcome: Outcome) -> str:
    return "" if outcome in ("passed", "xpassed") else _ELEMENTS.get(outcome, "error")


def _type(outcome: Outcome, attempt: Attempt | None) -> str:
    if outcome in ("failed", "error") and attempt and attempt.signature and attempt.signature.exception:
        return _text(attempt.signature.exception)
    return _TYPES.get(outcome, outcome)


def _message(test: Test, attempt: Attempt | None) -> str:
    if test.is_untargeted:
        return "it failed while the target did not answer"
    message = (attempt and attempt.message) or ("" if test.outcome in _ELEMENTS else _WORDS.get(test.outcome, ""))
    return _text(message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…")


_WORDS: dict[Outcome, str] = {
    "timeout": "ended at its time limit",
    "crashed": "its worker ended with it",
    "cancelled": "was cancelled",
    "not-run": "did not run",
    "blocked": "was not worth running: what it needs is down",
}


def _report(attempt: Attempt | None, left: Evidence) -> str:
    """All that is known of why: traceback or message, subtests, how the process ended, its stacks."""
    if attempt is None:
        return ""
    parts = [left.traceback or attempt.message]
    parts += [f"subtest {one.name}: {one.outcome} {one.message}".rstrip() for one in left.subtests]
    parts += [_exit(attempt.exit), left.stacks, *(f"cut: {cut}" for cut in left.cut)]
    return "\n".join(part for part in parts if part)


def _exit(exit: Exit | None) -> str:
    if exit is None:
        return ""
    return f"ended by {exit.signal}" if exit.signal else f"ended with exit code {exit.code}"


def _earlier(test: Test, attempt: Attempt, left: Evidence) -> ET.Element:
    """An attempt that failed before the last one: *flaky* where a pass followed with nothing changed."""
    kind = "Failure" if attempt.outcome == "failed" else "Error"
    element = ET.Element(
        f"{'flaky' if test.is_flaky else 'rerun'}{kind}",
        type=_type(attempt.outcome, attempt),
        message=_text(attempt.message[:_LONGEST_MESSAGE]),
    )
    ET.SubElement(element, "stackTrace").text = _text(_report(attempt, left))
    return element


def _output(left: Evidence) -> dict[str, str]:
    """Captured sections: standard error by itself, everything else as output, each under its name as pytest sets it."""
    found: dict[str, list[str]] = {}
    for name, text in left.sections:
        stream = "system-err" if "stderr" in name else "system-out"
        found.setdefault(stream, []).append(f"{f' {name} '.center(80, '-')}\n{text}")
    return {stream: "\n".join(found[stream]) for stream in ("system-out", "system-err") if stream in found}


def _left(test: Test, number: int, evidence: EvidenceOf) -> Evidence:
    if not test.attempts[number - 1].has_evidence:
        return Evidence()
    return evidence(test.id, number) or Evidence()


def _text(text: str) -> str:
    return _NOT_XML.sub(lambda found: spelled(found[0]), text)


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")
