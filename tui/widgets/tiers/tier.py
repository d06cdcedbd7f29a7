"""One tier at full size: how it stands, against its gate, over the iterations; what runs in it and what fails."""

from __future__ import annotations

from collections.abc import Iterator

from textual.strip import Strip

from tui.gate import allowed_failures, tier_policy
from tui.gate.words import span
from tui.plan.model import GatePolicy
from tui.reports.amounts import many, percent
from tui.reports.sentences import sentence
from tui.state import Tally
from tui.widgets.amounts import brief
from tui.widgets.bar import parts, put_bar
from tui.widgets.ink import Role
from tui.widgets.marks import MARKS
from tui.widgets.panel import Panel
from tui.widgets.tiers.trend import put_trend
from tui.widgets.view import View


class TierTitle(Panel):
    """Four rows: standing, bar, gate, trend; the first two where there is no room."""

    def __init__(self, view: View, id: str, tier: str) -> None:
        super().__init__(view, id)
        self.tier = tier

    def rows(self, width: int, height: int) -> list[Strip]:
        view = self.view
        tally = view.tallies.get(self.tier, Tally())
        left = 2 if view.grid.mode == "wide" else 1
        edge = width - left
        standing, bar, gate, trend = (self.line() for _ in range(4))
        word, tier = view.standing(self.tier), view.tier(self.tier)
        bold = word.role == "bad"
        standing.put(left, f"{view.glyphs.of(MARKS[word.status])} {word.word}", word.role, bold=bold)
        title = tier.title if tier.title.casefold() != tier.id.casefold() else ""
        rate = "" if tally.rate is None else percent(tally.rate)
        ran = f"{tally.ran} of {many(tally.total, 'test')} ran" if width >= 60 else f"{tally.ran}/{tally.total}"
        counted = f"{ran}  {rate}".rstrip()
        standing.put(standing.at + 2, tier.id, "strong", bold=True, width=edge - standing.at - len(counted) - 4)
        standing.put(standing.at + 1, title, "muted", width=edge - standing.at - len(counted) - 3)
        standing.put(edge - len(counted), counted, "bad" if tally.failing else "muted", bold=bold)
        put_bar(bar, left, edge - left, parts(tally))
        policy = tier_policy(view.state, tier)
        gate.put(left, "gate", "faint")
        blocks = view.blocks(self.tier)
        role: Role = "bad" if blocks else "muted"
        why = "; ".join(one.words for one in view.hindrances(self.tier) if one.kind != "failing")  # those are seen
        gate.put(left + 7, why or "; ".join(_needs(policy, tally)), "text", width=edge - left - 7 - 14)
        gate.put(gate.at + 2, "blocks GO" if blocks else "does not block", role, bold=blocks)
        trend.put(left, "trend", "faint")
        earlier = view.state.trend.get(self.tier, ())
        put_trend(trend, left + 7, earlier, tally.failing)
        told = ", ".join(map(str, earlier)) if earlier else "no iteration before"
        trend.put(trend.at + 2, f"failed before: {told}; now {tally.failing}", "muted", width=edge - trend.at - 2)
        return [line.strip() for line in (standing, bar, gate, trend)][:height]


class TierAside(Panel):
    """What runs in a tier, and its groups of failures."""

    def __init__(self, view: View, id: str, tier: str) -> None:
        super().__init__(view, id)
        self.tier = tier

    def rows(self, width: int, height: int) -> list[Strip]:
        edge = width - 2
        running = self.view.running().get(self.tier, [])
        groups = [
            (group, sum(test.tier == self.tier for test in group.tests))
            for group in self.view.groups
            if any(test.tier == self.tier for test in group.tests)
        ]
        strips = [self.title("RUNNING", many(len(running), "test") if running else "nothing", edge)]
        for test in running[: max(1, height // 3)]:
            line = self.line()
            elapsed = 0.0 if test.started is None else max(0.0, self.view.tick - test.started)
            usual = f" of {brief(test.usual)}" if test.usual else ""
            line.put(2, self.view.glyphs.of(MARKS["running"]), "run")
            line.put(4, test.name, "text", width=edge - 4 - 16, cut="middle")
            line.put(edge - 14, f"{brief(elapsed)}{usual}", "muted", width=14, right=True)
            strips.append(line.strip())
        strips.append(self.line().strip())
        rest = many(len(groups), "group") if groups else "none"
        strips.append(self.title("FAILURES", rest, edge))
        for group, count in groups:
            line = self.line()
            line.put(2, self.view.glyphs.of(MARKS["failed"]), "bad")
            line.put(4, sentence(group.signature), "text", width=edge - 4 - 5)
            line.put(edge - 4, str(count), "bad", bold=True, width=4, right=True)
            strips.append(line.strip())
        return strips[:height]


def _needs(policy: GatePolicy, tally: Tally) -> Iterator[str]:
    allowed = allowed_failures(policy, tally)
    yield "none may fail" if not allowed else f"{many(allowed, 'test')} may fail"
    if policy.least is not None:
        yield f"at least {many(policy.least, 'test')}"
    if policy.flaky is not None:
        yield f"{policy.flaky or 'none'} flaky"
    if policy.skipped is not None:
        yield f"{policy.skipped or 'none'} skipped"
    if policy.longest is not None:
        yield f"answered within {span(policy.longest)}"
