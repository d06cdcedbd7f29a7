"""Sequences of events for the tests of the journal: a plain run, and random ones that could have happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from tui import events as e
from tui.plan.model import Plan, Selection, Tier

TIERS = ("P1", "P2")
PROBLEM = e.Signature("AssertionError", "assert 1 == 2")
EVIDENCE = e.Evidence(
    traceback="E   assert 1 == 2", sections=(("Captured stdout call", "nul \0 and \N{GRINNING FACE}"),)
)


def began(iteration: int = 1, at: float = 100.0, revision: str | None = None) -> e.IterationBegan:
    plan = Plan(tiers=tuple(Tier(tier, order=n) for n, tier in enumerate(TIERS)))
    return e.IterationBegan(at, e.VERSION, iteration, "shop", "/shop", plan, Selection(), workers=1, revision=revision)


def found(id: int, node: str | None = None, ordinal: int = 0, tier: str = "P1") -> e.FoundTest:
    return e.FoundTest(id, f"test_shop.py::test_{id}" if node is None else node, tier, "suite", ordinal)


def finished(
    test: int, outcome: e.Outcome = "passed", at: float = 101.0, duration: float = 0.5, evidence: bool = False
) -> e.TestFinished:
    signature = PROBLEM if outcome in e.FAILING else None
    return e.TestFinished(
        at, test, 1, 1, outcome, started=at - duration, duration=duration, signature=signature, has_evidence=evidence
    )


def run(
    outcomes: Sequence[e.Outcome], iteration: int = 1, tests: Sequence[e.FoundTest] = (), *, ends: bool = True
) -> list[e.Event]:
    """One pass in which the n-th test has the n-th outcome, at 0.5 s each."""
    tests = tests or [found(id) for id in range(len(outcomes))]
    events: list[e.Event] = [
        began(iteration),
        e.Collecting(100.0, 1),
        e.TestsFound(100.1, tuple(tests)),
        e.Collected(100.2, 1, "3.11.7", "8.4.2", len(tests), 0.1, digest="d"),
        e.WorkerStarted(100.3, 1, 4711, 1),
        e.PassBegan(100.4, 1, tuple(test.id for test in tests), 100.0),
    ]
    for test, outcome in zip(tests, outcomes, strict=True):
        events += [e.TestStarted(100.5, test.id, 1), finished(test.id, outcome)]
    events.append(e.PassEnded(102.0, 1))
    if ends:
        events.append(e.IterationEnded(103.0))
    return events


def place(events: Iterable[e.Event]) -> list[e.Recorded]:
    return [e.Recorded(seq, event) for seq, event in enumerate(events, start=1)]


OUTCOMES = st.sampled_from(["passed", "failed", "error", "skipped", "timeout", "crashed", "cancelled", "not-run"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NODES = st.one_of(TEXT, st.sampled_from(["", "a\0b", "a\0c", "t::[\N{GRINNING FACE}]", "n" * 4000, "$(touch x)"]))


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[e.Event, e.Evidence | None]]:
    """An iteration as the session could tell it: tests come, go and come again, and run any number of times."""
    names = draw(st.lists(st.tuples(NODES, st.integers(0, 2)), min_size=1, max_size=6, unique=True))
    tests = [found(id, node, ordinal, draw(st.sampled_from(TIERS))) for id, (node, ordinal) in enumerate(names)]
    history: list[tuple[e.Event, e.Evidence | None]] = [(began(), None), (e.WorkerStarted(100.0, 1, 1, 1), None)]
    known: set[int] = set()
    at = 100.0
    steps = st.sampled_from(["find", "lose", "run", "run", "break", "notice", "trust"])
    for step in draw(st.lists(steps, max_size=30)):
        at += 1.0
        test = draw(st.sampled_from(tests))
        evidence = draw(st.one_of(st.none(), st.builds(e.Evidence, traceback=TEXT)))
        if step == "find":
            some = draw(st.lists(st.sampled_from(tests), unique_by=lambda t: t.id, max_size=4))
            known.update(one.id for one in some)
            history.append((e.TestsFound(at, tuple(some)), None))
        elif step == "break":
            known.add(test.id)
            broken = e.CollectionFailed(at, test, draw(TEXT), PROBLEM, has_evidence=evidence is not None)
            history.append((broken, evidence))
        elif step == "notice":
            history.append((e.Noticed(at, draw(TEXT)), None))
        elif step == "trust" and history and draw(st.booleans()):
            history.append((e.Trusted(at, (test.path, "test_other.py"), "ann"), None))
        elif test.id in known and step == "trust":
            history.append((e.Disagreed(at, test.id, test.path, "failed", "passed"), None))
        elif test.id in known and step == "lose":
            history.append((e.TestsGone(at, (test.id,)), None))
        elif test.id in known and step == "run":
            duration = draw(st.floats(0, 100))
            result = finished(test.id, draw(OUTCOMES), at, duration, evidence is not None)
            history += [(e.TestStarted(at, test.id, 1), None), (result, evidence)]
    if draw(st.booleans()):
        history.append((e.IterationEnded(at + 1.0, interrupted=draw(st.booleans())), None))
    return history
