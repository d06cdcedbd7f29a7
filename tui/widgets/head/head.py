"""Verdict, reason and facts, at every size."""

from __future__ import annotations

from textual.strip import Strip

from tui.events import SAVED, Outcome
from tui.gate import allowed_failures, tier_policy
from tui.plan.model import Tier
from tui.reports.amounts import clock, many
from tui.reports.sentences import WAITS, names_of
from tui.reports.summary import override_words
from tui.state import RunState
from tui.widgets.footer.footer import STAYS
from tui.widgets.head.flag import GLYPHS, GROUNDS, WORDS, flag
from tui.widgets.head.tiny import tiny_rows
from tui.widgets.line import Line, fit
from tui.widgets.panel import Panel
from tui.widgets.view import View


class Head(Panel):
    """The flag with its reason; a pill where there is no room for a flag."""

    def rows(self, width: int, height: int) -> list[Strip]:
        if self.view.grid.mode == "wide" and height == 4:
            return self._flagged(width)
        rows = pill_rows(self.view, width, height)
        return tiny_rows(self.view, rows[0], width, height) if self.view.grid.mode == "tiny" else rows

    def _flagged(self, width: int) -> list[Strip]:
        view, axis = self.view, self.view.grid.axis
        answer = view.verdict.answer
        rows = flag(answer, ascii=view.glyphs.ascii, room=axis - 46)
        said = said_below(view)
        facts, times = _facts(view), _times(view)
        strips = []
        for y, row in enumerate(rows):
            line = view.line(width)
            end = line.put(2, row, on=GROUNDS[answer])
            start = max(44, end + 4)
            room = axis - 2 - start
            if y == 0:
                line.put(start, view.verdict.reasons[0], "strong", bold=True, width=room)
            elif y - 1 < len(said):
                label, text, more = said[y - 1]
                line.put(start, label, "faint", width=room)
                line.put(line.at + 2, text, "text", width=axis - 2 - line.at - 2)
                line.put(line.at + 2, more, "muted", width=axis - 2 - line.at - 2)
            line.put(axis, facts[y][0], "faint")
            line.put(axis + 11, facts[y][1], width=21)
            line.put(axis + 33, times[y][0], "faint")
            line.put(axis + 43, times[y][1], "strong" if y < 2 else "text", bold=y < 2, width=10, right=True)
            strips.append(line.strip())
        return strips


def pill_rows(view: View, width: int, height: int) -> list[Strip]:
    """One or two rows: the verdict as a pill, its reason, the times; also the head of every other screen."""
    mode = view.grid.mode
    wide = mode == "wide"
    first, second = view.line(width), view.line(width)
    x = put_pill(first, view, 2 if wide else 0 if mode == "tiny" else 1)
    edge = width - (2 if wide else 0 if mode == "tiny" else 1)
    left = times_left(view)
    times = clock(view.elapsed)
    reason = view.verdict.reasons[0]
    if mode in {"small", "tiny"}:
        room = edge - x - 2
        if mode == "small" or len(times) < room:
            if left and len(times) + 2 + len(left) > room:
                left = ""
            _put_times(first, times, left, edge)
        second.put(1 if mode == "small" else 0, reason, "strong", bold=True, width=width - 1)
        return [first.strip(), second.strip()][:height]
    target = "  ".join(part for part in _target(view.state) if part)
    if wide:
        end = view.grid.axis - 2
        first.put(x + 2, reason, "strong", bold=True, width=end - x - 2)
        first.put(end + 2, target, "muted", width=30, cut="middle")
        _put_times(first, times, left, edge)
        return [first.strip()]
    start = x + 2
    first.put(start, reason, "strong", bold=True, width=edge - start - len(times) - len(left) - 4)
    _put_times(first, times, left, edge)
    label, text, more = said_below(view)[0]
    target = fit(target, min(36, width // 2), view.glyphs, "middle")
    room = edge - len(target) - 2 - start
    second.put(start, text if label == "also" else f"{label}  {text}", "text", width=room)
    second.put(second.at + 2, more, "muted", width=edge - len(target) - 2 - second.at - 2)
    second.put(edge - len(target), target, "muted")
    return [first.strip(), second.strip()][:height]


def put_pill(line: Line, view: View, x: int) -> int:
    """The verdict in one row, filled."""
    answer = view.verdict.answer
    glyph = GLYPHS[answer][view.glyphs.ascii]
    return line.put(x, f" {glyph} {WORDS[answer]} ", on=GROUNDS[answer])


def _put_times(line: Line, times: str, left: str, edge: int) -> None:
    whole = len(times) + (2 + len(left) if left else 0)
    end = line.put(edge - whole, times, "strong", bold=True)
    if left:
        line.put(end + 2, left, "muted")


def times_left(view: View) -> str:
    """``~2:40 left`` while there is something to guess."""
    remaining = view.remaining
    return "" if remaining is None else f"~{clock(remaining)} left"


def said_below(view: View) -> list[tuple[str, str, str]]:
    """What stands below the reason, weightiest first: at most three rows of label, text and remark."""
    state, verdict = view.state, view.verdict
    rows: list[tuple[str, str, str]] = []
    if view.feed.farewell is not None:
        rows.append(("ended", view.feed.farewell, "what is here stays readable"))
    if state.not_recorded is not None:
        rows.append(("danger", "results are not recorded", state.not_recorded))
    if verdict.override is not None:
        rows.append(("override", override_words(verdict.override), ""))
    rows += _saved(view)
    others = list(verdict.reasons[1:])
    if others:
        rows.append(("also", others[0], f"+{len(others) - 1} more" if len(others) > 1 else ""))
    ledger = [line.why for line in verdict.not_checked if line.why not in verdict.reasons]
    if ledger:
        rows.append(("unchecked", ledger[0], f"+{len(ledger) - 1} more" if len(ledger) > 1 else ""))
    standing = _standing(view)
    if len(rows) < 2:
        rows.append(_calm(view))
    return [*rows[:2], standing] if view.grid.mode == "wide" else [*rows, standing]


def _saved(view: View) -> list[tuple[str, str, str]]:
    """A save that waits, or that had nothing run just now: who saved it looks here for what comes of it."""
    on_save = view.state.on_save
    if on_save is None or not (on_save.waits or (on_save.why_not and view.now - on_save.at < STAYS)):
        return []
    return [("saved", WAITS if on_save.waits else on_save.why_not, names_of(on_save.paths, on_save.count))]


def _calm(view: View) -> tuple[str, str, str]:
    state, tally = view.state, view.total
    serious = [text for _, text, serious in state.notices if serious]
    if serious:
        return "notice", serious[-1], ""
    current = state.current_pass
    if current is not None and current.by.startswith(SAVED):
        return "saved", current.by.removeprefix(SAVED), f"{many(len(current.tests), 'test')} again"
    if state.starting:
        return "starts", "the target", " ".join(state.plan.target.start)
    if state.collecting and not tally.total:
        return "collects", "the tests of the project", ", ".join(state.changed[:2])
    if state.collecting:
        return "collects", many(len(state.changed), "changed file"), ", ".join(state.changed[:2])
    passed = tally.outcomes.get("passed", 0)
    quiet: tuple[Outcome, ...] = ("skipped", "xfailed", "xpassed")
    others = [f"{tally.outcomes[outcome]} {outcome}" for outcome in quiet if outcome in tally.outcomes]
    if tally.flaky:
        others.append(f"{tally.flaky} flaky")
    return "passed", many(passed, "test"), ", ".join(others)


def _standing(view: View) -> tuple[str, str, str]:
    standing = view.verdict.standing
    if standing == "final":
        why = view.state.end_reason
        return "final", "for this iteration", why if view.state.interrupted and why else "it is closed"
    if standing == "decided":
        if view.state.is_running:
            return "decided", "for this pass", "nothing still to come can change it"
        return "decided", "by this pass", "a rerun may change it"
    return "so far", "what is still to come may change it", ""


def _target(state: RunState) -> tuple[str, str, str]:
    name = state.plan.target.name or state.project
    return name, (state.revision or "").partition(" ")[0][:12], f"it. {state.iteration}" if state.iteration else ""


def _facts(view: View) -> list[tuple[str, str]]:
    state = view.state
    target = ("target", state.plan.target.name) if state.plan.target.name else ("project", state.project)
    return [
        target,
        ("revision", state.revision or "not known"),
        ("iteration", str(state.iteration) if state.iteration else ""),
        ("gate", _gate(state)),
    ]


def _gate(state: RunState) -> str:
    """How many may fail, in a few words: ``none may fail``, ``P4 1, P5 3``."""
    allowed = {
        tier: most
        for tier, tally in state.tallies.items()
        if (most := allowed_failures(tier_policy(state, state.tiers.get(tier) or Tier(tier)), tally))
    }
    if not allowed:
        return "none may fail"
    some = ", ".join(f"{tier} {most}" for tier, most in allowed.items())
    rest = ", rest 0" if len(allowed) < len(state.tallies) else ""
    return some + rest if len(some + rest) <= 21 else some


def _times(view: View) -> list[tuple[str, str]]:
    tally = view.total
    remaining = view.remaining
    unknown = view.glyphs.hair if view.state.is_running else "0:00"
    return [
        ("elapsed", clock(view.elapsed)),
        ("remaining", unknown if remaining is None else f"~{clock(remaining)}"),
        ("workers", str(len(view.state.workers) or view.glyphs.dot)),
        ("done", f"{tally.ran - tally.rerunning}/{tally.total}"),
    ]
