"""May this deploy go on? A pure function of the state, the policy it was run under, and the time.

It fails closed: *go* needs evidence, *no-go* needs one thing that is wrong, and all else is
*inconclusive*. The exit codes are published in the README.
"""

from tui.gate.model import (
    GO,
    INCONCLUSIVE,
    NO_GO,
    PARTIAL,
    TOO_FEW,
    Answer,
    NotChecked,
    Standing,
    Verdict,
)
from tui.gate.policy import allowed_failures, counting_failures, tier_policy, under
from tui.gate.verdict import Hindrance, hindrances, verdict

__all__ = [
    "GO",
    "INCONCLUSIVE",
    "NO_GO",
    "PARTIAL",
    "TOO_FEW",
    "Answer",
    "Hindrance",
    "NotChecked",
    "Standing",
    "Verdict",
    "allowed_failures",
    "counting_failures",
    "hindrances",
    "tier_policy",
    "under",
    "verdict",
]
