"""The run's numbering of tests: what is one test across zygotes and generations, and where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from tui.diagnosis.signature import signature
from tui.engine import wire
from tui.engine.generation import Generation
from tui.engine.schedule import Task
from tui.errors import StagewatchError
from tui.events import CollectionFailed, Event, Evidence, FoundTest, TestsFound, TestsGone
from tui.journal.baseline import Baseline
from tui.plan.discovery import Assignment, TestFacts, assign
from tui.plan.folders import Layout
from tui.plan.model import Plan, Selection, Suite, Tier

Key = tuple[str, int]
"""Node id and ordinal: what a test is known by from one collection to the next, and across iterations."""

Happening = tuple[Event, Evidence | None]
"""An event with what it left behind."""


_Row = tuple[Generation, wire.Item]


class Entry(NamedTuple):
    """A test of the run, with what running it takes. ``lane``: of the generation that holds it."""

    found: FoundTest
    lane: int
    unit: int
    selected: bool


class Catalogue:
    """Owns ids, tiers and suites. ``groups[i]`` is the group whose zygote collects the plan's suite *i*."""

    def __init__(self, plan: Plan, selection: Selection, groups: list[int]) -> None:
        self._plan = plan
        self._selection = selection
        self._groups = groups
        self._group_count = max(groups, default=0) + 1
        self._ids: dict[Key, int] = {}
        self._layout: Layout | None = None
        self._announced: set[str] = set()
        self._broken: dict[str, int] = {}
        self._uncollected: list[tuple[CollectionFailed, Evidence | None]] = []
        self.entries: dict[int, Entry] = {}
        self.claims: dict[str, tuple[str, ...]] = {}
        """By node id: the suites of the plan that claim a test, where they are several. It belongs to the first."""
        self.tiers: dict[str, Tier] = {tier.id: tier for tier in plan.tiers}
        self.suites: dict[str, Suite] = {suite.id: suite for suite in plan.suites}

    @property
    def expressions(self) -> dict[str, str]:
        """What the agent has to judge of the selection. Without a plan pytest itself leaves out what is not meant."""
        if self._plan.source is None:
            return {"keyword": "", "markers": ""}
        return {"keyword": self._selection.keyword, "markers": self._selection.markers}

    def update(
        self, generations: list[Generation], baseline: Baseline, at: float
    ) -> list[tuple[Event, Evidence | None]]:
        """Take in what the newest generation of every group has collected; returns what changed by it.

        Raises StagewatchError when the selection names a tier or suite that there is not.
        """
        rows = self._rows(generations)
        assignment = assign([_facts(row) for _, row in rows], self._plan, self._layout)
        self._layout = assignment.layout
        self.claims = {
            row.node: tuple(self._plan.suites[suite].id for suite in row.suites)
            for _, row in rows
            if len(row.suites) > 1
        }
        self.tiers = {tier.id: tier for tier in assignment.tiers}
        self.suites = {suite.id: suite for suite in assignment.suites}
        self._check_selection()
        was = set(self.entries)
        now = self.entries = self._numbered(generations, rows, assignment, baseline)

        events: list[Happening] = []
        new = [entry.found for test, entry in now.items() if test not in was]
        if new:
            events.append((TestsFound(at, tuple(new), self._unannounced(), tuple(assignment.suites)), None))
        failures, broken = self._failures(generations, at)
        gone = [*sorted(was - set(now)), *(self._broken[node] for node in self._broken if node not in broken)]
        self._broken = broken
        self._uncollected = failures
        events += failures
        if gone:
            events.append((TestsGone(at, tuple(gone)), None))
        return events

    @property
    def _leaves_out(self) -> bool:
        """Whether there may be files that pytest reads and of which it tells nothing."""
        return self._plan.source is None and bool(self._selection.keyword or self._selection.markers)

    def files(self, tests: Iterable[int], changed: Iterable[str]) -> dict[int, set[str]]:
        """By group, the files that hold these tests, and those that were changed and hold any.

        Nothing where some are in no file, or where that is most of what there is anyway.
        """
        where = {entry.found.id: _file(entry.found.node) for entry in self.entries.values()}
        groups: dict[str, set[int]] = {}
        for test, entry in self.entries.items():
            groups.setdefault(where[test], set()).add(entry.lane % self._group_count)
        broken = {test: node for node, test in self._broken.items()}
        wanted = {where.get(test) or broken.get(test, "") for test in tests} | groups.keys() & set(changed)
        if not wanted or not all(file.endswith(".py") for file in wanted):
            return {}
        if 2 * len(wanted) > len(groups) and not self._leaves_out:
            return {}
        found: dict[int, set[str]] = {}
        for file in wanted:
            for group in groups.get(file, {0}):
                found.setdefault(group, set()).add(file)
        return found

    def update_part(
        self, generations: list[Generation], files: set[str], baseline: Baseline, at: float
    ) -> list[Happening] | None:
        """Take in what was collected of these files alone; returns what changed by it.

        None, with nothing changed, where what it would be is only known when all is collected.
        """
        rows = self._rows(generations)
        assignment = assign([_facts(row) for _, row in rows], self._plan, self._layout)
        failures, broken = self._failures(generations, at)
        is_known = all(tier in self.tiers and suite in self.suites for tier, suite in assignment.tests)
        if not is_known or not files.issuperset(broken.keys() | {_file(row.node) for _, row in rows}):
            return None
        self._layout = assignment.layout
        was = {test for test, entry in self.entries.items() if _file(entry.found.node) in files}
        now = self._numbered(generations, rows, assignment, baseline)
        rest = {test: entry for test, entry in self.entries.items() if test not in was}
        known = set(self.entries)
        self.entries = {**rest, **now}
        was_broken = {node: test for node, test in self._broken.items() if node in files}
        self._broken = {node: test for node, test in self._broken.items() if node not in files} | broken
        self._uncollected = [one for one in self._uncollected if one[0].test.node not in files] + failures
        new = tuple(entry.found for test, entry in now.items() if test not in known)
        gone = [*sorted(was - set(now)), *(test for node, test in was_broken.items() if node not in broken)]
        found = [(TestsFound(at, new, (), assignment.suites), None)] if new else []
        return [*found, *failures, *([(TestsGone(at, tuple(gone)), None)] if gone else [])]

    def again(self, baseline: Baseline, at: float) -> list[Happening]:
        """All that is collected, as it is told to an iteration that begins with it."""
        self.entries = {
            test: entry._replace(found=_expecting(entry.found, baseline)) for test, entry in self.entries.items()
        }
        found = tuple(entry.found for entry in self.entries.values())
        self._announced.update(self.tiers)
        events: list[Happening] = [
            (TestsFound(at, found, tuple(self.tiers.values()), tuple(self.suites.values())), None)
        ]
        return events + [(msgspec.structs.replace(event, at=at), evidence) for event, evidence in self._uncollected]

    def tasks(
        self, tests: Iterable[int], failing: set[int], cold_reason: Callable[[str], str] = lambda path: ""
    ) -> list[Task]:
        """The given tests that exist, in collected order, for the schedule.

        ``cold_reason``: by a test's module, why it must not be forked; empty where it may be.
        """
        wanted = set(tests)
        order = {tier: index for index, tier in enumerate(sorted(self.tiers, key=lambda id: self.tiers[id].order))}
        return [
            self._task(entry, order, failing, cold_reason(entry.found.path))
            for test, entry in self.entries.items()
            if test in wanted
        ]

    def selected(self) -> list[int]:
        return [test for test, entry in self.entries.items() if entry.selected]

    def limit(self, test: int) -> float | None:
        """The suite's own time limit."""
        return self._suite(self.entries[test]).timeout

    def _task(self, entry: Entry, order: dict[str, int], failing: set[int], cold: str) -> Task:
        suite, found = self._suite(entry), entry.found
        return Task(
            test=found.id,
            group=entry.lane,
            unit=entry.unit,
            suite=suite.id,
            tier_order=order.get(found.tier, len(order)),
            failed_last=found.id in failing,
            usual=found.usual or 0.0,
            spread=suite.spread == "tests",
            exclusive=suite.exclusive,
            cap=suite.workers,
            cold=cold,
        )

    def _rows(self, generations: Iterable[Generation]) -> list[_Row]:
        return [(g, row) for g in generations for row in g.rows if self._group_of(row) == g.group]

    def _numbered(
        self, generations: Iterable[Generation], rows: list[_Row], assignment: Assignment, baseline: Baseline
    ) -> dict[int, Entry]:
        """What was collected by the run's numbers, which the generations are told too."""
        keys = _keys(row.node for _, row in rows)
        numbering: dict[int, list[int | None]] = {id(g): [] for g in generations}
        now: dict[int, Entry] = {}
        for (generation, row), key, (tier, suite) in zip(rows, keys, assignment.tests, strict=True):
            selected = row.selected and self._is_selected(tier, suite)
            if not selected and self._plan.source is None:
                numbering[id(generation)].append(None)
                continue
            test = self._ids.setdefault(key, len(self._ids) + 1)
            found = _expecting(FoundTest(test, row.node, tier, suite, key[1], row.path, row.line), baseline)
            now[test] = Entry(found, generation.lane, row.unit, selected)
            numbering[id(generation)].append(test)
        for generation in generations:
            mine = iter(numbering[id(generation)])
            generation.number_tests(
                [next(mine) if self._group_of(row) == generation.group else None for row in generation.rows]
            )
        return now

    def _suite(self, entry: Entry) -> Suite:
        return self.suites.get(entry.found.suite) or Suite(entry.found.suite, entry.found.tier)

    def _group_of(self, row: wire.Item) -> int:
        return self._groups[row.suites[0]] if row.suites else 0

    def _is_selected(self, tier: str, suite: str) -> bool:
        """Tiers and suites that were named add up: a suite is in one tier, so both at once would say nothing more."""
        wanted = self._selection
        return not (wanted.tiers or wanted.suites) or tier in wanted.tiers or suite in wanted.suites

    def _check_selection(self) -> None:
        for what, asked, known in (
            ("tier", self._selection.tiers, self.tiers),
            ("suite", self._selection.suites, self.suites),
        ):
            for name in asked:
                if name not in known:
                    raise StagewatchError(
                        f"--{what} {name}: there is no such {what}; there are: {', '.join(known) or 'none'}"
                    )

    def _unannounced(self) -> tuple[Tier, ...]:
        new = tuple(tier for id, tier in self.tiers.items() if id not in self._announced)
        self._announced.update(self.tiers)
        return new

    def _failures(
        self, generations: list[Generation], at: float
    ) -> tuple[list[tuple[CollectionFailed, Evidence | None]], dict[str, int]]:
        """Modules that can't be collected; in several groups the same one counts once."""
        events: list[tuple[CollectionFailed, Evidence | None]] = []
        broken: dict[str, int] = {}
        for generation in generations:
            for error in generation.errors:
                path = error.node or "."
                if path in broken:
                    continue
                (tier, suite), *_ = assign([TestFacts(path, path)], self._plan, self._layout).tests
                test = broken[path] = self._ids.setdefault((path, -1), len(self._ids) + 1)
                explained = error.explained
                events.append(
                    (
                        CollectionFailed(
                            at,
                            FoundTest(test, path, tier, suite, path=path),
                            explained.message,
                            signature(explained.exception or "CollectError", explained.message, path),
                            has_evidence=explained.evidence() is not None,
                        ),
                        explained.evidence(),
                    )
                )
        return events, broken


def _expecting(found: FoundTest, baseline: Baseline) -> FoundTest:
    """A test with what earlier iterations lead one to expect of it."""
    key = found.node, found.ordinal
    carried_from, carried_revision = baseline.origin.get(key, (None, None))
    since, flaky = baseline.since.get(key), baseline.flaky.get(key)
    return msgspec.structs.replace(
        found, usual=baseline.usual.get(key), last=baseline.last.get(key), spread=baseline.spread.get(key, 0.0),
        carried_from=carried_from, carried_revision=carried_revision,
        failing_since=since and since.iteration, failing_revision=since and since.revision,
        flaky=flaky.flaky if flaky else 0, flaky_of=flaky.of if flaky else 0,
    )  # fmt: skip


def _keys(nodes: Iterable[str]) -> list[Key]:
    seen: dict[str, int] = {}
    keys = []
    for node in nodes:
        ordinal = seen.get(node, 0)
        seen[node] = ordinal + 1
        keys.append((node, ordinal))
    return keys


def _file(node: str) -> str:
    return node.partition("::")[0]


def _facts(row: wire.Item) -> TestFacts:
    return TestFacts(row.node, row.path, row.function, row.classes, row.markers, row.suites)
