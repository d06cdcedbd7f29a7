"""Which tier and suite a collected test belongs to.

With a plan, a test belongs to the first suite that claims it. Without one, or when no suite
claims it, its tier is found in this order:

1. the closest marker ``p1`` … ``p6`` (any case) or ``tier("P1")`` (any name);
2. a name that says so, of the function, then its classes from the inside, then the module:
   ``test_p1_…``, ``p1_…``, ``test_priority1_…``, ``TestP1…``;
3. its folder (see ``plan.folders``).

Only the last depends on which tests there are besides, so what was decided about folders is kept
in a ``Layout``. Given back with tests that are collected later, the same folder is the same tier.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from tui.plan.folders import Layout, base_of, folder_of
from tui.plan.model import Plan, Suite, Tier

MOST_TIERS = 12
"""As many as the board has rows for. P1 to P6 and the plan's own are never merged to keep to it."""

OTHER = "other"
PRIORITIES = {
    "P1": "critical", "P2": "high", "P3": "medium high", "P4": "medium", "P5": "medium low", "P6": "low",
}  # fmt: skip

_ORDER_NAMED = 100
_ORDER_OTHER = 1000

_PRIORITY = re.compile(r"[pP]([1-6])")
_FUNCTION = re.compile(r"(?i:test_?)?_?(?i:priority_?|p)([1-6])(?=_|\Z)")
_CLASS = re.compile(r"(?:Test_?)?(?:[Pp]riority_?|[Pp])([1-6])(?=_|\Z|[A-Z][a-z])")
_FOLDER = re.compile(r"(?i:tests?_?)?(?i:priority_?|p)([1-6])(?:_.*)?")
_LONGEST_NAME = 64


class TestFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the agent knows of a collected test.

    ``path`` is relative to the project's rootdir, with ``/``. ``function`` is the name without
    parameters; ``class_names`` are outermost first. ``markers``: name and positional arguments
    (as ``str``), closest first, as ``iter_markers`` yields them. ``suites``: indexes of the
    plan's suites whose paths, markers and keyword all match.
    """

    __test__ = False  # not a test class of ours, whatever its name says to pytest

    node: str
    path: str
    function: str = ""
    class_names: tuple[str, ...] = ()
    markers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    suites: tuple[int, ...] = ()


class Assignment(msgspec.Struct, frozen=True):
    """``tests``: (tier id, suite id) of each test asked about, in that order.

    ``tiers`` and ``suites`` are all that are known: the plan's, and those found here, the tiers
    in the order to show and run them. ``layout`` is to be given back with tests that come later.
    """

    tests: list[tuple[str, str]]
    tiers: tuple[Tier, ...]
    suites: tuple[Suite, ...]
    layout: Layout


def assign(facts: Sequence[TestFacts], plan: Plan, layout: Layout | None = None) -> Assignment:
    """Tier and suite of each test. ``layout``: that of the assignment before, if there was one.

    A pure function: the same tests give the same tiers. With a ``layout``, a tier once given to a
    folder stays; a folder it does not know gets a tier of its own while there is room, else it is
    *other*.
    """
    owners = [_owner(fact, plan) for fact in facts]
    priorities = [None if owner else _said(fact) for fact, owner in zip(facts, owners, strict=True)]
    is_first = layout is None or layout.is_blank
    if layout is None or is_first:
        layout = Layout(base_of(fact.path for fact in facts), room=_room(plan, priorities))
    named = [
        None if owner else said or _of_folder(folder_of(fact.path, layout.base))
        for fact, owner, said in zip(facts, owners, priorities, strict=True)
    ]
    fixed = {*PRIORITIES, *(tier.id for tier in plan.tiers)}
    layout = layout.grown(Counter(name for name in named if name and name not in fixed), whole=is_first)
    tests = []
    for fact, owner, name in zip(facts, owners, named, strict=True):
        if owner:
            tests.append((owner.tier, owner.id))
        elif name:
            tests.append((name if name in fixed or name in layout.own else OTHER, _module(fact, plan)))
    tiers = _tiers(plan, layout, {tier for tier, _ in tests})
    return Assignment(tests, tiers, _suites(plan, tests, tiers), layout)


def _owner(fact: TestFacts, plan: Plan) -> Suite | None:
    """The first suite, in the order of the plan, that claims a test."""
    return plan.suites[min(fact.suites)] if fact.suites else None


def _said(fact: TestFacts) -> str | None:
    """The tier that a test's markers or names say."""
    for name, arguments in fact.markers:
        if match := _PRIORITY.fullmatch(name):
            return f"P{match[1]}"
        if name == "tier" and arguments and (tier := _tier_name(arguments[0])):
            return tier
    names = [(fact.function.partition("[")[0], _FUNCTION)]
    names += [(name, _CLASS) for name in reversed(fact.class_names)]
    names.append((fact.path.rpartition("/")[2].partition(".")[0], _FUNCTION))
    for name, pattern in names:
        if match := pattern.match(name):
            return f"P{match[1]}"
    return None


def _tier_name(argument: str) -> str | None:
    name = argument.strip()
    if match := _PRIORITY.fullmatch(name):
        return f"P{match[1]}"
    return name if 0 < len(name) <= _LONGEST_NAME and name.isprintable() else None


def _of_folder(folder: str) -> str:
    match = _FOLDER.fullmatch(folder)
    return f"P{match[1]}" if match else folder


def _room(plan: Plan, priorities: Iterable[str | None]) -> int:
    taken = {tier.id for tier in plan.tiers} | {each for each in priorities if each in PRIORITIES}
    return max(1, MOST_TIERS - len(taken))


def _module(fact: TestFacts, plan: Plan) -> str:
    """The suite of a test that no suite claims, under a name that no suite of the plan has."""
    path = fact.path or fact.node
    return f"{path} (rest)" if any(suite.id == path for suite in plan.suites) else path


def _tiers(plan: Plan, layout: Layout, used: set[str]) -> tuple[Tier, ...]:
    tiers = {tier.id: tier for tier in sorted(plan.tiers, key=lambda tier: tier.order)}
    last = max((tier.order for tier in plan.tiers), default=0)
    for number, (id, title) in enumerate(PRIORITIES.items(), start=1):
        if id in used:
            tiers.setdefault(id, Tier(id, title, last + number))
    for id in layout.own:
        tiers.setdefault(id, Tier(id, order=last + _ORDER_NAMED))
    if layout.has_other:
        tiers.setdefault(OTHER, Tier(OTHER, "all the rest", last + _ORDER_OTHER))
    return tuple(sorted(tiers.values(), key=lambda tier: tier.order))


def _suites(plan: Plan, tests: Iterable[tuple[str, str]], tiers: Iterable[Tier]) -> tuple[Suite, ...]:
    """The plan's suites and the modules. One whose tests are in several tiers is listed under the best of them."""
    rank = {tier.id: index for index, tier in enumerate(tiers)}
    planned = {suite.id for suite in plan.suites}
    modules: dict[str, str] = {}
    for tier, suite in tests:
        if suite not in planned and (suite not in modules or rank[tier] < rank[modules[suite]]):
            modules[suite] = tier
    return plan.suites + tuple(Suite(id, tier) for id, tier in modules.items())
