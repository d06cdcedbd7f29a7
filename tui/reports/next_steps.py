"""What to do next, derived from how an iteration stands: never a canned sentence."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tui.gate import Verdict
from tui.reports.amounts import many
from tui.state import Group, RunState, groups, total
from tui.state.derived import suite_tallies
from tui.state.warmth import disagreements

_MOST = 5


def next_steps(state: RunState, verdict: Verdict) -> list[str]:
    """Sentences, the first thing to do first. Plain text of ours and names of the plan; to be escaped by the format."""
    return [
        *_mend(state),
        *_trust(state),
        *_run_again(state),
        *_outstanding(state),
        *_release(state, verdict),
    ]


def _mend(state: RunState) -> Iterator[str]:
    found = groups(state)
    for group in found[:_MOST]:
        yield f"find and mend what {_tests_of(group)} {'have' if len(group.tests) > 1 else 'has'} met: {_said(group)}"
    if len(found) > _MOST:
        yield f"then the other {many(len(found) - _MOST, 'group')} of failures"


def _trust(state: RunState) -> Iterator[str]:
    """What only a fork does has its cause in what a module makes when it is imported."""
    for path in list(dict.fromkeys(test.path for test, _ in disagreements(state)))[:_MOST]:
        yield f"find what {path} makes at import that a fork can't share, and mend it; then `stagewatch trust {path}`"


def _run_again(state: RunState) -> Iterator[str]:
    if failing := state.failing():
        yield f"run the {many(len(failing), 'failing test')} again: `stagewatch rerun --failed`, or f on the board"


def _outstanding(state: RunState) -> Iterator[str]:
    skipped: list[str] = []
    outstanding: list[tuple[str, str]] = []
    for id, tally in suite_tallies(state).items():
        title = state.suites[id].title or id if id in state.suites else id
        left = sum(tally.outcomes.get(outcome, 0) for outcome in ("not-run", "cancelled", "blocked"))
        if left and not state.is_running:
            outstanding.append((id, f"{title} ({left})"))
        if count := tally.outcomes.get("skipped", 0):
            skipped.append(f"{title} ({count}: {_reason(state, id)})")
    if outstanding:
        names = [title for _, title in outstanding]
        more = f" and {many(len(names) - _MOST, 'more suite')}" if len(names) > _MOST else ""
        options = " ".join(f"--suite {shlex.quote(id)}" for id, _ in outstanding[:_MOST])
        rest = "" if state.partial or len(names) > _MOST else f": `stagewatch run {options}`"
        yield f"run what has not run yet: {', '.join(names[:_MOST])}{more}{rest}"
    if skipped:
        yield f"give the skipped tests what they need: {'; '.join(skipped[:_MOST])}"


def _reason(state: RunState, suite: str) -> str:
    reasons = {t.attempts[-1].message for t in state.present() if t.suite == suite and t.outcome == "skipped"}
    first = min(reasons, default="").removeprefix("Skipped: ").splitlines()[:1]
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return (first[0] if first else "no reason is given") + more


def _release(state: RunState, verdict: Verdict) -> Iterator[str]:
    revision = f" {state.revision}" if state.revision else ""
    everything = total(state)
    if verdict.answer == "go":
        yield f"the deploy of{revision or ' this revision'} may go on"
    elif verdict.answer == "no-go":
        yield f"don't let the deploy{revision} go on: {verdict.reasons[0]}"
        yield f"after the mending is deployed, verify all {everything.total} on the new revision: `stagewatch run`"
    elif not state.is_running:
        yield f"not decided: {verdict.reasons[0]}"


def _tests_of(group: Group) -> str:
    if len(group.tests) == 1:
        return group.tests[0].name
    return f"{len(group.tests)} tests"


def _said(group: Group) -> str:
    said = next((one.strip() for one in group.signature.message.splitlines() if one.strip()), "")
    return (said or group.signature.exception)[:200]
