"""JUnit XML that CI servers read, in which nothing that was not verified looks like a pass."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings

from tests.histories import histories
from tests.scripted import Script, disagreement, simple, state_of
from tui import events as e
from tui.events import Evidence
from tui.gate import verdict
from tui.plan.model import Plan, Suite, Target, Tier
from tui.reports.junit import document, name_of
from tui.state import RunState

SCHEMAS = [xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))]
if original := os.environ.get("STAGEWATCH_JUNIT_XSD"):
    SCHEMAS.append(xmlschema.XMLSchema(original))
"""Ours, and any other that one wants the same documents read by: Jenkins' junit-10.xsd, say."""

NASTY = Evidence(
    traceback="boom \x1b[31m\x00\ud800 <&>\"' ]]> \r\n end",
    sections=(("Captured stdout call", "out\x07"), ("Captured stderr setup", "err"), ("Captured log call", "log")),
    subtests=(e.Subtest("(i=1)", "failed", "assert 1 == 2"),),
    stacks="Thread 0x1",
    cut=("output: 3 MB left out",),
)


def written(state: RunState, evidence: Evidence | None = None) -> ET.Element:
    made = document(state, verdict(state, state.now), lambda test, attempt: evidence)
    for schema in SCHEMAS:
        schema.validate(made.decode())
    return ET.fromstring(made)


def cases(root: ET.Element) -> list[ET.Element]:
    """Of tests: one that stands for the target is none."""
    return [case for suite in root if suite.get("name") != "target" for case in suite.iter("testcase")]


@given(histories())
@settings(max_examples=50)
def test_any_state_makes_a_document_that_is_read(history: list[e.Event]) -> None:
    state = state_of(history)
    root = written(state, NASTY)
    tests = list(state.present())
    assert len(tests) == len(cases(root))
    assert int(root.get("tests", "")) == len(list(root.iter("testcase")))
    looks_passed = [case for case in cases(root) if not {child.tag for child in case} & {"failure", "error", "skipped"}]
    assert len(looks_passed) == sum(test.outcome in ("passed", "xpassed") for test in tests)
    for suite in root:
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(count, "")) == len(suite.findall(f"testcase/{tag}"))


@pytest.mark.parametrize(
    ("outcome", "element", "type_"),
    [
        ("failed", "failure", "AssertionError"),
        ("error", "error", "AssertionError"),
        ("timeout", "error", "timeout"),
        ("crashed", "error", "crashed"),
        ("cancelled", "error", "cancelled"),
        ("not-run", "error", "not-run"),
        ("blocked", "error", "blocked"),
        ("skipped", "skipped", "pytest.skip"),
        ("xfailed", "skipped", "pytest.xfail"),
    ],
)
def test_what_is_no_pass_says_what_it_is(outcome: e.Outcome, element: str, type_: str) -> None:
    (case,) = cases(written(simple(outcome).state()))
    assert [(child.tag, child.get("type")) for child in case] == [(element, type_)]
    if element == "error":
        assert case[0].get("message")


def test_a_run_that_never_ran_is_all_errors() -> None:
    script = Script()
    script.found("a.py::a", "a.py::b")
    assert written(script.state()).get("errors") == "2"


@pytest.mark.parametrize(
    ("node", "classname", "name"),
    [
        ("tests/ws/test_x.py::test_a", "tests.ws.test_x", "test_a"),
        ("tests/test_x.py::TestA::TestB::test_a[a::b/c.py-1]", "tests.test_x.TestA.TestB", "test_a[a::b/c.py-1]"),
        ("test_x.py::test_a", "test_x", "test_a"),
        ("README.rst::README.rst", "README.rst", "README.rst"),
        ("tests/broken.py", "", "tests.broken"),
    ],
)
def test_names_are_those_of_pytest(node: str, classname: str, name: str) -> None:
    assert name_of(node) == (classname, name)


PROJECT = """
import pytest
class TestA:
    class TestB:
        @pytest.mark.parametrize("x", ["a::b", "c/d.py", "[e]", "", "\\x1b"])
        def test_x(self, x): pass
def test_plain(): pass
"""


def test_pytest_itself_agrees(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    (folder / "test_it.py").write_text(PROJECT)
    (folder / "test_broken.py").write_text("import nothing_of_this_name")
    alone = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={tmp_path}"]
    options = ["-rA", "--continue-on-collection-errors", "--junitxml=x.xml"]
    run = subprocess.run([*alone, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    nodes = re.findall(r"^(?:PASSED|ERROR) (\S+)", run.stdout, re.MULTILINE)
    theirs = {(case.get("classname"), case.get("name")) for case in ET.parse(tmp_path / "x.xml").iter("testcase")}
    assert len(nodes) == 7
    assert {name_of(node) for node in nodes} == theirs


def test_suites_are_those_of_the_plan_and_say_what_run_they_are_of() -> None:
    plan = Plan(
        source="stagewatch.toml",
        target=Target(name="staging"),
        tiers=(Tier("P1", order=1), Tier("P2", order=2)),
        suites=(Suite("late", "P2"), Suite("s", "P1", "shop")),
    )
    script = Script(plan, revision="8f3c2e1")
    tests = script.found("b.py::b", tier="P2", suite="late") + script.found("a.py::a", tier="P1", suite="s")
    script.collected().asked(tests).ran(tests[0]).ran(tests[1], "failed", "no").pass_ended()
    root = written(script.state())
    assert [suite.get("name") for suite in root] == ["shop", "late"]
    facts = {fact.get("name", ""): fact.get("value", "") for fact in root[0].iter("property")}
    assert facts == {
        "stagewatch.iteration": "3",
        "stagewatch.tier": "P1",
        "stagewatch.target": "staging",
        "stagewatch.revision": "8f3c2e1",
        "stagewatch.verdict": "no-go (decided)",
        "stagewatch.reason": "1 of 1 P1 test fails, P1 allows none",
    }
    assert root[0].get("timestamp") == "2025-09-07T00:31:07+00:00"


def test_what_xml_can_not_hold_is_spelled_out() -> None:
    script = Script()
    (test,) = script.found("a.py::a[\x00\x1b\u202e]")
    script.collected().asked([test]).ran(test, "failed", "bad\x08 <&>", has_evidence=True)
    (case,) = cases(written(script.state(), NASTY))
    assert case.get("name") == "a[\\x00\\x1b\u202e]"
    failure = case[0]
    assert failure.get("message") == "bad\\x08 <&>"
    assert (failure.text or "").startswith("boom \\x1b[31m\\x00\\ud800 <&>\"' ]]> \\r\n end\nsubtest (i=1): failed")
    assert "out\\x07" in (case.findtext("system-out") or "") and "log" in (case.findtext("system-out") or "")
    assert (case.findtext("system-err") or "").endswith("err")


def test_how_a_worker_ended_is_told() -> None:
    script = Script()
    (test,) = script.found("a.py::a")
    script.collected().asked([test]).ran(test, "crashed", "", exit=e.Exit(signal="SIGSEGV"), has_evidence=True)
    (case,) = cases(written(script.state(), Evidence(stacks="Thread 0x1")))
    assert (case[0].get("message"), case[0].text) == ("its worker ended with it", "ended by SIGSEGV\nThread 0x1")


def test_an_earlier_failure_is_never_erased() -> None:
    flaky = simple("failed").asked([1]).ran(1).pass_ended()
    assert [child.tag for child in cases(written(flaky.state()))[0]] == ["flakyFailure"]
    mended = simple("error").collected(digest="d2", generation=2).asked([1]).ran(1).pass_ended()
    assert [child.tag for child in cases(written(mended.state()))[0]] == ["rerunError"]
    stubborn = simple("failed").asked([1]).ran(1, "failed", "again").pass_ended()
    assert [child.tag for child in cases(written(stubborn.state()))[0]] == ["failure", "rerunFailure"]


def test_a_long_message_is_cut_and_its_text_is_whole() -> None:
    (case,) = cases(written(simple("passed").asked([1]).ran(1, "failed", "x" * 900).state()))
    assert len(case[0].get("message", "")) == 500
    assert case[0].text == "x" * 900


def test_a_target_that_does_not_answer_is_one_error() -> None:
    script = Script()
    tests = script.found(*(f"a.py::{number}" for number in range(20)))
    script.collected().asked(tests).ran(1).ran(2, "failed", "refused")
    script.unreachable().blocked(*tests[2:]).pass_ended()
    root = written(script.state())
    assert (root.get("failures"), root.get("errors"), root.get("tests")) == ("0", "1", "21")
    (error,) = root.iter("error")
    why = "the target does not answer: https://staging.example.com/health (connection refused)"
    assert error.get("message") == why
    skipped = list(root.iter("skipped"))
    assert len(skipped) == 19
    assert {one.get("message") for one in skipped} == {
        "it failed while the target did not answer", "the target does not answer"
    }  # fmt: skip


def test_where_warm_and_cold_disagree_a_property_says_so() -> None:
    properties = written(disagreement().state()).iter("property")
    said = [each.get("value") for each in properties if each.get("name") == "stagewatch.disagreed"]
    assert said == ["tests/x.py::test_0: failed when warm, passed when cold, which counts"]
