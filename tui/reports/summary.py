"""An iteration in a few lines: the verdict, its counts, what failed, what was not checked, how to come back.

The end of the plain stream, and what stays in the scrollback when the board is left. Every line
is fit to be printed: text of the tested project has been through ``shown``.
"""

from __future__ import annotations

from collections.abc import Iterable

from tui.events import FAILING, Signature, without_exception
from tui.gate import Verdict
from tui.gate.words import moment
from tui.reports.amounts import clock, many, percent
from tui.shown import line
from tui.state import Group, Override, RunState, Status, Tally, Test, duration, groups, tallies, total

LONGEST_MESSAGE = 300
"""Characters of a message that a line holds; ``attach`` and ``--json`` have the rest."""

_MOST_FAILED = 20
_MOST_GROUPS = 12
_MOST_TIERS = 24
_MOST_REASONS = 5

_STATUSES: tuple[Status, ...] = (
    "passed", "failed", "error", "timeout", "crashed", "skipped", "xfailed", "xpassed", "cancelled", "blocked",
    "not-run", "running", "waiting",
)  # fmt: skip

STANDINGS = {"so far": "so far", "decided": "decided by this pass", "final": "final"}
"""How far a verdict stands, in words."""


def summary(state: RunState, verdict: Verdict, how_to_return: str) -> list[str]:
    """The lines that stay when all else is gone. ``how_to_return`` is a sentence or a command, printed as it is."""
    return [
        *_verdict(verdict),
        line(where(state)),
        line(_counted(state)),
        *_failed(state),
        *(line(f"not checked: {entry.why}") for entry in verdict.not_checked),
        *([line(f"override: {override_words(verdict.override)}")] if verdict.override else []),
        *([line(how_to_return)] if how_to_return else []),
    ]


def gate_lines(state: RunState, verdict: Verdict) -> list[str]:
    """A verdict to be read by itself: reasons, what it is about, what it could not rest on, how long it holds."""
    until = verdict.valid_until
    return [
        *_verdict(verdict),
        line(where(state)),
        line(_counted(state)),
        *(line(f"not checked: {entry.why}") for entry in verdict.not_checked),
        *([] if until is None else [f"valid until {moment(until)}"]),
        *([line(f"override: {override_words(verdict.override)}")] if verdict.override else []),
    ]


def where(state: RunState) -> str:
    """Which iteration of what, against what, and how long it took."""
    target = state.plan.target
    facts = [
        f"iteration {state.iteration} of {state.project}",
        f"target {target.name or target.base_url}" if target.name or target.base_url else "",
        f"revision {state.revision}" if state.revision else "",
        clock(duration(state)),
    ]
    return ", ".join(fact for fact in facts if fact)


def count_words(tally: Tally) -> str:
    """How tests stand, in words, zeros left out: ``24 passed, 1 failed``."""
    words = [_count(tally.statuses[status], status) for status in _STATUSES if tally.statuses.get(status)]
    return ", ".join(words) + (f"; {tally.flaky} flaky" if tally.flaky else "")


def _count(count: int, status: Status) -> str:
    return many(count, status) if status in ("error", "timeout") else f"{count} {status.replace('-', ' ')}"


def tier_lines(state: RunState) -> list[str]:
    """A line for every tier that has tests."""
    known = [tier for tier, tally in tallies(state).items() if tally.total]
    lines = [tier_line(state, tier) for tier in known[:_MOST_TIERS]]
    return lines + (
        [f"tier       and {many(len(known) - _MOST_TIERS, 'tier')} more"] if len(known) > _MOST_TIERS else []
    )


def tier_line(state: RunState, id: str) -> str:
    """A tier's tests by outcome, its rate, and how many of it failed in the latest iterations."""
    tally = state.tallies.get(id, Tally())
    tier = state.tiers.get(id)
    name = f"{id} {tier.title}" if tier and tier.title and tier.title.casefold() != id.casefold() else id
    text = f"tier       {name}: {many(tally.total, 'test')}: {count_words(tally)}"
    if tally.rate is not None:
        text += f", {percent(tally.rate)}"
    if trend := state.trend.get(id):
        text += f" (failed in the latest iterations: {' '.join(map(str, trend))})"
    return line(text + ("  FAILING" if tally.counting else ""))


def group_lines(state: RunState) -> list[str]:
    """A line for every group of failures that are alike: how many, what, where, in which tiers."""
    found = groups(state)
    lines = [line(_group(state, group)) for group in found[:_MOST_GROUPS]]
    return lines + (
        [f"failures   and {many(len(found) - _MOST_GROUPS, 'group')} more"] if len(found) > _MOST_GROUPS else []
    )


def failure_words(signature: Signature | None, message: str) -> str:
    """What went wrong, in one line: the exception's name once, then the first line of what it said."""
    said = next((one.strip() for one in message[: 8 * LONGEST_MESSAGE].splitlines() if one.strip()), "")
    name = signature.exception if signature else ""
    if name:
        said = without_exception(said, name)
        said = f"{name}: {said}" if said else name
    return said if len(said) <= LONGEST_MESSAGE else said[: LONGEST_MESSAGE - 1] + "…"


def _verdict(verdict: Verdict) -> Iterable[str]:
    word = verdict.answer.upper()
    yield line(
        f"{word}, {STANDINGS[verdict.standing]}: {verdict.reasons[0] if verdict.reasons else 'no reason is known'}"
    )
    for reason in verdict.reasons[1:_MOST_REASONS]:
        yield line(f"  and: {reason}")
    if len(verdict.reasons) > _MOST_REASONS:
        yield f"  and {many(len(verdict.reasons) - _MOST_REASONS, 'reason')} more"


def override_words(override: Override) -> str:
    """Who let the deploy go on whatever the verdict is, when and why."""
    return f"{override.by or 'somebody'} lets it go on, {moment(override.at)}: {override.why}"


def _counted(state: RunState) -> str:
    everything = total(state)
    return f"{many(everything.total, 'test')}: {count_words(everything)}" if everything.total else "no tests"


def _failed(state: RunState) -> Iterable[str]:
    order = {tier: index for index, tier in enumerate(tallies(state))}
    failing = sorted((t for t in state.failing() if not t.is_untargeted), key=lambda test: order[test.tier])
    for test in failing[:_MOST_FAILED]:
        yield line(_failure(test))
    if len(failing) > _MOST_FAILED:
        yield f"and {many(len(failing) - _MOST_FAILED, 'failing test')} more"


def _failure(test: Test) -> str:
    attempt = test.attempts[-1]
    said = failure_words(attempt.signature, attempt.message)
    again = "" if test.status in FAILING else f" ({test.status} again)"
    return f"{attempt.outcome:<10} {test.tier}  {test.node}{again}" + (f"  {said}" if said else "")


def _group(state: RunState, group: Group) -> str:
    among = {test.tier for test in group.tests}
    tiers = [tier for tier in tallies(state) if tier in among]
    said = failure_words(group.signature, group.signature.message)
    place = f"  at {group.signature.frame}" if group.signature.frame else ""
    since = f"  since {clock(group.since - state.began)}"
    return f"failures   {many(len(group.tests), 'test')}: {said}{place}  in {', '.join(tiers)}{since}"
