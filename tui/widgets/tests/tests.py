"""A virtual list of tests: 50,000 of them cost what the visible rows cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual.strip import Strip

from tui.events import FAILING
from tui.reports.amounts import many
from tui.reports.sentences import sentence
from tui.state import Test
from tui.widgets.amounts import took
from tui.widgets.failures.failures import alike
from tui.widgets.ink import Role
from tui.widgets.line import Line
from tui.widgets.listing import Listing
from tui.widgets.marks import DISAGREED, MARKS, mark_of
from tui.widgets.view import SORTINGS, Subject

HISTORY = 6


class Tests(Listing[int]):
    """Items are the run's ids. Failing ones first, then the order in which they were collected."""

    __test__ = False  # what it shows, not what pytest should collect

    def items(self) -> Sequence[int]:
        subject, state, sorting, only = self.view.subject, self.view.state, self.view.sorting, self.view.only_blocking
        if subject.kind == "group":
            group = next((g for g in self.view.groups if g.signature == subject.signature), None)
            key: tuple[object, ...] = (subject, sorting, tuple(test.id for test in group.tests) if group else None)
            return self._kept(
                key, lambda: self._sorted([test.id for test in group.tests] if group else list(self.order))
            )
        if subject.kind == "search":
            key = (subject, sorting, only, state.seq, len(state.tests), self.view.now)
            return self._kept(key, self._found, dear=True)
        failing = [id for id in state.failed if state.tests[id].tier == subject.tier]
        tally = state.tallies.get(subject.tier)
        key = (
            subject,
            sorting,
            only,
            tuple(failing),
            tally.total if tally else 0,
            state.seq if sorting != SORTINGS[0] else 0,
        )
        return self._kept(key, lambda: self._of_tier(subject.tier, failing), dear=True)

    _key: tuple[object, ...] | None = None
    _subject: Subject | None = None
    _items: Sequence[int] = ()
    _next = 0.0
    _of_tier_key: tuple[object, ...] = ()
    _ids_of_tier: Sequence[int] = ()

    def _kept(self, key: tuple[object, ...], make: Callable[[], list[int]], dear: bool = False) -> Sequence[int]:
        """Make the list anew only if it changed, and a long one not for every frame."""
        now = time.monotonic()
        if key == self._key or (dear and self._subject == self.view.subject and now < self._next):
            return self._items
        made = make()
        if made != self._items:
            self._items = made
        self._key, self._subject = key, self.view.subject
        cost = time.monotonic() - now
        self._next = now + 20 * cost if cost > 0.005 else 0.0
        return self._items

    def _of_tier(self, tier: str, failing: list[int]) -> list[int]:
        first = sorted(failing)
        if self.view.only_blocking:
            tests = self.view.state.tests
            return self._sorted([id for id in self._in_tier(tier) if self.view.hinders(tests[id])])
        bad = set(first)
        return self._sorted(first + [id for id in self._in_tier(tier) if id not in bad])

    def _in_tier(self, tier: str) -> Sequence[int]:
        """In collected order; looked for among all tests only when there are others."""
        state = self.view.state
        tally = state.tallies.get(tier)
        key = (tier, len(state.tests), tally.total if tally else 0, state.iteration)
        if self._of_tier_key != key:
            self._of_tier_key = key
            self._ids_of_tier = [test.id for test in state.present() if test.tier == tier]
        return self._ids_of_tier

    def _found(self) -> list[int]:
        search = self.view.search(self.view.subject.search)
        failed = self.view.state.failed
        found = [test.id for test in self.view.state.present() if search.finds(test) and self._is_wanted(test)]
        return self._sorted([id for id in found if id in failed] + [id for id in found if id not in failed])

    def _is_wanted(self, test: Test) -> bool:
        return not self.view.only_blocking or self.view.hinders(test)

    def _sorted(self, ids: list[int]) -> list[int]:
        """Stable: tests that are equal in it stay failed first, in collected order."""
        tests = self.view.state.tests
        match self.view.sorting:
            case "slowest first":
                return sorted(ids, key=lambda id: -(self._seconds(tests[id]) or 0.0))
            case "by name":
                return sorted(ids, key=lambda id: tests[id].node)
            case "latest first":
                return sorted(ids, key=lambda id: -_changed(tests[id]))
        return ids

    def lead(self) -> int:
        return 1 + len(self._alike())

    def room(self) -> int:
        return max(1, self.size.height - self.lead())

    def rows(self, width: int, height: int) -> list[Strip]:
        edge = width - (2 if self.view.grid.mode == "wide" else 1)
        strips = [self._title(edge)]
        for words in self._alike():
            line = self.line()
            line.put(2, words, "muted", width=edge - 2, cut="middle")
            strips.append(line.strip())
        for id in self.order[self.top : self.top + self.room()]:
            test = self.view.state.tests.get(id)
            if test is not None:
                strips.append(self._row(test, edge))
        if not self.order:
            line = self.line()
            line.put(2, self._nothing(), "faint")
            strips.append(line.strip())
        return strips

    def _title(self, edge: int) -> Strip:
        subject, count = self.view.subject, len(self.order)
        if subject.kind == "group" and subject.signature is not None:
            name, rest = "GROUP", f"{many(count, 'test')}, {sentence(subject.signature)}"
        elif subject.kind == "search":
            name, rest = "FOUND", f"{many(count, 'test')} of {self.view.total.total} for {subject.search or 'anything'}"
        else:
            title = self.view.tier(subject.tier).title
            name = " ".join(dict.fromkeys([subject.tier.upper(), title.upper()])).strip() or "TESTS"
            rest = f"{many(count, 'test')}, {self.view.sorting}"
        if self.view.only_blocking:
            rest += ", only what blocks (!)"
        if self.view.marked:
            rest = f"{len(self.view.marked)} marked, {rest}"
        return self.title(name, rest, edge, right=self.span())

    def _alike(self) -> list[str]:
        """Why the tests of a group are one: what their failures have in common."""
        subject = self.view.subject
        if subject.kind != "group" or subject.signature is None or len(self.order) < 2 or self.size.height < 8:
            return []
        return alike(subject.signature)

    def _nothing(self) -> str:
        if self.view.subject.kind == "search":
            wrong = self.view.search(self.view.subject.search).wrong
            return wrong or "nothing matches; esc clears the search"
        if self.view.only_blocking:
            return "nothing here blocks; ! shows all again"
        return "being collected" if self.view.state.collecting else "no tests"

    def _row(self, test: Test, edge: int) -> Strip:
        selected = test.id == self.cursor and self.active
        line = Line(self.view.ink, self.view.glyphs, self.size.width, "sel" if selected else "bg", (1, edge))
        if test.id in self.view.marked:
            line.put(0, self.view.glyphs.running, "note", on="bg")
        if selected:
            line.put(1, self.view.glyphs.select, "run", on="bg")
        mark = mark_of(test)
        bad = test.status in FAILING
        line.put(2, self.view.glyphs.of(mark), mark.role, bold=bad)
        line.put(4, mark.word, mark.word_role, bold=bad)
        calm = test.status in {"waiting", "not-run", "skipped"}
        role: Role = "strong" if bad else "run" if test.status == "running" else "muted" if calm else "text"
        self._put_name(line, test, max(9, line.at + 1), edge - 14, role, bad)
        seconds = self._seconds(test)
        if seconds is not None:
            line.put(edge - 13, took(seconds), "muted", width=5, right=True)
        self._history(line, test, edge - HISTORY)
        return line.strip()

    def _put_name(self, line: Line, test: Test, x: int, end: int, role: Role, bold: bool) -> None:
        """The name; where there is room, what tells it from others of that name."""
        wide = end - x > 70
        if wide:
            line.put(x, test.node, role, bold=bold, width=end - x, cut="middle")
            return
        name = f"{test.tier} {test.name}" if self.view.subject.kind != "tier" and end - x > 45 else test.name
        line.put(x, name, role, bold=bold, width=end - x, cut="middle")

    def _seconds(self, test: Test) -> float | None:
        if test.status == "running" and test.started is not None:
            return max(0.0, float(int(self.view.tick - test.started)))
        if test.status in {"waiting", "not-run"} or not test.attempts:
            return None
        return test.attempts[-1].duration

    def _history(self, line: Line, test: Test, x: int) -> None:
        """Attempts of this iteration, the newest last, behind the last outcome of the iteration before."""
        glyphs = self.view.glyphs
        failed, differs = glyphs.of(MARKS["failed"]), glyphs.of(DISAGREED)
        marks: list[tuple[str, Role]] = []
        if test.last is not None:
            marks.append((failed, "muted") if test.last in FAILING else (glyphs.dot, "faint"))
        for attempt in test.attempts:
            bad = attempt.outcome in FAILING
            if attempt.contradicted is not None:
                marks.append((differs, "bad" if bad else DISAGREED.role))
            else:
                marks.append((failed, "bad") if bad else (glyphs.dot, "faint"))
        marks = marks[-HISTORY:]
        x += HISTORY - len(marks)
        for glyph, role in marks:
            x = line.put(x, glyph, role)


def _changed(test: Test) -> float:
    """When something last became of it."""
    if test.started is not None:
        return test.started
    return test.attempts[-1].started + test.attempts[-1].duration if test.attempts else 0.0
