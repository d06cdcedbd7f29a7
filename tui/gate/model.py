"""What a verdict is made of."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from tui.state import Override

Answer: TypeAlias = Literal["go", "no-go", "inconclusive"]
Standing: TypeAlias = Literal["so far", "decided", "final"]

GO = 0
NO_GO = 1
TOO_FEW = 4
PARTIAL = 5
INCONCLUSIVE = 6


class NotChecked(msgspec.Struct, frozen=True):
    """A line of the ledger: something this verdict could not rest on, and why."""

    what: str
    count: int
    why: str


class Verdict(msgspec.Struct, frozen=True):
    """``reasons`` are sentences, the weightiest first; the first stands beside the verdict everywhere.

    ``standing``: *so far* while a result still to come can change it, *decided* when none can
    (a rerun may), *final* when the iteration is closed. ``valid_until``: when it runs out by itself
    (seconds since the epoch), None if nothing says so. ``override``: somebody has let the deploy go on all the same.
    """

    answer: Answer
    standing: Standing
    reasons: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    exit_code: int
    valid_until: float | None = None
    override: Override | None = None
