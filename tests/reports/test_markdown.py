"""The status report: every fact of the original one, and nothing of what a test says is markup."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.histories import histories
from tests.scripted import BEGAN, Script, disagreement, state_of
from tui import events as e
from tui.gate import verdict
from tui.plan.model import Plan, Suite, Target, Tier, Value
from tui.reports.impact import stakes, totals
from tui.reports.inert import cell, code, fenced, text
from tui.reports.markdown import report
from tui.state.derived import failing_since
from tui.state.past import Since

MONEY = Value(120000, "USD", "month", "payments", datetime.date(2025, 9, 1), "finance sheet 12")
PLAN = Plan(
    source="stagewatch.toml",
    target=Target(name="staging", base_url="https://staging.example"),
    tiers=(Tier("P1", "critical", 1, value=MONEY), Tier("security", "security", 2)),
    suites=(
        Suite("p1", "P1", "P1 critical"),
        Suite("connectivity", "security", "Connectivity"),
        Suite("second", "security", "Two identities"),
    ),
)
REFUSED = "server rejected WebSocket connection: HTTP 403"


def story() -> Script:
    """The original report in small: what matters passed, two were refused, some were skipped, some are to come."""
    script = Script(PLAN, revision="8f3c2e1")
    critical = script.found("p1.py::test_a", "p1.py::test_b", suite="p1")
    connected = script.found(
        "c.py::test_001", "c.py::test_002", "c.py::test_003", tier="security", suite="connectivity"
    )
    second = script.found("s.py::test_x", "s.py::test_y", tier="security", suite="second")
    script.collected().asked([*critical, *connected, second[0]])
    for test in critical:
        script.ran(test)
    script.ran(connected[0])
    for test in connected[1:]:
        script.ran(test, "failed", REFUSED, signature=e.Signature("InvalidStatus", REFUSED, "c.py:open"))
    script.ran(second[0], "skipped", "Skipped: needs a second identity")
    return script.pass_ended()


def test_what_was_done_is_told_in_the_order_of_time_and_is_inert() -> None:
    script = story()
    script.add(e.ActionBegan(script.at, 1, "F", "apply *fix*", ("./fix.sh", "a | `b`"), "ann@pts/1"))
    script.add(e.ActionEnded(script.at, 1, e.Exit(3), 1.0))
    script.add(e.Overridden(script.at, "ben@pts/2", "known"))
    script.add(e.ActionBegan(script.at, 2, "D", "deploy", ("./deploy.sh",), "ann@pts/1"))
    script.add(e.ActionEnded(script.at, 2, None, 0.0, "can't be started: ./deploy.sh: Permission denied"))
    script.add(e.ActionBegan(script.at, 3, "D", "deploy", ("./deploy.sh",), "ann@pts/1"))
    done = [line.partition(" UTC: ")[2] for line in section(of(script), "What was done").splitlines()]
    assert [line.split()[0] for line in done] == ["run", "action", "override:", "action", "action"]
    assert (
        done[1]
        == r"action apply \*fix\* (``./fix.sh 'a | `b`'``), asked by ann\@pts/1, ended with exit code 3, took 0:01"
    )
    assert done[3].endswith("can't be started: ./deploy.sh: Permission denied")
    assert done[4].endswith(", still running")
    assert "not ended with the iteration" in of(script.ended(interrupted=True))


def of(script: Script) -> str:
    state = script.state()
    return report(state, verdict(state, state.now), BEGAN + 60)


def section(document: str, title: str) -> str:
    return document.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0]


def test_a_report_begins_with_what_is_asked_first() -> None:
    assert of(story()).splitlines()[:8] == [
        "# Iteration 3 of shop: status report",
        "",
        "- **Verdict**: NO-GO, decided by this pass: 2 of 5 tests in security fail, security allows none",
        "- **Date**: 2025-09-07 00:31:00 UTC, took 0:18; this report: 2025-09-07 00:32:00 UTC",
        "- **Environment**: staging `https://staging.example`",
        "- **Revision**: `8f3c2e1`",
        "",
        "## Summary",
    ]


def test_the_summary_counts_what_ran_of_what_was_planned() -> None:
    assert section(of(story()), "Summary").splitlines() == [
        "- Tests run so far: **6** of 7 planned",
        "- Pass rate: 3 of 5 = **60%**",
        "- **P1** critical: 2 of 2, 100% (2 passed)",
        "- **security**: 1 of 5, 33.3% (1 passed, 2 failed, 1 skipped, 1 not run)",
    ]


def test_suites_are_listed_by_how_they_stand() -> None:
    assert section(of(story()), "Breakdown by suite").splitlines() == [
        "### Passing: 1 suite, 2 tests",
        "",
        "| suite | tier | passed | share | of them |",
        "| --- | --- | ---: | ---: | --- |",
        "| `P1 critical` | `P1` | 2 of 2 | 100% | 2 passed |",
        "",
        "### Failing: 1 suite, 3 tests",
        "",
        "| suite | tier | passed | share | of them |",
        "| --- | --- | ---: | ---: | --- |",
        "| `Connectivity` | `security` | 1 of 3 | 33.3% | 1 passed, 2 failed |",
        "",
        "### Not finished: 1 suite, 2 tests",
        "",
        "| suite | tier | passed | share | of them |",
        "| --- | --- | ---: | ---: | --- |",
        "| `Two identities` | `security` | 0 of 2 | 0% | 1 skipped, 1 not run |",
    ]


def test_failures_that_are_alike_are_one_group_with_its_priority_and_what_they_share() -> None:
    document = of(story())
    assert section(document, "Failing tests").splitlines() == [
        f"### 1. 2 tests: `InvalidStatus: {REFUSED}`",
        "",
        "- **Priority**: tier security security",
        "- **Place**: `c.py:open`",
        "- `c.py::test_002`: failed",
        "- `c.py::test_003`: failed",
    ]
    assert section(document, "Root cause analysis").splitlines() == [
        f"1. `InvalidStatus: {REFUSED}`: cause not examined.",
        "   - the 2 tests are in `Connectivity` (2)",
        "   - they failed at `c.py:open`",
        "   - in the same files 1 passed",
    ]


def test_money_is_said_with_its_date_and_source_and_what_is_at_risk_without_money_is_named() -> None:
    assert section(of(story()), "Business impact").splitlines() == [
        "- **Protected**: 120,000 USD a month",
        "  - P1 critical: 120,000 USD a month protected (2 of 2 passed; as of 2025-09-01, finance sheet 12)",
        "- At risk without a declared value: Connectivity (2 of 3 fail)",
    ]


def test_next_steps_follow_from_how_it_stands() -> None:
    steps = section(of(story()), "Next steps").splitlines()
    assert [step.partition(". ")[0] for step in steps] == ["1", "2", "3", "4", "5", "6"]
    assert "find and mend what 2 tests have met" in steps[0]
    assert steps[1] == "2. run the 2 failing tests again: `stagewatch rerun --failed`, or f on the board"
    assert steps[2] == "3. run what has not run yet: Two identities (1): `stagewatch run --suite second`"
    assert "needs a second identity" in steps[3]
    assert "the deploy 8f3c2e1 go on" in steps[4]
    assert "verify all 7 on the new revision" in steps[5]


def test_a_green_report_asks_for_nothing_but_to_go_on() -> None:
    script = Script(revision="r2")
    script.collected().asked(script.found("a.py::test"))
    document = of(script.ran(1).pass_ended())
    assert section(document, "Next steps").splitlines() == ["1. the deploy of r2 may go on"]
    assert "## Failing tests" not in document


def test_an_override_and_the_end_of_a_verdict_stand_beside_it() -> None:
    script = Script(msgspec.structs.replace(PLAN, valid_for=1800.0))
    script.collected().asked(script.found("a.py::test"))
    script.ran(1, "failed", "assert 1 == 2").pass_ended().add(e.Overridden(BEGAN + 30, "ann@pts/1", "flag is off"))
    head = of(script).partition("## Summary")[0]
    assert "- **Override**: ann\\@pts/1 lets it go on, 2025-09-07 00:31 UTC: flag is off" in head
    assert "- **Valid until**: 2025-09-07 01:01:06 UTC" in head


@pytest.mark.parametrize(
    ("outcomes", "standing"),
    [(["passed", "passed"], "protected"), (["passed", "failed"], "at risk"), (["passed", "skipped"], "unverified"),
     (["passed"], "unverified"), ([], "unverified")],
)  # fmt: skip
def test_a_value_stands_as_its_tests_do(outcomes: list[e.Outcome], standing: str) -> None:
    script = Script(PLAN)
    tests = script.found("p1.py::test_a", "p1.py::test_b", suite="p1")
    script.collected().asked(tests)
    for test, outcome in zip(tests, outcomes, strict=False):
        script.ran(test, outcome)
    assert [stake.standing for stake in stakes(script.pass_ended().state())] == [standing]


def test_a_suites_value_within_a_tiers_is_not_counted_twice() -> None:
    part = Value(20000, "USD", "month", "payments", datetime.date(2025, 9, 1), "sheet")
    plan = Plan(tiers=(Tier("P1", "critical", 1, value=MONEY),), suites=(Suite("p1", "P1", "Paying", value=part),))
    script = Script(plan)
    script.collected().asked(script.found("a.py::test", suite="p1"))
    found = stakes(script.ran(1).pass_ended().state())
    assert [(stake.title, stake.within) for stake in found] == [("P1 critical", ""), ("Paying", "P1 critical")]
    assert [total.amounts for total in totals(found)] == [{"protected": 120000}]


NASTY = st.text(
    st.sampled_from(list("ab1 `*_#<>[]()|~&!-+.=\"'\\/:\n\r\t\x1b\x07\u202e\u200b$@^{}")), min_size=1, max_size=60
).filter(str.strip)


@settings(max_examples=300)
@given(NASTY)
def test_text_of_a_test_is_never_markup(nasty: str) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    for document in (f"x {text(nasty)}", f"- {text(nasty)}", f"## {text(nasty)}", f"1. {code(nasty)}"):
        kinds = {child.type for token in parser.parse(document) for child in token.children or []}
        assert kinds <= {"text", "code_inline", "text_special"}, document
        assert sum(token.type == "inline" for token in parser.parse(document)) == 1, document
    rows = parser.parse(f"| a | b |\n| --- | --- |\n| {cell(nasty)} | x |")
    assert [token.content for token in rows if token.type == "inline"][3] == "x"
    inside = [token for token in parser.parse("\n".join(fenced(nasty))) if token.type != "fence"]
    assert inside == []


@settings(max_examples=30, deadline=None)
@given(histories())
def test_any_history_can_be_told(history: list[e.Event]) -> None:
    state = state_of(history)
    document = report(state, verdict(state, state.now), state.now)
    assert document.startswith("# Iteration")
    assert all(character.isprintable() or character == "\n" for character in document)


def test_a_failing_test_says_since_when_it_fails_and_how_often_it_was_flaky() -> None:
    script = Script(revision="r9")
    found = e.FoundTest(
        1, "x.py::old", "P1", "s", last="failed", carried_from=2, carried_revision="r7",
        failing_since=2, failing_revision="r_7", flaky=3, flaky_of=20,
    )  # fmt: skip
    script.add(e.TestsFound(script.at, (found, e.FoundTest(2, "x.py::new", "P1", "s"))))
    script.collected().asked([1, 2]).ran(1, "failed").ran(2, "failed").pass_ended()
    state = script.state()
    told = report(state, verdict(state, state.now), state.now)
    assert (
        "`x.py::old`: failed, fails since iteration 2 (revision r\\_7), flaky in 3 of the 20 iterations before" in told
    )
    assert "`x.py::new`: failed\n" in told
    again = script.asked([1]).ran(1).pass_ended().asked([1]).ran(1, "failed").pass_ended().state()
    assert failing_since(again, again.tests[1]) == Since(3, "r9"), "it has passed meanwhile"


def test_where_warm_and_cold_disagree_the_report_says_so() -> None:
    state = disagreement().state()
    found = report(state, verdict(state, BEGAN), BEGAN)
    section = found.split("## Warm and cold disagree\n")[1].split("##")[0]
    assert "`tests/x.py::test_0`: failed when warm, passed when cold, which counts" in section
    assert "then `stagewatch trust tests/x.py`" in found.split("## Next steps")[1]
