"""What happened: the only thing that passes between those who run tests and those who show them.

A run is the sequence of these events, in the order of their journal sequence numbers. The
journal stores them, the session sends them to viewers, ``state.reduce`` adds them up; nothing
is shown, reported or judged that is not in them. ``at`` is seconds since the epoch; durations
are seconds. Text in them comes from the tested project: it is data, masked of secrets by the
agent, free of lone surrogates, and to be escaped by whoever draws it.

Evidence (tracebacks, captured output) is recorded with a ``TestFinished`` but travels apart:
see ``Evidence``.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

from tui.plan.model import Plan, Selection, Suite, Target, Tier

VERSION = 1
"""Of the event schema, written into every ``IterationBegan``. Readers refuse a newer one."""

Outcome: TypeAlias = Literal[
    "passed", "failed", "error", "skipped", "xfailed", "xpassed",
    "timeout", "crashed", "cancelled", "not-run", "blocked",
]  # fmt: skip

FAILING: frozenset[Outcome] = frozenset({"failed", "error", "timeout", "crashed"})
"""Outcomes that say something is wrong."""


class _Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event"):
    at: float


class Signature(msgspec.Struct, frozen=True, omit_defaults=True):
    """What makes failures alike (``diagnosis.signature`` makes it): equal signatures, one group."""

    exception: str
    message: str
    frame: str = ""


def without_exception(said: str, exception: str) -> str:
    """``AssertionError: assert …`` as ``assert …``: some reports repeat the exception's name, or its whole one."""
    if not (name := exception.rpartition(".")[2]):
        return said
    repeated = re.compile(rf"(?:[^\W\d]\w*\.)*{re.escape(name)}(?::\s*|$)")
    while said and (found := repeated.match(said)):
        said = said[found.end() :]
    return said


class FoundTest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A collected test. ``id`` is the run's own number for it and never changes within an iteration.

    Node ids may repeat; ``ordinal`` counts those that are equal. ``line`` is 1-based, 0 when
    unknown. What earlier iterations lead one to expect is the journal's: its ``usual`` duration and
    their ``spread`` (median absolute deviation), its ``last`` outcome, and in which iteration and on
    which revision of the target that was (``carried_from``, ``carried_revision``); for one that failed, the same of
    where its row of failures began (``failing_since``, ``failing_revision``); and in how many (``flaky``) of the
    latest iterations that ran it (``flaky_of``) it was flaky.
    """

    id: int
    node: str
    tier: str
    suite: str
    ordinal: int = 0
    path: str = ""
    line: int = 0
    usual: float | None = None
    last: Outcome | None = None
    spread: float = 0.0
    carried_from: int | None = None
    carried_revision: str | None = None
    failing_since: int | None = None
    failing_revision: str | None = None
    flaky: int = 0
    flaky_of: int = 0


class Exit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a process ended: by an exit code, or by a signal (its name, such as ``SIGKILL``)."""

    code: int | None = None
    signal: str | None = None


class Subtest(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    outcome: Outcome
    message: str = ""


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of a traceback, outermost first. ``own``: it lies in the tested project, not in a library.

    ``locals``: of the innermost own ones, what their variables held, as (name, value in words).
    """

    path: str
    line: int
    function: str
    code: str = ""
    own: bool = False
    locals: tuple[tuple[str, str], ...] = ()


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """The lines around the failing one, as they were when the test ran: ``line`` fails, ``first`` is the first here."""

    path: str
    first: int
    line: int
    lines: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an attempt left behind, too large to stream: fetched when somebody looks.

    ``sections`` are pytest's captured sections, each once, as (name, text). ``stacks`` are the
    stacks of all threads at a timeout or crash. ``cut`` says in words what was shortened.
    """

    traceback: str = ""
    frames: tuple[Frame, ...] = ()
    source: Source | None = None
    sections: tuple[tuple[str, str], ...] = ()
    subtests: tuple[Subtest, ...] = ()
    stacks: str = ""
    cut: tuple[str, ...] = ()


class IterationBegan(_Event, frozen=True, tag="iteration-began"):
    """Always the first. Holds the plan as it was, and the baseline that this iteration is shown against.

    ``trend``: by tier, how many tests failed in each of the latest iterations, oldest first.
    ``partial``: the selection is less than the plan, so that no verdict of it can be *go*.
    """

    version: int
    iteration: int
    project: str
    root: str
    plan: Plan
    selection: Selection
    workers: int
    partial: bool = False
    revision: str | None = None
    by: str = ""
    trend: dict[str, tuple[int, ...]] = {}


class TargetStarting(_Event, frozen=True, tag="target-starting"):
    """The session starts the target itself, by the plan's command."""


class TargetStarted(_Event, frozen=True, tag="target-started"):
    """It is ready. ``target``: the plan's, with what the target has said of itself."""

    target: Target
    duration: float


class TargetAnswered(_Event, frozen=True, tag="target-answered"):
    """The target has given an HTTP answer, whatever its status, to a question of the time ``asked``.

    What had failed by then has failed while it answered.
    """

    url: str
    asked: float = 0.0


class TargetUnreachable(_Event, frozen=True, tag="target-unreachable"):
    """There is no HTTP answer from the target: what fails now says nothing of the tests.

    ``since``: when it was last known to answer; 0 when it never was. ``url`` is empty where it could not be started.
    """

    url: str
    why: str
    since: float = 0.0


class RevisionRead(_Event, frozen=True, tag="revision-read"):
    """The target's version URL was asked at ``asked``, and named a ``revision``; None: it did not, and ``why``.

    Only what changes something is told, or gives attempts their stamp: see ``state.stamping``.
    """

    revision: str | None
    asked: float
    why: str = ""


class Collecting(_Event, frozen=True, tag="collecting"):
    """A generation is being collected. ``changed``: the files whose edit made it necessary."""

    generation: int
    changed: tuple[str, ...] = ()


class TestsFound(_Event, frozen=True, tag="tests-found"):
    """Tests that this iteration did not know yet, and tiers and suites that the plan did not name."""

    tests: tuple[FoundTest, ...]
    tiers: tuple[Tier, ...] = ()
    suites: tuple[Suite, ...] = ()


class TestsGone(_Event, frozen=True, tag="tests-gone"):
    """No longer collected by the newest generation (renamed, deleted, or a collection error that is mended)."""

    tests: tuple[int, ...]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What collecting has left in the process that is to be forked. ``blocks``: it can't be, for this.

    ``kind`` is a word of ``reports.forking``; ``where``: in whose collection it was first seen, if known.
    """

    kind: str
    what: str
    where: str = ""
    blocks: bool = True


class Collected(_Event, frozen=True, tag="collected"):
    """A generation stands ready. ``digest`` names its sources; ``cold_reason`` says why it can't be forked.

    ``environments``: what tests find declared in theirs, by suite (``""``: all of them) and name, as salted digests.
    """

    generation: int
    python: str
    pytest: str
    count: int
    duration: float
    digest: str = ""
    cold_reason: str | None = None
    environments: dict[str, dict[str, str]] = {}
    findings: tuple[Finding, ...] = ()


class CollectionFailed(_Event, frozen=True, tag="collection-failed"):
    """A module (or the whole project) that can't be collected: a result, with its path as the test's node id."""

    test: FoundTest
    message: str
    signature: Signature
    has_evidence: bool = False


class PassBegan(_Event, frozen=True, tag="pass-began"):
    """Tests were asked to run: the whole run, or a rerun. ``requested`` is when the user asked.

    ``sources`` names what the project's sources and data files held then.
    """

    number: int
    tests: tuple[int, ...]
    requested: float
    by: str = ""
    what: str = ""
    sources: str = ""


class PassEnded(_Event, frozen=True, tag="pass-ended"):
    """Nothing of this pass is left to run. What it did not run stays *not-run*.

    ``goes_on``: another revision was deployed under it, and all of it runs again in the next iteration. ``by``: who
    cancelled it.
    """

    number: int
    cancelled: bool = False
    goes_on: bool = False
    by: str = ""


class WorkerStarted(_Event, frozen=True, tag="worker-started"):
    worker: int
    pid: int
    generation: int
    cold_reason: str | None = None


class WorkerEnded(_Event, frozen=True, tag="worker-ended"):
    """``lost``: it ended while tests were still its own to run."""

    worker: int
    exit: Exit
    lost: bool = False


class TestStarted(_Event, frozen=True, tag="test-started"):
    test: int
    worker: int


class TestFinished(_Event, frozen=True, tag="test-finished"):
    """One attempt's result. ``phases``: seconds of setup, call, teardown. ``subtests``: (passed, failed).

    ``age``: how many seconds before it began its generation had been collected; None for a fresh process (*cold*),
    which collects for itself, and where it is not known.
    ``unconfirmed``: a rerun's failure in a fork, which counts only when a fresh process has said the same.
    """

    test: int
    worker: int
    generation: int
    outcome: Outcome
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
    age: float | None = None
    unconfirmed: bool = False


class Disagreed(_Event, frozen=True, tag="disagreed"):
    """The last cold attempt of a test said the opposite of the warm one before it, and nothing known had changed.

    From here on its module, ``path``, runs cold in this project, until ``Trusted``.
    """

    test: int
    path: str
    warm: Outcome
    cold: Outcome


class Trusted(_Event, frozen=True, tag="trusted"):
    """Somebody has mended what made warm and cold disagree: these modules run warm again. ``by``: who says so."""

    paths: tuple[str, ...]
    by: str = ""


class TestsBlocked(_Event, frozen=True, tag="tests-blocked"):
    """Tests of a pass that were not run, as what they need is down: an attempt of each, for one cause."""

    tests: tuple[int, ...]
    why: str


class ActionBegan(_Event, frozen=True, tag="action-began"):
    """An action of the plan is run. ``number`` counts them within the session; ``command`` is masked.

    ``since``: when it really began, where that was in the iteration before; 0: now.
    """

    number: int
    key: str
    title: str
    command: tuple[str, ...]
    by: str = ""
    since: float = 0.0


class ActionSaid(_Event, frozen=True, tag="action-said"):
    """Lines of its output, masked and bounded. Where there were too many, one of them says how many are left out."""

    number: int
    lines: tuple[str, ...]


class ActionEnded(_Event, frozen=True, tag="action-ended"):
    """``exit`` is None where it could not be started. ``why``: what ended it, where it did not end by itself."""

    number: int
    exit: Exit | None
    duration: float
    why: str = ""


SAVED = "saved: "
"""What asks for a pass when nobody does: with the names of the files that were saved."""


class OnSaveTurned(_Event, frozen=True, tag="on-save-turned"):
    """From here on a save of a file of the project has tests run again, or no longer."""

    on: bool
    by: str = ""


class FilesSaved(_Event, frozen=True, tag="files-saved"):
    """``count`` files of the project, of which these are the first. The passes that follow are asked for by ``SAVED``.

    ``waits``: they follow when what runs now is done. ``why_not``: none follows.
    """

    paths: tuple[str, ...]
    count: int
    waits: bool = False
    why_not: str = ""


class Noticed(_Event, frozen=True, tag="noticed"):
    """Something a person should know that is no result: warmth lost, an option left out, an orphan ended."""

    text: str
    serious: bool = False


class RecordingFailed(_Event, frozen=True, tag="recording-failed"):
    """The journal can't be written: from here on results are *not recorded*, and no verdict is *go*."""

    why: str


class Overridden(_Event, frozen=True, tag="overridden"):
    """Somebody lets the deploy go on whatever the verdict is. It changes no result and is shown beside each verdict."""

    by: str
    why: str


class IterationEnded(_Event, frozen=True, tag="iteration-ended"):
    """Closed: no attempt can be added. ``interrupted``: the session did not end it by itself. ``refused``: what was
    asked for can't be run (an unknown tier, an option that pytest does not take), so nothing was verified.
    """

    interrupted: bool = False
    why: str = ""
    refused: bool = False


Event: TypeAlias = (
    IterationBegan | TargetStarting | TargetStarted | TargetAnswered | TargetUnreachable | RevisionRead
    | Collecting | TestsFound | TestsGone | Collected | CollectionFailed
    | PassBegan | PassEnded | WorkerStarted | WorkerEnded | TestStarted | TestFinished
    | Disagreed | Trusted
    | TestsBlocked | ActionBegan | ActionSaid | ActionEnded | OnSaveTurned | FilesSaved
    | Noticed | RecordingFailed | Overridden | IterationEnded
)  # fmt: skip


class Recorded(msgspec.Struct, frozen=True, array_like=True):
    """An event with its place in the journal: 1 upwards within its iteration, without gaps."""

    seq: int
    event: Event
