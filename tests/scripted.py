"""Runs that never ran: events written by hand, for tests of whatever is a function of a run's state."""

from __future__ import annotations

from collections.abc import Iterable

from tui import events as e
from tui.plan.model import Plan, Selection
from tui.state import RunState, reduce

BEGAN = 1_757_205_060.0
"""Sun 2025-09-07 00:31:00 UTC."""


class Script:
    """Events of one iteration, a second apart. Tests are numbered as they are found, from 1."""

    def __init__(self, plan: Plan | None = None, *, partial: bool = False, revision: str | None = None) -> None:
        self.events: list[e.Event] = []
        self.at = BEGAN
        self._ids = 0
        self._passes = 0
        self.add(
            e.IterationBegan(
                self.at, e.VERSION, 3, "shop", "/shop", plan or Plan(), Selection(), 2, partial, revision, "ann@pts/1"
            )
        )

    def add(self, *events: e.Event) -> Script:
        self.events += events
        self.at += 1.0
        return self

    def found(self, *nodes: str, tier: str = "P1", suite: str = "s", usual: float | None = None) -> list[int]:
        """Tests of one tier and suite, as collected; their numbers."""
        tests = []
        for node in nodes:
            self._ids += 1
            tests.append(e.FoundTest(self._ids, node, tier, suite, path=node.partition("::")[0], line=7, usual=usual))
        self.add(e.TestsFound(self.at, tuple(tests)))
        return [test.id for test in tests]

    def collected(
        self,
        *,
        cold_reason: str | None = None,
        digest: str = "d1",
        generation: int = 1,
        environments: dict[str, dict[str, str]] | None = None,
    ) -> Script:
        return self.add(
            e.Collected(
                self.at, generation, "3.11.7", "9.2.0", self._ids, 1.25, digest, cold_reason, environments or {}
            ),
            e.WorkerStarted(self.at, 1, 4711, generation, cold_reason),
            e.WorkerStarted(self.at, 2, 4712, generation, cold_reason),
        )

    def uncollectable(self, path: str, message: str = "SyntaxError: invalid syntax", tier: str = "P1") -> int:
        self._ids += 1
        test = e.FoundTest(self._ids, path, tier, "s", path=path)
        self.add(e.CollectionFailed(self.at, test, message, e.Signature("SyntaxError", "invalid syntax", path)))
        return self._ids

    def asked(self, tests: Iterable[int]) -> Script:
        """A pass: the run itself, then each rerun."""
        self._passes += 1
        what = "failed" if self._passes > 1 else ""
        return self.add(e.PassBegan(self.at, self._passes, tuple(tests), self.at, "ann@pts/1", what))

    def ran(
        self,
        test: int,
        outcome: e.Outcome = "passed",
        message: str = "",
        *,
        worker: int = 1,
        duration: float = 0.31,
        signature: e.Signature | None = None,
        exit: e.Exit | None = None,
        cold_reason: str | None = None,
        subtests: tuple[int, int] | None = None,
        has_evidence: bool = False,
        age: float | None = None,
        unconfirmed: bool = False,
    ) -> Script:
        """An attempt, begun and finished."""
        self.add(e.TestStarted(self.at, test, worker))
        if outcome in e.FAILING and signature is None:
            signature = e.Signature("AssertionError", message, "tests/x.py:f")
        return self.add(
            e.TestFinished(
                self.at,
                test,
                worker,
                1,
                outcome,
                self.at - duration,
                duration,
                (0.01, duration, 0.02),
                requested=self.at - 0.5,
                cold_reason=cold_reason,
                message=message,
                signature=signature,
                exit=exit,
                subtests=subtests,
                has_evidence=has_evidence,
                age=age,
                unconfirmed=unconfirmed,
            )
        )

    def disagreed(self, test: int, warm: e.Outcome = "failed", cold: e.Outcome = "passed") -> Script:
        return self.add(e.Disagreed(self.at, test, "tests/x.py", warm, cold))

    def unreachable(self, *, since: float = 0.0) -> Script:
        """The target gives no answer; it last did at ``since``."""
        return self.add(e.TargetUnreachable(self.at, "https://staging.example.com/health", "connection refused", since))

    def read(self, revision: str | None) -> Script:
        """The version URL has been asked just now."""
        return self.add(e.RevisionRead(self.at, revision, self.at - 0.1, "" if revision else "it answers 503"))

    def blocked(self, *tests: int) -> Script:
        return self.add(e.TestsBlocked(self.at, tests, "the target does not answer"))

    def pass_ended(self, *, cancelled: bool = False) -> Script:
        return self.add(e.PassEnded(self.at, self._passes, cancelled))

    def ended(self, *, interrupted: bool = False, why: str = "") -> Script:
        return self.add(e.IterationEnded(self.at, interrupted, why))

    def state(self) -> RunState:
        return state_of(self.events)


def disagreement() -> Script:
    """A test passes, then fails in a fork, and passes in the fresh process that was to confirm it."""
    script = simple("passed", "passed").asked([1]).ran(1, "failed", "assert 1 == 2", unconfirmed=True, age=2.0)
    return script.ran(1, cold_reason="to confirm a warm failure").disagreed(1).pass_ended()


def state_of(events: Iterable[e.Event]) -> RunState:
    state = RunState()
    for event in events:
        reduce(state, event)
        state.seq += 1
    return state


def simple(*outcomes: e.Outcome, plan: Plan | None = None, partial: bool = False, tier: str = "P1") -> Script:
    """A run of one test an outcome, all in one tier, to the end of its pass; *not-run* is asked for and not run."""
    script = Script(plan, partial=partial)
    tests = script.found(*(f"tests/x.py::test_{index}" for index in range(len(outcomes))), tier=tier)
    script.collected().asked(tests)
    for test, outcome in zip(tests, outcomes, strict=True):
        if outcome != "not-run":
            script.ran(test, outcome, "assert 1 == 2" if outcome in e.FAILING else "")
    return script.pass_ended()
