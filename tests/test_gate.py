"""May the deploy go on? Every rule by an example, and what must hold whatever happens."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import disturbed, histories, verified
from tests.scripted import BEGAN, Script, simple, state_of
from tui import events as e
from tui.errors import INTERRUPTED
from tui.gate import GO, INCONCLUSIVE, NO_GO, PARTIAL, TOO_FEW, Verdict, under, verdict
from tui.plan.model import GatePolicy, Plan, Quarantined, Suite, Tier
from tui.state import RunState, reduce


def judged(script: Script) -> Verdict:
    return verdict(script.state(), BEGAN)


def planned(**gate: object) -> Plan:
    policy = GatePolicy(**gate)  # type: ignore[arg-type]
    return Plan(source="stagewatch.toml", tiers=(Tier("P1", "critical", 1, policy),), suites=(Suite("s", "P1"),))


# Without a plan: at least one pass, nothing failed, nothing left out.


@pytest.mark.parametrize(
    ("outcomes", "answer", "code"),
    [
        (["passed"], "go", GO),
        (["passed", "skipped", "xfailed", "xpassed"], "go", GO),
        (["passed", "failed"], "no-go", NO_GO),
        (["passed", "error"], "no-go", NO_GO),
        (["passed", "timeout"], "no-go", NO_GO),
        (["passed", "crashed"], "no-go", NO_GO),
        (["failed", "not-run"], "no-go", NO_GO),
        (["passed", "not-run"], "inconclusive", PARTIAL),
        (["passed", "cancelled"], "inconclusive", PARTIAL),
        (["passed", "blocked"], "inconclusive", INCONCLUSIVE),
        ([], "inconclusive", TOO_FEW),
        (["skipped", "skipped"], "inconclusive", TOO_FEW),
        (["xfailed", "xpassed"], "inconclusive", TOO_FEW),
        (["not-run"], "inconclusive", TOO_FEW),
    ],
)
def test_a_run_without_a_plan(outcomes: list[e.Outcome], answer: str, code: int) -> None:
    found = judged(simple(*outcomes))
    assert (found.answer, found.exit_code) == (answer, code)
    assert found.reasons and all(found.reasons)


# A target that does not answer is one cause, and no failure of its tests.

DOWN = "the target does not answer: https://staging.example.com/health (connection refused)"


def test_a_target_that_does_not_answer_leaves_it_open_for_one_cause() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b", "a.py::c")
    script.collected().asked(tests).ran(1).unreachable().blocked(2, 3).pass_ended()
    found = judged(script)
    assert (found.answer, found.exit_code) == ("inconclusive", INCONCLUSIVE)
    assert found.reasons == (DOWN, "2 tests were blocked")


def test_nothing_that_passed_is_needed_for_that() -> None:
    script = Script()
    tests = script.found("a.py::a")
    script.collected().asked(tests).unreachable().blocked(1).pass_ended()
    assert judged(script).exit_code == INCONCLUSIVE


def test_while_it_runs_it_is_said_at_once() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests).unreachable()
    found = judged(script)
    assert (found.answer, found.reasons[0], found.standing) == ("inconclusive", DOWN, "so far")


@pytest.mark.parametrize("again", [False, True], ids=["down", "back"])
def test_what_failed_since_it_last_answered_does_not_count(again: bool) -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests)
    answered = script.at
    script.ran(1, "failed", "refused").unreachable(since=answered).ran(2, "error", "refused").pass_ended()
    if again:
        script.add(e.TargetAnswered(script.at, "https://staging.example.com/health"))
    found = judged(script)
    assert (found.answer, found.exit_code) == ("inconclusive", INCONCLUSIVE)
    assert found.reasons[-1] == "2 tests failed while the target did not answer"


def test_what_failed_while_it_answered_is_no_go() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests).ran(1, "failed", "wrong")
    script.unreachable(since=script.at).blocked(2).pass_ended()
    found = judged(script)
    assert (found.answer, found.exit_code, found.reasons[0]) == (
        "no-go",
        NO_GO,
        "1 of 2 P1 tests fails, P1 allows none",
    )


def test_a_pass_after_that_is_go_and_not_flaky() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests).ran(1, "failed", "refused").unreachable().blocked(2).pass_ended()
    script.add(e.TargetAnswered(script.at, "https://staging.example.com/health")).asked(tests).ran(1).ran(
        2
    ).pass_ended()
    assert judged(script).exit_code == GO
    assert not script.state().tests[1].is_flaky


def test_a_target_that_could_not_be_started() -> None:
    why = "the target did not start: ./start.sh ended before it was ready (exit code 1)"
    script = Script().add(e.TargetStarting(BEGAN), e.TargetUnreachable(BEGAN, "", why)).ended(why=why)
    found = judged(script)
    assert (found.answer, found.exit_code, found.reasons[0]) == ("inconclusive", INCONCLUSIVE, why)


# A warm failure counts when a fresh process has said the same.


def rerun_warm(first: e.Outcome, cold: e.Outcome | None, **gate: object) -> Script:
    """Two tests pass; the second has gone ``first``, is run again, fails in a fork, and then is ``cold``."""
    script = Script(planned(**gate))
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests).ran(1).ran(2, first).pass_ended()
    script.asked([2]).ran(2, "failed", "wrong", unconfirmed=True)
    if cold is not None:
        script.ran(2, cold, cold_reason="to confirm it")
    return script


WAITS = "1 warm failure is being confirmed"
NOT_CONFIRMED = "1 warm failure was not confirmed"


def test_a_warm_failure_waits_to_be_confirmed() -> None:
    script = rerun_warm("passed", None)
    assert script.state().tests[2].status == "waiting"
    waiting = judged(script)
    assert (waiting.answer, [line.why for line in waiting.not_checked]) == ("inconclusive", [WAITS])
    ended = judged(script.pass_ended(cancelled=True))
    assert (ended.answer, ended.exit_code, ended.reasons) == ("inconclusive", INCONCLUSIVE, (NOT_CONFIRMED,))


@pytest.mark.parametrize(("cold", "answer"), [("failed", "no-go"), ("passed", "go"), ("skipped", "inconclusive")])
def test_what_the_fresh_process_says_counts(cold: e.Outcome, answer: str) -> None:
    script = rerun_warm("passed", cold, flaky=0).pass_ended()
    assert judged(script).answer == answer
    assert not script.state().tests[2].is_flaky, "the warm failure never counted"


def test_a_rerun_excuses_no_failure_that_counted_before_it() -> None:
    found = judged(rerun_warm("failed", None))
    assert (found.answer, [line.why for line in found.not_checked]) == ("no-go", [WAITS])


def test_a_quarantine_is_not_counted_twice() -> None:
    until = datetime.date(2030, 1, 1)
    script = rerun_warm("passed", None)
    script.events[0] = msgspec.structs.replace(
        script.events[0], plan=msgspec.structs.replace(planned(), quarantine=(Quarantined("a.py", until, "known"),))
    )
    assert judged(script.pass_ended()).exit_code == INCONCLUSIVE


def test_only_a_part_was_selected() -> None:
    found = judged(simple("passed", partial=True))
    assert (found.answer, found.exit_code) == ("inconclusive", PARTIAL)
    assert found.reasons == ("only a part of the plan was selected",)


def test_a_part_with_a_failure_is_no_go() -> None:
    assert judged(simple("passed", "failed", partial=True)).exit_code == NO_GO


def test_a_module_that_can_not_be_collected_is_no_go() -> None:
    script = simple("passed")
    script.uncollectable("tests/broken.py")
    found = judged(script)
    assert (found.answer, found.exit_code) == ("no-go", NO_GO)
    assert [line.what for line in found.not_checked] == ["collection"]


def test_a_lost_worker_leaves_it_open() -> None:
    script = simple("passed")
    script.add(e.WorkerEnded(script.at, 1, e.Exit(signal="SIGKILL"), lost=True))
    found = judged(script)
    assert (found.answer, found.exit_code, found.reasons) == ("inconclusive", INCONCLUSIVE, ("1 worker lost",))


def test_results_that_are_not_recorded_leave_it_open() -> None:
    script = simple("passed")
    script.add(e.RecordingFailed(script.at, "disk full"))
    found = judged(script)
    assert (found.answer, found.exit_code) == ("inconclusive", INCONCLUSIVE)
    assert found.reasons == ("results are not recorded: disk full",)


# Interrupted.


def test_an_interrupted_run() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests).ran(tests[0]).ended(interrupted=True, why="ended by SIGTERM")
    found = judged(script)
    assert (found.answer, found.exit_code) == ("inconclusive", INTERRUPTED)
    assert "the run was interrupted: ended by SIGTERM" in found.reasons


def test_a_run_cancelled_and_then_interrupted() -> None:
    script = simple("passed", "passed")
    script.asked([1]).ran(1).pass_ended(cancelled=True).ended(interrupted=True)
    assert judged(script).exit_code == INTERRUPTED


def test_a_session_that_dies_after_its_work_takes_nothing_back() -> None:
    found = judged(simple("passed").ended(interrupted=True))
    assert (found.answer, found.exit_code, found.standing) == ("go", GO, "final")


# By a plan.


def test_a_tier_may_tolerate_failures() -> None:
    outcomes: list[e.Outcome] = [*["passed"] * 9, "failed"]  # type: ignore[list-item]
    found = judged(simple(*outcomes, plan=planned(pass_rate=0.9)))
    assert (found.answer, found.reasons) == ("go", ("9 of 10 passed, 1 tolerated",))
    found = judged(simple(*outcomes, plan=planned(pass_rate=0.91)))
    assert (found.answer, found.reasons) == ("no-go", ("1 of 10 P1 tests fails, P1 allows none",))


def test_a_tolerant_tier_does_not_tolerate_what_could_not_be_collected() -> None:
    script = simple(*["passed"] * 9, plan=planned(pass_rate=0.5))  # type: ignore[arg-type]
    script.uncollectable("tests/broken.py")
    found = judged(script)
    assert (found.answer, found.exit_code, found.reasons) == (
        "inconclusive", INCONCLUSIVE, ("1 module could not be collected",),
    )  # fmt: skip


def test_a_tier_needs_its_least_number_of_tests() -> None:
    found = judged(simple("passed", "skipped", plan=planned(least=2)))
    assert (found.answer, found.exit_code) == ("inconclusive", TOO_FEW)
    assert found.reasons == ("1 P1 test to rest on (1 skipped), P1 needs 2",)
    assert judged(simple("passed", "passed", plan=planned(least=2))).answer == "go"


def test_too_few_because_not_all_ran_is_outstanding() -> None:
    assert judged(simple("passed", "not-run", plan=planned(least=2))).exit_code == PARTIAL


def test_too_few_because_only_a_part_was_selected_is_a_part() -> None:
    assert judged(simple("passed", plan=planned(least=2), partial=True)).exit_code == PARTIAL


def test_a_tier_may_forbid_skips() -> None:
    assert judged(simple("passed", "skipped", plan=planned(skipped=0))).reasons == (
        "1 P1 test skipped, P1 allows none",
    )
    assert judged(simple("passed", "skipped", plan=planned(skipped=1))).answer == "go"


def test_a_tier_may_forbid_flaky_tests() -> None:
    def mended(plan: Plan) -> Script:
        return simple("failed", plan=plan).asked([1]).ran(1).pass_ended()

    assert judged(mended(planned(flaky=0))).reasons == ("1 P1 test flaky, P1 allows none",)
    assert judged(mended(planned(flaky=1))).answer == "go"
    assert judged(mended(planned())).answer == "go"


def test_the_plan_s_gate_is_the_default_of_every_tier() -> None:
    plan = Plan(source="stagewatch.toml", gate=GatePolicy(skipped=0), tiers=(Tier("P1"),), suites=(Suite("s", "P1"),))
    assert judged(simple("passed", "skipped", plan=plan)).answer == "no-go"


def test_a_planned_tier_in_which_nothing_was_found() -> None:
    plan = Plan(source="stagewatch.toml", tiers=(Tier("P1"), Tier("P2")), suites=(Suite("s", "P1"), Suite("t", "P2")))
    found = judged(simple("passed", plan=plan))
    assert (found.answer, found.exit_code, found.reasons) == ("inconclusive", TOO_FEW, ("no P2 test was found",))


def test_a_planned_suite_in_which_nothing_was_found() -> None:
    plan = Plan(source="stagewatch.toml", tiers=(Tier("P1"),), suites=(Suite("s", "P1"), Suite("ws", "P1")))
    found = judged(simple("passed", plan=plan))
    assert (found.exit_code, found.reasons) == (TOO_FEW, ("no test was found for suite ws",))


def test_a_tier_that_needs_no_test_may_be_empty() -> None:
    plan = Plan(
        source="stagewatch.toml",
        tiers=(Tier("P1"), Tier("P2", gate=GatePolicy(least=0))),
        suites=(Suite("s", "P1"), Suite("t", "P2")),
    )
    assert judged(simple("passed", plan=plan)).answer == "go"


# Reruns.


def test_a_failure_that_is_skipped_when_run_again_is_not_mended() -> None:
    found = judged(simple("passed", "failed").asked([2]).ran(2, "skipped").pass_ended())
    assert (found.answer, found.exit_code) == ("inconclusive", INCONCLUSIVE)
    assert found.reasons == ("1 test failed and did not pass when run again",)


def test_a_failure_that_passes_when_run_again_is_mended() -> None:
    assert judged(simple("passed", "failed").asked([2]).ran(2).pass_ended()).answer == "go"


# How far it stands.


def test_a_running_run_is_open_so_far() -> None:
    script = Script()
    assert (judged(script).standing, judged(script).reasons) == ("so far", ("collecting the tests",))
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests).ran(tests[0])
    found = judged(script)
    assert (found.answer, found.standing, found.exit_code) == ("inconclusive", "so far", PARTIAL)
    assert found.reasons == ("1 of 2 done, nothing blocks so far",)


def test_a_failure_in_the_first_pass_is_decided_at_once() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b")
    script.collected().asked(tests).ran(tests[0], "failed")
    assert (judged(script).answer, judged(script).standing) == ("no-go", "decided")


def test_a_failure_that_runs_again_is_no_go_so_far() -> None:
    script = simple("passed", "failed").asked([2])
    assert (judged(script).answer, judged(script).standing) == ("no-go", "so far")


def test_one_failure_that_does_not_run_again_is_enough_to_decide() -> None:
    script = simple("failed", "failed").asked([2])
    assert (judged(script).answer, judged(script).standing) == ("no-go", "decided")


def test_a_skip_that_runs_again_may_be_mended() -> None:
    script = simple("passed", "skipped", plan=planned(skipped=0)).asked([2])
    assert (judged(script).answer, judged(script).standing) == ("no-go", "so far")


def test_an_ended_pass_is_decided_and_an_ended_iteration_final() -> None:
    script = simple("passed")
    assert judged(script).standing == "decided"
    assert judged(script.ended()).standing == "final"


# Whatever happens.


@given(histories())
def test_what_was_not_verified_is_never_go(history: list[e.Event]) -> None:
    state = state_of(history)
    found = verdict(state, state.now)
    present = list(state.present())
    if found.answer == "go":
        assert any(test.outcome == "passed" for test in present)
        assert not any(test.outcome in {"not-run", "cancelled", "blocked"} for test in present)
        assert not any(test.collection and test.is_failing for test in present)
        assert not state.lost_workers and state.not_recorded is None and not state.partial
        assert not state.is_running and not state.is_cut_short
        assert not found.not_checked
        if state.plan.source is None:
            assert not any(test.is_failing for test in present)


@given(histories())
def test_code_and_answer_agree(history: list[e.Event]) -> None:
    found = verdict(state_of(history), BEGAN)
    codes = {"go": {GO}, "no-go": {NO_GO, INTERRUPTED}, "inconclusive": {TOO_FEW, PARTIAL, INCONCLUSIVE, INTERRUPTED}}
    overridden = found.override is not None and found.exit_code == GO
    assert found.exit_code in codes[found.answer] or overridden
    assert found.reasons and all(found.reasons)


@given(histories(), st.data())
def test_a_failure_more_never_turns_no_go_into_go(history: list[e.Event], data: st.DataObject) -> None:
    finished = [index for index, event in enumerate(history) if isinstance(event, e.TestFinished)]
    if not finished:
        return
    index = data.draw(st.sampled_from(finished))
    event = history[index]
    assert isinstance(event, e.TestFinished)
    worse = [*history]
    worse[index] = e.TestFinished(
        event.at, event.test, event.worker, event.generation, "failed", event.started, event.duration
    )
    before, after = verdict(state_of(history), BEGAN), verdict(state_of(worse), BEGAN)
    if before.answer == "no-go":
        assert after.answer != "go"


@given(histories())
def test_a_warm_failure_counts_for_nothing_before_it_is_confirmed(history: list[e.Event]) -> None:
    """It makes nothing no-go that would be none without it, and nothing is go while it stands."""
    without: list[e.Event] = []
    for event in history:
        if isinstance(event, e.TestFinished) and event.unconfirmed:
            without.pop()  # its beginning
        else:
            without.append(event)
    state = state_of(history)
    found = verdict(state, state.now)
    if found.answer == "no-go":
        assert verdict(state_of(without), state.now).answer == "no-go"
    if any(test.is_to_be_confirmed for test in state.present()):
        assert found.answer != "go"
        assert any(line.what == "unconfirmed" for line in found.not_checked)


@given(verified(), st.data())
def test_a_verdict_is_about_one_revision_and_ends_with_it(history: list[e.Event], data: st.DataObject) -> None:
    """Whatever is lost of a history that is go, or comes in between: go rests on results stamped with one revision."""
    whole = state_of(history)
    assert verdict(whole, whole.now).answer == "go"
    for _ in range(data.draw(st.integers(1, 3))):
        history = disturbed(data.draw, history)
    state = state_of(history)
    if verdict(state, state.now).answer == "go":
        last = [test.attempts[-1] for test in state.present()]
        assert {(attempt.before, attempt.after) for attempt in last} == {("r1", "r1")}
        assert {attempt.outcome for attempt in last} <= {"passed", "skipped", "xfailed", "xpassed"}
        assert not state.lost_workers and not state.stamping.is_superseded
    reduce(state, e.RevisionRead(state.now + 1, "another", state.now + 1))
    assert verdict(state, state.now).answer != "go"


@given(verified(), st.data())
def test_a_missing_result_or_stamp_never_makes_it_go(history: list[e.Event], data: st.DataObject) -> None:
    missing = [index for index, event in enumerate(history) if isinstance(event, e.TestFinished)]
    index = data.draw(st.sampled_from(missing))
    state = state_of(history[:index] + history[index + 1 :])
    assert verdict(state, state.now).exit_code in (TOO_FEW, PARTIAL, INCONCLUSIVE)
    unread = state_of(event for event in history if not isinstance(event, e.RevisionRead))
    assert verdict(unread, unread.now).reasons[0].endswith("no stamp (the revision was not read before and after)")


@given(histories())
def test_what_is_decided_stays_so_until_the_pass_ends(history: list[e.Event]) -> None:
    state = RunState()
    decided: str | None = None
    for event in history:
        reduce(state, event)
        is_rollout = isinstance(event, e.RevisionRead) and event.revision not in (None, state.revision)
        if is_rollout or isinstance(event, e.PassBegan | e.Collecting | e.CollectionFailed):
            decided = None
        found = verdict(state, event.at)
        if decided is not None:
            assert found.answer == decided
        if found.standing == "decided" and found.answer == "no-go" and state.is_running:
            decided = found.answer
        elif not state.is_running:
            decided = None


# What ends, what is excused, and what somebody takes upon themself.


def test_a_verdict_runs_out_after_the_last_result_and_says_what_it_was() -> None:
    state = simple("passed", plan=msgspec.structs.replace(planned(), valid_for=1800.0)).state()
    ended = state.passes[-1].ended
    assert ended is not None
    assert verdict(state, ended + 1799).answer == "go"
    assert verdict(state, ended).valid_until == ended + 1800
    void = verdict(state, ended + 1800)
    assert (void.answer, void.exit_code) == ("inconclusive", INCONCLUSIVE)
    assert void.reasons[0] == "the verdict has run out: it was go, valid until 2025-09-07 01:01 UTC"


def test_a_no_go_that_has_run_out_is_no_go_no_longer_and_no_go_either() -> None:
    state = simple("failed", plan=msgspec.structs.replace(planned(), valid_for=1800.0)).state()
    assert verdict(state, BEGAN + 7200).reasons[0].startswith("the verdict has run out: it was no-go")


def quarantining(until: datetime.date, test: str = "tests/x.py::test_0", **gate: object) -> Plan:
    return msgspec.structs.replace(planned(**gate), quarantine=(Quarantined(test, until, "issue 41"),))


@pytest.mark.parametrize("named", ["tests/x.py::test_0", "tests/x.py", "tests"])
def test_a_test_in_quarantine_fails_and_does_not_block(named: str) -> None:
    found = judged(simple("failed", *["passed"] * 2, plan=quarantining(datetime.date(2025, 9, 7), named)))
    assert (found.answer, found.reasons) == ("go", ("2 of 3 passed, 1 in quarantine",))


def test_a_quarantine_covers_nobody_else() -> None:
    plan = quarantining(datetime.date(2025, 9, 7))
    assert judged(simple("failed", "failed", "passed", plan=plan)).reasons == ("1 of 3 P1 tests fails, P1 allows none",)


def test_a_quarantine_ends_with_its_last_day() -> None:
    state = simple("failed", "passed", plan=quarantining(datetime.date(2025, 9, 7))).state()
    midnight = datetime.datetime(2025, 9, 8, tzinfo=datetime.UTC).timestamp()
    assert verdict(state, midnight - 1).answer == "go"
    assert verdict(state, midnight).answer == "no-go"


def test_a_tier_that_answers_too_late_blocks_and_a_rerun_does_not_make_it_later() -> None:
    script = simple("passed", plan=planned(longest=4.0))
    assert judged(script).reasons == ("P1 took 5 s, allowed are 4 s",)
    quick = simple("passed", plan=planned(longest=5.0))
    quick.at += 600
    assert judged(quick.asked([1]).ran(1).pass_ended()).answer == "go"


def test_the_whole_run_may_have_a_longest_time_too() -> None:
    plan = msgspec.structs.replace(planned(), gate=GatePolicy(longest=5.0))
    assert judged(simple("passed", plan=plan)).reasons == ("the run took 6 s, allowed are 5 s",)


def test_an_override_lets_go_on_changes_no_result_and_ends_with_the_next_pass() -> None:
    script = simple("failed").add(e.Overridden(BEGAN + 60, "ann@pts/1", "known, ships with the flag off"))
    script.at = BEGAN + 120
    found = judged(script)
    assert (found.answer, found.exit_code) == ("no-go", GO)
    assert found.override is not None and found.override.why == "known, ships with the flag off"
    again = judged(script.asked([1]).ran(1, "failed", "assert 1 == 2").pass_ended())
    assert (again.exit_code, again.override) == (NO_GO, found.override)


def test_another_plan_judges_the_same_results() -> None:
    state = simple("failed", "passed", plan=planned()).state()
    assert verdict(state, BEGAN).answer == "no-go"
    assert verdict(under(state, planned(pass_rate=0.5)), BEGAN).answer == "go"
    assert verdict(under(state, quarantining(datetime.date(2025, 9, 7))), BEGAN).answer == "go"
    assert verdict(state, BEGAN).answer == "no-go"
