"""The ledger: what a verdict could not rest on. Not empty means that it is at most inconclusive."""

from __future__ import annotations

from tui.events import FAILING, Outcome
from tui.gate.model import NotChecked
from tui.gate.words import tests
from tui.state import RunState, Tally, Test, is_same


def ledger_of(state: RunState, everything: Tally) -> list[NotChecked]:
    lines = _unconfirmed(state)
    if not state.is_running:
        unchecked: tuple[tuple[Outcome, str], ...] = (
            ("not-run", "did not run"), ("cancelled", "cancelled"), ("blocked", "blocked"),
        )  # fmt: skip
        if count := everything.untargeted:
            lines.append(NotChecked("target", count, f"{count} {tests(count)} failed while the target did not answer"))
        carried, mixed, unstamped = _of_no_account(state)
        for what, word in unchecked:
            count = everything.outcomes.get(what, 0) - (carried + mixed if what == "not-run" else 0)
            if count:
                was = "" if what == "not-run" else ("was " if count == 1 else "were ")
                lines.append(NotChecked(what, count, f"{count} {tests(count)} {was}{word}"))
        lines += _revisions(state, carried, mixed, unstamped)
        lines += _unresolved(state)
    if state.partial:
        lines.append(NotChecked("selection", 0, "only a part of the plan was selected"))
    if state.lost_workers:
        count = state.lost_workers
        lines.append(NotChecked("workers", count, f"{count} worker{'s' * (count != 1)} lost"))
    if uncollected := sum(test.collection for test in state.failing()):
        modules = "1 module" if uncollected == 1 else f"{uncollected} modules"
        lines.append(NotChecked("collection", uncollected, f"{modules} could not be collected"))
    if state.not_recorded is not None:
        lines.append(NotChecked("not recorded", 0, f"results are not recorded: {state.not_recorded}"))
    if state.is_cut_short:
        because = f": {state.end_reason}" if state.end_reason else ""
        lines.append(NotChecked("interrupted", 0, f"the run was interrupted{because}"))
    return lines


def _unconfirmed(state: RunState) -> list[NotChecked]:
    """Warm failures that wait for a fresh process, or have not got one."""
    count = sum(test.is_to_be_confirmed for test in state.failing())
    if not count:
        return []
    failures, is_, was = ("failure", "is", "was") if count == 1 else ("failures", "are", "were")
    how = f"{is_} being confirmed" if state.is_running else f"{was} not confirmed"
    return [NotChecked("unconfirmed", count, f"{count} warm {failures} {how}")]


def _of_no_account(state: RunState) -> tuple[int, int, int]:
    """How many tests are carried forward, are mixed, and have a result that lacks its stamp."""
    carried = mixed = unstamped = 0
    for test in state.present():
        carried += test.is_carried
        mixed += test.is_mixed
        if state.stamping.wanted and test.has_run:
            last = test.attempts[-1]
            unstamped += last.worker > 0 and last.outcome != "cancelled" and None in (last.before, last.after)
    return carried, mixed, unstamped


def _revisions(state: RunState, carried: int, mixed: int, unstamped: int) -> list[NotChecked]:
    lines = []
    if mixed:
        why = f"{mixed} {tests(mixed)} ran while another revision was being deployed, and count as not run"
        lines.append(NotChecked("mixed", mixed, why))
    if unstamped:
        have = "result has" if unstamped == 1 else "results have"
        because = f"the version URL does not answer: {state.stamping.why}" if state.stamping.why else _UNREAD
        lines.append(NotChecked("unstamped", unstamped, f"{unstamped} {have} no stamp ({because})"))
    if carried:
        why = f"{carried} {tests(carried)} did not run now: what is known of {_it(carried)} is carried forward"
        lines.append(NotChecked("carried", carried, why))
    return lines


def _it(count: int) -> str:
    return "it" if count == 1 else "them"


def _unresolved(state: RunState) -> list[NotChecked]:
    """Tests that failed and, asked again with nothing known changed, neither failed nor passed: a skip is no cure."""
    count = sum(len(test.attempts) > 1 and test.has_run and _is_unresolved(test) for test in state.present())
    if not count:
        return []
    return [NotChecked("unresolved", count, f"{count} {tests(count)} failed and did not pass when run again")]


def _is_unresolved(test: Test) -> bool:
    last = test.attempts[-1]
    counting = (a for a in test.attempts if is_same(a, last) and not a.mixed)
    said = [a.outcome for a in counting if a.outcome in FAILING | _PASSING]
    return last.outcome not in FAILING and bool(said) and said[-1] in FAILING


_PASSING: frozenset[Outcome] = frozenset({"passed", "xpassed"})
_UNREAD = "the revision was not read before and after"
OUTSTANDING = {"not-run", "cancelled", "selection", "carried"}
"""Ledger lines that only say that work is left: exit code 5, not 6."""
