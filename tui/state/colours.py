"""Why a test changed colour, by what is known and nothing else: revision, sources, declared environment.

One of them is another than before: *fixed*, or *broken*, naming it. None is: *flaky*.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from tui.events import FAILING
from tui.state.model import AS_EXPECTED, Attempt, RunState, Test, is_colder, is_same

COLD_NOW = "it ran warm before and cold now"
_MOST_NAMES = 5
_STARTED = "the target was started anew"
Colour: TypeAlias = Literal["fixed", "broken", "flaky"]


class Turn(msgspec.Struct, frozen=True):
    """A change of colour; ``known``: what else had changed, in words, nothing for a flake."""

    colour: Colour
    known: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """``fixed: environment changed: STAGING_CLIENT_FAULT``."""
        return f"{self.colour}: {', '.join(self.known)}" if self.known else f"{self.colour}: nothing known changed"


def turn(state: RunState, test: Test, index: int) -> Turn | None:
    """How attempt ``index`` (0 upwards) of a test turned; None where it has the colour of the one before, or has none.

    Before the first is what an earlier iteration left, if that was of another revision: of no other change is known.
    """
    counting = [each for each in test.attempts[:index] if _counts(each) and not (each.mixed or each.untargeted)]
    now = test.attempts[index]
    return None if now.mixed or now.untargeted else _turn(state, test, counting[-1] if counting else None, now)


def turn_as_it_came(state: RunState, test: Test, index: int) -> Turn | None:
    """The same by what was known when the result came: the stream tells it then, and tells who comes late no other.

    A stamp's second half, and that the target was down, come after a result.
    """
    mixed = [each.before not in (None, state.revision) for each in test.attempts]
    counting = [
        each for each, is_mixed in zip(test.attempts[:index], mixed, strict=False)
        if _counts(each) and not (is_mixed or each.untargeted)
    ]  # fmt: skip
    return None if mixed[index] else _turn(state, test, counting[-1] if counting else None, test.attempts[index])


def _turn(state: RunState, test: Test, before: Attempt | None, now: Attempt) -> Turn | None:
    if test.collection or not _counts(now):
        return None
    if before is None:
        return _since_another_revision(state, test, now)
    if (before.outcome in FAILING) == (now.outcome in FAILING):
        return None
    if is_same(before, now):
        return Turn(_colour(now), (COLD_NOW,)) if is_colder(before, now) else Turn("flaky")
    known = ["sources changed"] if before.digest != now.digest else []
    old, new = (declared(state, test.suite, attempt) for attempt in (before, now))
    return Turn(_colour(now), (*known, *environment_changes(old, new)))


def declared(state: RunState, suite: str, attempt: Attempt) -> dict[str, str]:
    """What an attempt's test found declared, as digests by name."""
    if attempt.environment >= len(state.environments):
        return {}
    environments = state.environments[attempt.environment]
    around = environments.get("", {})
    if around and state.plan.target.start:
        around = {_STARTED: ",".join(around.values())}  # its addresses and passwords are new at every start
    return {**around, **environments.get(suite, {})}


def environment_changes(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """What is declared otherwise, in words: none, or a sentence that names the variables."""
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    started = [_STARTED] if _STARTED in names else []
    names = [name for name in names if name != _STARTED]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return [f"environment changed: {', '.join(names[:_MOST_NAMES])}{more}"] * bool(names) + started


def _since_another_revision(state: RunState, test: Test, now: Attempt) -> Turn | None:
    earlier = test.carried_revision
    if not earlier or not state.revision or earlier == state.revision:
        return None
    if test.last is None or not (test.last in FAILING or test.last in AS_EXPECTED):
        return None
    if (test.last in FAILING) == (now.outcome in FAILING):
        return None
    return Turn(_colour(now), (f"revision {earlier} is now {state.revision}",))


def _counts(attempt: Attempt) -> bool:
    """It has a colour, and is no warm failure that a fresh process has still to confirm."""
    return not attempt.unconfirmed and _has_colour(attempt)


def _has_colour(attempt: Attempt) -> bool:
    return attempt.outcome in FAILING or attempt.outcome in AS_EXPECTED


def _colour(attempt: Attempt) -> Colour:
    return "broken" if attempt.outcome in FAILING else "fixed"
