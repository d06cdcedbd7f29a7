"""What the events add up to.

``RunState`` is everything that board, plain stream, reports, gate and exit code know of an
iteration; ``reduce`` is the only thing that changes one. Both are free of clocks, files and
chance: the same events give the same state, wherever they are added up, and a state can be sent
(it is plain data) and added to on the other side. Whatever can be computed from it is a function
here and is never stored.
"""

from tui.state.derived import UNTARGETED, Group, by_tier, counts, duration, groups, ordered_tiers, tallies, total
from tui.state.model import (
    ActionRun,
    Attempt,
    OnSave,
    Override,
    Pass,
    RunState,
    Status,
    Tally,
    Test,
    Unreachable,
    Worker,
    is_flaky,
    is_same,
)
from tui.state.reducer import reduce, replay

__all__ = [
    "UNTARGETED",
    "ActionRun",
    "Attempt",
    "Group",
    "OnSave",
    "Override",
    "Pass",
    "RunState",
    "Status",
    "Tally",
    "Test",
    "Unreachable",
    "Worker",
    "by_tier",
    "counts",
    "duration",
    "groups",
    "is_flaky",
    "is_same",
    "ordered_tiers",
    "reduce",
    "replay",
    "tallies",
    "total",
]
