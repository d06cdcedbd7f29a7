"""Groups of failures: the exception and its message, where in one's own code, how many, in which tiers, since when."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from tui.diagnosis.masks import stand_ins
from tui.events import Signature
from tui.reports.amounts import clock, many
from tui.reports.sentences import sentence
from tui.state import UNTARGETED, Group
from tui.widgets.line import Line
from tui.widgets.listing import Listing
from tui.widgets.marks import MARKS
from tui.widgets.view import is_new


def alike(signature: Signature) -> list[str]:
    """Why failures of one signature are one group: what is the same in all of them, a line a fact."""
    if signature == UNTARGETED:
        return ["one group: each failed while the target did not answer"]
    shared = ["exception"] * bool(signature.exception) + ["message"] * bool(signature.message)
    masks = stand_ins(signature.message)
    but = f" but for {' '.join(masks)}" if masks else ""
    lines = [f"one group: same {' and '.join(shared) or 'outcome'}{but}"]
    return [*lines, f"all raised at {signature.frame}"] if signature.frame else lines


class Failures(Listing[Signature]):
    """Two lines and a blank one for each group where there is room, one line where there is not."""

    def items(self) -> Sequence[Signature]:
        view = self.view
        return [group.signature for group in view.groups if not view.only_blocking or view.blocking(group)]

    @property
    def step(self) -> int:
        return 3 if self.view.grid.mode == "wide" else 1

    def lead(self) -> int:
        return int(self.view.grid.mode != "small")

    def room(self) -> int:
        rows = self.size.height - self.lead()
        return max(1, (rows + (self.step == 3)) // self.step)

    def rows(self, width: int, height: int) -> list[Strip]:
        groups = {group.signature: group for group in self.view.groups}
        mode = self.view.grid.mode
        strips = [] if mode == "small" else [self._title(groups)]
        for signature in self.order[self.top : self.top + self.room()]:
            group = groups.get(signature)
            if mode == "wide":
                strips += [*self._wide_rows(signature, group), Strip.blank(width, self.view.ink.base)]
            elif mode == "middle":
                strips.append(self._middle_row(signature, group))
            else:
                strips.append(self._small_row(signature, group))
        return strips or [self._nothing()]

    def _title(self, groups: dict[Signature, Group]) -> Strip:
        count = len(self.view.state.failed)
        mode = self.view.grid.mode
        rest = f"{many(count, 'test')}, {many(len(groups), 'group')}" if count else "none so far"
        if not self.view.state.is_running and not count:
            rest = "none"
        if self.view.only_blocking:
            rest += ", only what blocks (!)"
        elif mode == "wide" and count:
            rest += ", best tier first"
        start, end = (2, self.size.width - 1) if mode == "wide" else (1, self.size.width - 1)
        return self.title("FAILURES", rest, end, start=start, right=self.span())

    def _nothing(self) -> Strip:
        line = self.line()
        if self.view.grid.mode == "small" and not self.view.state.failed:
            line.put(1, "nothing fails", "faint")
        return line.strip()

    def _start(self, signature: Signature, x: int, end: int) -> Line:
        selected = signature == self.cursor and self.active
        line = Line(self.view.ink, self.view.glyphs, self.size.width, "sel" if selected else "bg", (1, end))
        if selected:
            line.put(x - 1, self.view.glyphs.select, "run", on="bg")
        return line

    def _wide_rows(self, signature: Signature, group: Group | None) -> list[Strip]:
        grid = self.view.grid
        end = self.size.width - 1
        first, second = self._start(signature, 2, end), self._start(signature, 2, end)
        if group is None:
            return [self._mended(first, signature, grid.second), second.strip()]
        tiers, blocking = self._tiers(group)
        first.put(2, self.view.glyphs.of(MARKS["failed"]), "bad", bold=blocking)
        first.put(4, sentence(signature), "strong" if blocking else "text", bold=blocking, width=grid.second - 6)
        count = len(group.tests)
        first.put(grid.second, str(count), "bad" if blocking else "text", bold=blocking, width=5, right=True)
        first.put(grid.second + 6, "test" if count == 1 else "tests", "muted")
        first.put(grid.second + 13, "  ".join(tiers), "text", width=end - grid.second - 14)
        calm = "unsure" if _is_unsure(group) else "tolerated"
        second.put(4, "blocks GO" if blocking else calm, "bad" if blocking else "faint")
        room = grid.second + 11 - second.at - 2
        second.put(second.at + 2, self._where(group), "muted", width=room, cut="middle")
        self._age(second, group, grid.second + 13)
        return [first.strip(), second.strip()]

    def _middle_row(self, signature: Signature, group: Group | None) -> Strip:
        grid = self.view.grid
        line = self._start(signature, 1, self.size.width - 1)
        if group is None:
            return self._mended(line, signature, grid.second)
        tiers, blocking = self._tiers(group)
        line.put(1, self.view.glyphs.of(MARKS["failed"]), "bad", bold=blocking)
        line.put(3, sentence(signature), "strong" if blocking else "text", bold=blocking, width=grid.second - 5)
        line.put(
            grid.second - 2, str(len(group.tests)), "bad" if blocking else "text", bold=blocking, width=4, right=True
        )
        calm = "unsure" if _is_unsure(group) else "allowed"
        line.put(grid.second + 3, "blocks" if blocking else calm, "bad" if blocking else "faint")
        new = is_new(group.tests)
        edge = self.size.width - 1
        line.put(grid.second + 11, "  ".join(tiers), "muted", width=edge - grid.second - 11 - (4 if new else 0))
        if new:
            line.put(edge - 3, "new", "note")
        return line.strip()

    def _small_row(self, signature: Signature, group: Group | None) -> Strip:
        width = self.size.width
        line = self._start(signature, 1, width - 1)
        if group is None:
            return self._mended(line, signature, width)
        line.put(1, self.view.glyphs.of(MARKS["failed"]), "bad", bold=True)
        count = str(len(group.tests))
        line.put(3, sentence(signature), "text", width=width - 5 - len(count))
        line.put(width - len(count), count, "bad", bold=True)
        return line.strip()

    def _mended(self, line: Line, signature: Signature, end: int) -> Strip:
        """It was here when the user came into the list: its row stays, and says what became of it."""
        x = 2 if self.view.grid.mode == "wide" else 1
        line.put(x, self.view.glyphs.of(MARKS["passed"]), "goodq")
        line.put(x + 2, f"none fails now: {sentence(signature)}", "muted", width=end - x - 4)
        return line.strip()

    def _tiers(self, group: Group) -> tuple[list[str], bool]:
        """The tiers a group is in, and whether it keeps the verdict from being *go*."""
        tiers = list(dict.fromkeys(test.tier for test in group.tests))
        return tiers, self.view.blocking(group)

    def _where(self, group: Group) -> str:
        return group.signature.frame or group.tests[0].node

    def _age(self, line: Line, group: Group, x: int) -> None:
        new = is_new(group.tests)
        if new is not None:
            x = line.put(x, "new" if new else "known", "note" if new else "faint") + 2
        line.put(x, f"at {clock(group.since - self.view.state.began)}", "faint")


def _is_unsure(group: Group) -> bool:
    """Whether it holds warm failures only that no fresh process has confirmed."""
    return all(test.is_excused for test in group.tests)
