"""Any history a session might write: for tests of what must hold whatever happens."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st

from tests.scripted import Script
from tui import events as e
from tui.plan.model import GatePolicy, Plan, Quarantined, Suite, Target, Tier

OUTCOMES: tuple[e.Outcome, ...] = (
    "passed", "passed", "passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout", "crashed", "cancelled",
    "blocked",
)  # fmt: skip

HEALTH = "http://staging.example/health"
VERSION_URL = "http://staging.example/version"

_POLICIES = st.builds(
    GatePolicy,
    pass_rate=st.sampled_from([None, 1.0, 0.9, 0.5]),
    least=st.sampled_from([None, 0, 1, 3]),
    flaky=st.sampled_from([None, 0, 1]),
    skipped=st.sampled_from([None, 0, 1]),
    longest=st.sampled_from([None, None, 1.0, 30.0]),
)

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


_QUARANTINED = st.sampled_from(["tests", "tests/P1.py", "tests/other.py"])
_UNTIL = st.sampled_from([datetime.date(2025, 9, 6), datetime.date(2025, 9, 7), datetime.date(2030, 1, 1)])


@st.composite
def _plans(draw: st.DrawFn) -> Plan:
    if draw(st.booleans()):
        return Plan()
    tiers = tuple(Tier(id, order=order, gate=draw(_POLICIES)) for order, id in enumerate(("P1", "P2")))
    suites = (Suite("s", "P1", "shop"), Suite("t", "P2"))
    version_url = draw(st.sampled_from([None, VERSION_URL]))
    target = Target(health_url=draw(st.sampled_from([None, HEALTH])), version_url=version_url)
    quarantine = tuple(
        Quarantined(test, until, "known") for test, until in draw(st.lists(st.tuples(_QUARANTINED, _UNTIL), max_size=2))
    )
    return Plan(
        source="stagewatch.toml", target=target, gate=draw(_POLICIES), tiers=tiers, suites=suites,
        valid_for=draw(st.sampled_from([None, None, 5.0, 1800.0])), quarantine=quarantine,
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[e.Event]:
    """From the beginning of an iteration to anywhere: passes, reruns, crashes, collection errors, edits, the end."""
    plan = draw(_plans())
    script = Script(plan, partial=draw(st.sampled_from([False, False, False, True])))
    tests = []
    for tier, suite in (("P1", "s"), ("P2", "t"), ("other", "")):
        count = draw(st.integers(0, 3))
        names = [f"tests/{tier}.py::test_{draw(_TEXTS)}" for _ in range(count)]
        tests += script.found(*names, tier=tier, suite=suite)
    if draw(st.sampled_from([False, False, True])):
        script.uncollectable("tests/broken.py", draw(_TEXTS))
    script.collected(cold_reason=draw(st.sampled_from([None, "3 threads run"])))
    revisions = ["r1"] * 8 + [None, "r2"] if plan.target.version_url else []
    _read(draw, script, revisions)
    for number in range(draw(st.integers(0, 3))):
        asked = tests if number == 0 else draw(st.lists(st.sampled_from(tests), unique=True)) if tests else []
        _read(draw, script, revisions)
        script.asked(asked)
        left = [*asked]
        if draw(st.sampled_from([False, False, True])):
            _save(draw, script)
        for test in asked:
            if draw(st.sampled_from([True, True, True, True, False])):
                if number and draw(st.booleans()):
                    _confirm(draw, script, test)
                else:
                    _attempt(draw, script, test)
                if draw(st.sampled_from([False, False, False, True])):
                    _read(draw, script, revisions)
                left.remove(test)
        if plan.target.health_url and draw(st.sampled_from([False, False, True])):
            _lose_target(draw, script, left)
        if draw(st.sampled_from([False] * 9 + [True])):
            script.add(e.WorkerEnded(script.at, 2, e.Exit(signal="SIGKILL"), lost=True))
            script.add(e.WorkerStarted(script.at, 2, 4713, 1))
        if draw(st.sampled_from([False, False, True])):
            _act(draw, script, number + 1)
        _read(draw, script, revisions)
        script.pass_ended(cancelled=draw(st.sampled_from([False, False, True])))
        if draw(st.sampled_from([False, False, True])):
            script.add(e.Collecting(script.at, number + 2, ("tests/P1.py",)))
            environments = draw(st.sampled_from([{}, {"": {"URL": "1"}}, {"": {"URL": "1"}, "s": {"FAULT": "2"}}]))
            digest = draw(st.sampled_from(["d1", f"d{number + 2}"]))
            script.collected(digest=digest, generation=number + 2, environments=environments)
    if draw(st.sampled_from([False] * 9 + [True])):
        script.add(e.RecordingFailed(script.at, "disk full"))
    if draw(st.sampled_from([False] * 4 + [True])):
        script.add(e.Overridden(script.at, "ann@pts/1", draw(_TEXTS)))
    if draw(st.booleans()):
        script.ended(interrupted=draw(st.booleans()), why=draw(_TEXTS))
    return script.events[: draw(st.integers(1, len(script.events)))] if draw(st.booleans()) else script.events


def _save(draw: st.DrawFn, script: Script) -> None:
    """Rerun on save is turned, and files are saved, whether it is on or not."""
    if draw(st.booleans()):
        script.add(e.OnSaveTurned(script.at, draw(st.booleans()), draw(_TEXTS)))
    paths = tuple(draw(st.lists(_TEXTS, min_size=1, max_size=7)))
    script.add(e.FilesSaved(script.at, paths, len(paths), draw(st.booleans()), draw(_TEXTS)))


@st.composite
def verified(draw: st.DrawFn) -> list[e.Event]:
    """An iteration that is go: every test passed once, each result is stamped with the one revision that was read."""
    plan = Plan(
        source="stagewatch.toml",
        target=Target(version_url=VERSION_URL),
        tiers=(Tier("P1"),),
        suites=(Suite("s", "P1"),),
    )
    script = Script(plan)
    tests = script.found(*(f"tests/x.py::test_{number}" for number in range(draw(st.integers(1, 5)))))
    script.collected().read("r1").asked(tests)
    for test in tests:
        script.ran(test)
        if draw(st.booleans()):
            script.read("r1")
    return script.read("r1").pass_ended().events


def disturbed(draw: st.DrawFn, history: list[e.Event]) -> list[e.Event]:
    """A reading or a result of it is lost, or something comes in between; worker 2 is lost, which runs nothing."""
    told = [index for index, event in enumerate(history) if isinstance(event, e.PassBegan)]
    index = draw(st.integers(told[0] + 1, len(history)))
    at = history[index - 1].at
    lost = [i for i, event in enumerate(history) if isinstance(event, e.RevisionRead | e.TestFinished | e.PassEnded)]
    between: list[e.Event] = [
        e.RevisionRead(at, draw(st.sampled_from(["r1", "r2", None])), at - 0.1),
        e.RecordingFailed(at, "disk full"),
        e.TestFinished(at, 1, 1, 1, draw(st.sampled_from(OUTCOMES)), at - 0.3, 0.3),
    ]
    if not any(isinstance(event, e.WorkerEnded) for event in history):
        between.append(e.WorkerEnded(at, 2, e.Exit(signal="SIGKILL"), lost=True))
    if lost and draw(st.booleans()):
        gone = draw(st.sampled_from(lost))
        return history[:gone] + history[gone + 1 :]
    return [*history[:index], draw(st.sampled_from(between)), *history[index:]]


def _read(draw: st.DrawFn, script: Script, revisions: list[str | None]) -> None:
    """The version URL is asked, and most often says what it has said before."""
    if revisions:
        script.read(draw(st.sampled_from(revisions)))


def _lose_target(draw: st.DrawFn, script: Script, left: list[int]) -> None:
    """It has answered once, and does no more; tests are blocked by that, one may fail; it may answer again."""
    known = max((event.asked for event in script.events if isinstance(event, e.TargetAnswered)), default=0.0)
    since = max(known, draw(st.sampled_from([0.0, script.at - 5.0, script.at])))
    if since > known:
        script.add(e.TargetAnswered(script.at, HEALTH, since))
    script.add(e.TargetUnreachable(script.at, HEALTH, draw(_TEXTS), since))
    if left and draw(st.booleans()):
        script.ran(left.pop(0), "failed", draw(_TEXTS))
    blocked = draw(st.lists(st.sampled_from(left), unique=True)) if left else []
    if blocked:
        script.add(e.TestsBlocked(script.at, tuple(blocked), "the target does not answer"))
    if draw(st.booleans()):
        script.add(e.TargetAnswered(script.at, HEALTH, script.at))


def _act(draw: st.DrawFn, script: Script, number: int) -> None:
    """An action is run; it may say something, and may end. One at a time: the one before has ended, if not said so."""
    began = [event.number for event in script.events if isinstance(event, e.ActionBegan)]
    if began and not any(isinstance(event, e.ActionEnded) and event.number == began[-1] for event in script.events):
        script.add(e.ActionEnded(script.at, began[-1], e.Exit(signal="SIGTERM"), 1.0, "it took longer than 15 min"))
    script.add(e.ActionBegan(script.at, number, "D", draw(_TEXTS) or "deploy", ("./deploy", draw(_TEXTS)), "ann@pts/1"))
    for lines in draw(st.lists(st.lists(_TEXTS, max_size=3), max_size=3)):
        script.add(e.ActionSaid(script.at, number, tuple(lines)))
    if draw(st.booleans()):
        exit = draw(st.sampled_from([e.Exit(0), e.Exit(3), None]))
        script.add(e.ActionEnded(script.at, number, exit, 1.0, "" if exit else "can't be started"))


def _confirm(draw: st.DrawFn, script: Script, test: int) -> None:
    """It fails warm, which may be confirmed, or contradicted, in a fresh process; or nothing comes of that."""
    script.ran(test, draw(st.sampled_from(["failed", "timeout"])), "warm", unconfirmed=True)
    if draw(st.booleans()):
        cold = draw(st.sampled_from(OUTCOMES[:-1]))
        script.ran(test, cold, draw(_TEXTS) if cold != "passed" else "", cold_reason="to confirm it")
        if cold == "passed" and draw(st.booleans()):
            script.disagreed(test)


def _attempt(draw: st.DrawFn, script: Script, test: int) -> None:
    outcome = draw(st.sampled_from(OUTCOMES))
    exit = e.Exit(signal="SIGSEGV") if outcome == "crashed" else None
    script.ran(
        test, outcome, draw(_TEXTS) if outcome != "passed" else "", worker=draw(st.sampled_from([1, 2])), exit=exit
    )
