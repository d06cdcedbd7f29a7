"""The stream tells every fact once, whenever one begins to listen."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.histories import histories
from tests.scripted import Script, disagreement, simple, state_of
from tui import events as e
from tui.plan.model import Plan, Suite, Target, Tier
from tui.reports.lines import Lines
from tui.state import RunState, reduce

PLAN = Plan(
    source="stagewatch.toml",
    target=Target(name="staging", base_url="https://staging.example.com"),
    tiers=(Tier("P1", "critical", 1), Tier("core", "Core", 2)),
    suites=(Suite("s", "P1"), Suite("t", "core")),
)


def told(*scripts: list[e.Event]) -> list[str]:
    """The lines of batches, one after the other, from the beginning."""
    state, lines, found = RunState(), Lines(), []
    for batch in scripts:
        for event in batch:
            reduce(state, event)
        found += lines.of(state, batch)
    return found


def told_singly(events: list[e.Event]) -> list[str]:
    return told(*([event] for event in events))


def story() -> Script:
    script = Script(PLAN, revision="8f3c2e1")
    first = script.found("tests/ws.py::test_a", "tests/ws.py::test_b")
    core = script.found("tests/o.py::test_d", tier="core", suite="t")
    script.uncollectable("tests/broken.py")
    script.collected(cold_reason="3 threads run").asked(first + core)
    script.ran(first[0], subtests=(2, 1))
    script.ran(first[1], "failed", "assert 403 == 200\n + where 403 = status", cold_reason="3 threads run")
    script.ran(core[0], "crashed", exit=e.Exit(signal="SIGSEGV"), signature=e.Signature("crashed", "killed"))
    script.add(e.WorkerEnded(script.at, 2, e.Exit(signal="SIGKILL"), lost=True))
    script.add(e.Noticed(script.at, "an orphan was ended"), e.RecordingFailed(script.at, "disk full"))
    script.pass_ended().asked([first[1]]).ran(first[1]).pass_ended()
    return script.ended(interrupted=True, why="stopped by ann")


def test_a_run_is_told_word_first() -> None:
    assert told_singly(story().events) == [
        "iteration  3 of shop (/shop), 2 workers",
        "target     staging  https://staging.example.com  revision 8f3c2e1",
        "plan       stagewatch.toml",
        "verdict    inconclusive, so far: collecting the tests",
        "error         0.00s  tests/broken.py  (can't be collected, P1)",
        "           SyntaxError: invalid syntax  at tests/broken.py",
        "verdict    no-go, so far: 1 of 3 P1 tests fails, P1 allows none",
        "collected  4 tests in 1.25s, generation 1, cold: 3 threads run, python 3.11.7, pytest 9.2.0",
        "tier       P1 critical: 3 tests: 1 error, 2 not run, 0%  FAILING",
        "tier       core: 1 test: 1 not run",
        "verdict    no-go, decided by this pass: 1 of 3 P1 tests fails, P1 allows none",
        "pass 1     3 tests run, asked by ann@pts/1",
        "passed        0.31s  tests/ws.py::test_a  (2 of 3 subtests passed)",
        "failed        0.31s  tests/ws.py::test_b  (P1)",
        "           AssertionError: assert 403 == 200  at tests/x.py:f",
        "tier       P1 critical: 3 tests: 1 passed, 1 failed, 1 error, 33.3%  FAILING",
        "crashed       0.31s  tests/o.py::test_d  (core, ended by SIGSEGV)",
        "           crashed",
        "tier       core: 1 test: 1 crashed, 0%  FAILING",
        "worker     2 was lost, ended by SIGKILL",
        "notice     an orphan was ended",
        "attention  results are not recorded: disk full",
        "pass 1     ended after 0:09",
        "pass 2     1 test runs again (failed), asked by ann@pts/1",
        "passed        0.31s  tests/ws.py::test_b  (attempt 2, warm, flaky: nothing known changed)",
        "tier       P1 critical: 3 tests: 2 passed, 1 error; 1 flaky, 66.7%  FAILING",
        "pass 2     ended after 0:03",
        "ended      iteration 3, interrupted: stopped by ann",
        "verdict    no-go, final: 1 of 3 P1 tests fails, P1 allows none",
    ]


def test_progress_says_how_far_it_is_and_what_runs() -> None:
    script = Script(PLAN)
    tests = script.found("a.py::a", "a.py::b", usual=4.0)
    script.collected().asked(tests).ran(tests[0]).add(e.TestStarted(script.at, tests[1], 1))
    assert Lines().progress(script.state(), script.at + 11) == [
        "so far     1 of 2 done in 0:18: 1 passed, 1 running",
        "verdict    inconclusive, so far: 1 of 2 done, nothing blocks so far",
        "running       12.0s (usual 4.00s, 3.0x)  worker 1  P1  a.py::b",
    ]


def test_a_disagreement_of_warm_and_cold_is_told_once_whenever_one_begins_to_listen() -> None:
    script = disagreement()
    lines = told_singly(script.events)
    start = next(number for number, line in enumerate(lines) if "attempt 2" in line)
    assert lines[start:] == [
        "failed        0.31s  tests/x.py::test_0  (P1, attempt 2, warm, generation 1, 2.00s old, counts when a fresh "
        "process confirms it)",
        "           AssertionError: assert 1 == 2  at tests/x.py:f",
        "passed        0.31s  tests/x.py::test_0  (attempt 3, cold: to confirm a warm failure)",
        "tier       P1: 2 tests: 2 passed, 100%",
        "attention  warm and cold disagree about tests/x.py::test_0: failed in a fork, passed in a fresh process; the "
        "latter counts, and tests/x.py runs cold from now on (once mended: stagewatch trust tests/x.py)",
        "pass 2     ended after 0:06",
        "verdict    go, decided by this pass: 2 of 2 passed, nothing blocks",
    ]
    late = told(script.events[:-2], script.events[-2:])
    assert sum("warm and cold disagree" in line for line in late) == 1
    assert sum("warm and cold disagree" in line for line in Lines().of(script.state(), ())) == 1
    script.add(e.Trusted(script.at, ("tests/x.py",), "ann@pts/1"))
    assert told_singly(script.events)[-1] == "notice     runs warm again, ann@pts/1 says: tests/x.py"


def test_an_edit_is_told_and_a_pass_after_it_is_fixed_not_flaky() -> None:
    script = simple("failed").add(e.Collecting(0, 2, ("tests/x.py",)))
    script.collected(digest="d2", generation=2).add(e.TestsGone(script.at, ())).asked([1]).ran(1).pass_ended()
    lines = told_singly(script.events)
    assert "collecting again, changed: tests/x.py" in lines
    assert any(line.startswith("collected") and line.endswith(", reloaded: tests/x.py") for line in lines)
    assert any("(attempt 2, warm, fixed: sources changed)" in line for line in lines)


def test_a_warm_rerun_says_how_old_what_it_was_forked_from_is() -> None:
    script = simple("failed").asked([1]).ran(1, "failed", age=340.0).asked([1]).ran(1, cold_reason="2 threads")
    lines = "\n".join(told_singly(script.events))
    assert "attempt 2, warm, generation 1, 340.0s old" in lines
    assert "attempt 3, cold: 2 threads" in lines


def test_a_part_says_which() -> None:
    script = Script(partial=True)
    began = script.events[0]
    assert isinstance(began, e.IterationBegan)
    chosen = msgspec.structs.replace(began.selection, tiers=("P1",), keyword="not slow")
    lines = told([msgspec.structs.replace(began, selection=chosen)])
    assert "selection  tier P1  -k 'not slow'  (only a part of the plan)" in lines


def results(lines: list[str]) -> Counter[str]:
    """The lines that tell a result, a pass, an action, a notice: each is to be told once."""
    known = re.compile(
        r"(passed|failed|error|skipped|xfailed|xpassed|timeout|crashed|cancelled|blocked|pass|notice|action|output) "
    )
    return Counter(line for line in lines if known.match(line) and not line.endswith(" left out)"))


@given(histories(), st.data())
@settings(max_examples=100)
def test_whoever_comes_late_or_misses_events_is_told_the_same(history: list[e.Event], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(history)), max_size=4)))
    lines, found, state = Lines(), [], RunState()
    for index, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(history)], strict=True)):
        batch = history[begin:end]
        if index % 2 == 0:
            state = msgspec.json.decode(msgspec.json.encode(state_of(history[:end])), type=RunState)
            found += lines.catch_up(state)
        elif batch:
            for event in batch:
                reduce(state, event)
            found += lines.of(state, batch)
    assert results(found) == results(told_singly(history))
    assert lines.catch_up(state) == []


@given(histories())
@settings(max_examples=100)
def test_no_text_of_the_project_is_obeyed(history: list[e.Event]) -> None:
    for line in told(history):
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Cf", "Zl", "Zp"}


def test_another_iteration_is_told_from_its_beginning() -> None:
    lines = Lines()
    first = simple("passed").state()
    before = lines.catch_up(first)
    second = simple("passed").state()
    second.iteration = 4
    assert results(lines.catch_up(second)) == results(before)


def test_a_target_that_does_not_answer_is_told_once() -> None:
    script = Script(PLAN)
    tests = script.found(*(f"tests/x.py::test_{number}" for number in range(30)))
    script.collected().asked(tests).ran(tests[0]).unreachable().blocked(*tests[1:]).pass_ended()
    lines = told_singly(script.events)
    assert "target     does not answer: https://staging.example.com/health (connection refused)" in lines
    assert [line for line in lines if line.startswith("blocked")] == [
        "blocked    29 tests: the target does not answer"
    ]  # fmt: skip
    why = "the target does not answer: https://staging.example.com/health (connection refused)"
    assert f"verdict    inconclusive, so far: {why}" in lines
    assert "tier       P1 critical: 30 tests: 1 passed, 29 blocked, 100%" in lines


def test_a_target_that_is_started_says_where_it_is() -> None:
    plan = Plan(target=Target(name="staging", start=("./start.sh",)))
    started = msgspec.structs.replace(plan.target, base_url="http://127.0.0.1:4711")
    script = Script(plan).add(e.TargetStarting(0.0), e.TargetStarted(0.0, started, 1.5))
    assert [line for line in told_singly(script.events) if line.startswith(("target", "verdict"))] == [
        "verdict    inconclusive, so far: collecting the tests",
        "target     is being started: ./start.sh",
        "target     staging  http://127.0.0.1:4711",
    ]


def test_a_long_output_is_told_whole_though_the_state_holds_its_end() -> None:
    script = simple("passed")
    script.add(e.ActionBegan(script.at, 1, "D", "deploy", ("./deploy",), "ann@pts/1"))
    said = tuple(f"line {number}" for number in range(3000))
    script.add(e.ActionSaid(script.at, 1, said[:2500]), e.ActionSaid(script.at, 1, said[2500:]))
    script.add(e.ActionEnded(script.at, 1, e.Exit(3), 12.0))
    lines = told(script.events)
    assert [line for line in lines if line.startswith("output")] == [f"output     {line}" for line in said]
    assert "action     deploy runs, asked by ann@pts/1: ./deploy" in lines
    assert [line for line in lines if line.startswith("action")][1:] == [
        "action     deploy ended with exit code 3 after 2.00s"
    ]
    late = Lines().catch_up(script.state())
    assert "output     (2000 lines left out)" in late and "output     line 2999" in late


def test_a_save_is_told_where_its_pass_does_not_say_it() -> None:
    script = Script()
    tests = script.found("test_a.py::test_one")
    script.collected().asked(tests).ran(tests[0], "failed", "no").pass_ended()
    script.add(e.OnSaveTurned(script.at, True, "ann@pts/1"))
    script.add(
        e.FilesSaved(script.at, ("a.py",), 1), e.PassBegan(script.at, 2, (1,), script.at, f"{e.SAVED}a.py", "failed")
    )
    waits = e.FilesSaved(script.at + 1, tuple(f"{n}.py" for n in range(5)), 7, waits=True)
    why_not = e.FilesSaved(script.at + 2, ("b.json",), 1, why_not="nothing has failed")
    script.add(waits, e.PassEnded(script.at + 1, 2), why_not, e.OnSaveTurned(script.at + 3, False, "bob"))
    ours = [line for line in told_singly(script.events) if line.startswith(("saved", "on save", "pass 2"))]
    assert ours == [
        "on save    on: what failed runs again when a file is saved, then what the save touches, asked by ann@pts/1",
        "pass 2     1 test runs again (failed), saved: a.py",
        "saved      0.py, 1.py, 2.py, 3.py, 4.py and 2 more: waits for the tests that run",
        "pass 2     ended after 0:02",
        "saved      b.json: nothing has failed",
        "on save    off: a save has nothing run any more, asked by bob",
    ]
    assert [line for line in told(script.events) if line.startswith("saved")] == [ours[2], ours[4]], "in one batch too"
    late = [line for line in told(script.events, []) if line.startswith("on save")]
    assert late == ours[-1:], "who comes late is told how it is now"
