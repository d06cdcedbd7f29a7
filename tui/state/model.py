"""An iteration as plain data: tests and their attempts, workers, passes, tallies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from tui.events import FAILING, Exit, Outcome, Signature
from tui.plan.model import Plan, Selection, Suite, Tier
from tui.state.stamping import Stamping

Status: TypeAlias = Outcome | Literal["running", "waiting"]
"""What a test is now: the outcome of its last attempt, unless an attempt is running or to come."""


AS_EXPECTED: tuple[Outcome, ...] = ("passed", "xfailed", "xpassed")


class Attempt(msgspec.Struct, frozen=True, array_like=True):
    """One finished execution of a test. Fields as in ``events.TestFinished``.

    ``untargeted``: it failed while the target did not answer, which says nothing of the test. ``before`` and ``after``:
    its stamp. ``mixed``: it counts for nothing, as the target was not of the iteration's revision all the time.
    ``digest`` names its sources, ``environment`` (a number of ``RunState.environments``) what was declared for it.
    ``contradicted``: it ran cold, and the warm attempt before it had said this instead.
    """

    outcome: Outcome
    worker: int
    generation: int
    started: float
    duration: float
    phases: tuple[float, float, float] | None = None
    requested: float | None = None
    cold_reason: str | None = None
    message: str = ""
    signature: Signature | None = None
    exit: Exit | None = None
    subtests: tuple[int, int] | None = None
    has_evidence: bool = False
    digest: str = ""
    untargeted: bool = False
    before: str | None = None
    after: str | None = None
    mixed: bool = False
    environment: int = 0
    age: float | None = None
    unconfirmed: bool = False
    contradicted: Outcome | None = None


class Test(msgspec.Struct, array_like=True):
    """One test and all that became of it. ``collection``: it stands for a module that can't be collected."""

    __test__ = False  # not a test class of ours, whatever its name says to pytest

    id: int
    node: str
    ordinal: int
    tier: str
    suite: str
    path: str
    line: int
    usual: float | None
    last: Outcome | None
    attempts: list[Attempt] = []
    queued: bool = False
    worker: int | None = None
    started: float | None = None
    gone: bool = False
    collection: bool = False
    spread: float = 0.0
    carried_from: int | None = None
    carried_revision: str | None = None
    failing_since: int | None = None
    failing_revision: str | None = None
    flaky_before: int = 0
    """In how many of the ``flaky_of`` latest iterations that ran it, before this one, it was flaky."""
    flaky_of: int = 0

    @property
    def is_carried(self) -> bool:
        """Whether all that is known of it is an earlier iteration's: shown apart, and never counted."""
        return not self.attempts and self.carried_from is not None

    @property
    def outcome(self) -> Outcome:
        """Of the last attempt; *not-run* before there is one, and after one that is *mixed*."""
        return self.attempts[-1].outcome if self.has_run else "not-run"

    @property
    def has_run(self) -> bool:
        """Whether its last attempt counts."""
        return bool(self.attempts) and not self.attempts[-1].mixed

    @property
    def is_mixed(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].mixed

    @property
    def status(self) -> Status:
        if self.worker is not None:
            return "running"
        return "waiting" if self.queued else self.outcome

    @property
    def is_failing(self) -> bool:
        """Whether the last word on it is bad, also while it runs again: a rerun is no excuse."""
        return self.outcome in FAILING

    @property
    def is_untargeted(self) -> bool:
        """Whether it fails for the one reason that the target does not answer."""
        return self.is_failing and self.attempts[-1].untargeted

    @property
    def is_to_be_confirmed(self) -> bool:
        """Whether its last word is a warm failure that no fresh process has confirmed."""
        return self.is_failing and self.attempts[-1].unconfirmed and not self.attempts[-1].untargeted

    @property
    def is_excused(self) -> bool:
        """Whether its failure does not count yet: it is to be confirmed, and what counted before it was no failure."""
        if not self.is_to_be_confirmed:
            return False
        before = next((a for a in reversed(self.attempts) if not (a.unconfirmed or a.mixed)), None)
        return before is None or before.outcome not in FAILING or before.untargeted

    @property
    def is_counting(self) -> bool:
        """Whether its failure says something of it, and counts already."""
        return self.is_failing and not (self.is_untargeted or self.is_excused)

    @property
    def has_disagreed(self) -> bool:
        """Whether its last attempt, a cold one, said the opposite of the warm one before it."""
        return bool(self.attempts) and self.attempts[-1].contradicted is not None

    @property
    def is_flaky(self) -> bool:
        return is_flaky(self.attempts)

    @property
    def name(self) -> str:
        """The node id without its file: ``TestClass::test_name[param]``."""
        return self.node.partition("::")[2] or self.node


class Worker(msgspec.Struct, array_like=True):
    """A process that runs tests. ``test`` is the one it runs now; ``done`` counts those it finished."""

    number: int
    pid: int
    generation: int
    cold_reason: str | None = None
    test: int | None = None
    done: int = 0


class Pass(msgspec.Struct, array_like=True):
    """One request to run tests: the run itself is pass 1, each rerun the next."""

    number: int
    tests: tuple[int, ...]
    requested: float
    began: float
    by: str = ""
    what: str = ""
    ended: float | None = None
    cancelled: bool = False
    goes_on: bool = False
    cancelled_by: str = ""


class Tally(msgspec.Struct, array_like=True):
    """How the tests of a tier stand, kept up test by test: nobody has to count 50,000 to draw a row or judge.

    ``total`` leaves out those that are gone. ``ran``: an attempt that counts. ``statuses`` and ``outcomes`` hold
    no zeros. ``mending``: they fail, and wait or run again. ``untargeted``: they fail, and did so while the target did
    not answer. ``excused``: they fail, but do not count before a fresh process has confirmed it.
    """

    total: int = 0
    ran: int = 0
    statuses: dict[Status, int] = {}
    outcomes: dict[Outcome, int] = {}
    flaky: int = 0
    mending: int = 0
    untargeted: int = 0
    excused: int = 0

    @property
    def counting(self) -> int:
        """Tests whose failure says something of them, and counts already."""
        return self.failing - self.untargeted - self.excused

    @property
    def failing(self) -> int:
        """Tests whose last word is bad, also while they run again."""
        return sum(self.outcomes.get(outcome, 0) for outcome in FAILING)

    @property
    def rerunning(self) -> int:
        """Tests that have a result and wait or run again."""
        idle = sum(self.statuses.values()) - sum(self.statuses.get(s, 0) for s in ("running", "waiting", "not-run"))
        return self.ran - idle

    @property
    def rate(self) -> float | None:
        """What went as expected among that and what fails, 0 to 1; None when there is neither. A skip is neither."""
        passed = sum(self.outcomes.get(outcome, 0) for outcome in AS_EXPECTED)
        return passed / (passed + self.failing) if passed or self.failing else None


class Unreachable(msgspec.Struct, frozen=True, array_like=True):
    """The target does not answer. Fields as in ``events.TargetUnreachable``."""

    url: str
    why: str
    since: float

    @property
    def sentence(self) -> str:
        return f"the target does not answer: {self.url} ({self.why})" if self.url else self.why


class Override(msgspec.Struct, frozen=True, array_like=True):
    """Who let the deploy go on against the verdict, when and why."""

    at: float
    by: str
    why: str


class ActionRun(msgspec.Struct, array_like=True):
    """One run of an action of the plan. Fields as in ``events.ActionBegan`` and ``events.ActionEnded``.

    ``lines``: the end of its output; ``said``: how many lines that was in all.
    """

    number: int
    key: str
    title: str
    command: tuple[str, ...]
    by: str
    began: float
    ended: float | None = None
    exit: Exit | None = None
    why: str = ""
    said: int = 0
    lines: list[str] = []

    @property
    def is_good(self) -> bool:
        """Whether it has ended with exit code 0, and by itself."""
        return self.exit is not None and self.exit.code == 0 and not self.why


class OnSave(msgspec.Struct, frozen=True, array_like=True):
    """Whether a save has tests run again, and the latest save. Fields as in ``OnSaveTurned`` and ``FilesSaved``.

    ``at``: of the latest save; 0 before the first.
    """

    on: bool
    by: str
    at: float = 0.0
    paths: tuple[str, ...] = ()
    count: int = 0
    waits: bool = False
    why_not: str = ""


class RunState(msgspec.Struct):
    """An iteration, as its events so far tell it. ``seq`` is the last event counted in."""

    seq: int = 0
    iteration: int = 0
    project: str = ""
    root: str = ""
    plan: Plan = Plan()
    selection: Selection = Selection()
    partial: bool = False
    revision: str | None = None
    workers_wanted: int = 0
    trend: dict[str, tuple[int, ...]] = {}
    began: float = 0.0
    ended: float | None = None
    interrupted: bool = False
    end_reason: str = ""
    refused: bool = False
    now: float = 0.0
    """When the last event happened: the newest moment this state knows of."""
    python: str = ""
    pytest: str = ""
    generation: int = 0
    digest: str = ""
    environments: list[dict[str, dict[str, str]]] = []
    """What was declared, one after another, as salted digests: by suite (``""``: for all) and name."""
    environment_of: dict[str, int] = {}
    """By suite, the first of these that says of it what holds now; ``""``: of those that none names."""
    cold_reason: str | None = None
    starting: bool = False
    """The target is being started."""
    unreachable: Unreachable | None = None
    answered: float = 0.0
    """When the target was last known to answer."""
    collecting: bool = False
    changed: tuple[str, ...] = ()
    not_recorded: str | None = None
    tiers: dict[str, Tier] = {}
    suites: dict[str, Suite] = {}
    tests: dict[int, Test] = {}
    workers: dict[int, Worker] = {}
    passes: list[Pass] = []
    lost_workers: int = 0
    notices: list[tuple[float, str, bool]] = []
    tallies: dict[str, Tally] = {}
    """By tier; read it through the function ``tallies``, which names every tier and in its order."""
    quarantined: dict[int, float] = {}
    """Tests that the plan has put in quarantine, and when that ends."""
    answered_after: dict[str, float] = {}
    """By tier: seconds from the beginning to its latest first result."""
    override: Override | None = None
    stamping: Stamping = msgspec.field(default_factory=Stamping)
    actions: list[ActionRun] = []
    on_save: OnSave | None = None
    failed: dict[int, None] = {}
    """The ids of the tests that fail now, in the order in which they began to."""

    @property
    def current_pass(self) -> Pass | None:
        """The pass that is running."""
        return self.passes[-1] if self.passes and self.passes[-1].ended is None else None

    @property
    def current_action(self) -> ActionRun | None:
        """The action that runs: one at a time."""
        latest = self.actions[-1] if self.actions else None
        return latest if latest is not None and latest.ended is None and self.ended is None else None

    @property
    def is_running(self) -> bool:
        """Whether results are still to come without anybody asking for more."""
        if self.ended is not None:
            return False
        return self.collecting or not self.passes or self.current_pass is not None

    @property
    def is_cut_short(self) -> bool:
        """Whether it was interrupted with work under way. A session that ends while idle cuts nothing short."""
        latest = self.passes[-1] if self.passes else None
        return self.interrupted and (latest is None or latest.ended is None or latest.cancelled)

    @property
    def goes_on(self) -> bool:
        """Whether the next iteration takes up what ran here: another revision was deployed under it."""
        return bool(self.passes) and self.passes[-1].goes_on

    def present(self) -> Iterator[Test]:
        """The tests that count: all but those that are gone, in the order they were found."""
        return (test for test in self.tests.values() if not test.gone)

    def failing(self) -> list[Test]:
        """The tests that fail now, in the order in which they began to."""
        return [self.tests[id] for id in self.failed]


def is_flaky(attempts: Sequence[Attempt]) -> bool:
    """The last one passed after one had failed, and nothing known had changed (see *flaky* in the design).

    No mixed one counts, and no warm failure that was to be confirmed: it never counted. One that failed warm and then
    passed cold is no flake either: warm and cold disagree.
    """
    last = attempts[-1] if attempts else None
    if last is None or last.outcome != "passed" or last.mixed:
        return False
    failed: Attempt | None = None
    for a in attempts:
        if a.untargeted or a.mixed or a.unconfirmed or not is_same(a, last):
            continue
        if a.outcome in FAILING:
            failed = a
        elif failed is not None and a.outcome in AS_EXPECTED:
            if not is_colder(failed, a):
                return True
            failed = None
    return False


def is_colder(before: Attempt, now: Attempt) -> bool:
    """Whether the first was a fork and the second is a fresh process."""
    return before.cold_reason is None and now.cold_reason is not None


def is_same(one: Attempt, other: Attempt) -> bool:
    """Whether they ran with the same sources and declared environment; of one revision are all that count."""
    return one.digest == other.digest and one.environment == other.environment
