"""What has happened between two looks at a project's runs, in sentences. Pure: of two states, and nothing else."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from tui.events import SAVED
from tui.gate import verdict
from tui.reports.amounts import many
from tui.reports.sentences import names_of, sentence
from tui.state import RunState, groups

Kind: TypeAlias = Literal["verdict", "iteration", "revision", "failing", "cleared", "done"]


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened. ``good``: whether it is good news; None where it is neither."""

    kind: Kind
    text: str
    good: bool | None = None


def happenings(before: RunState, now: RunState, at: float) -> list[Happening]:
    """What is different in ``now`` from ``before``, which may be an earlier iteration; the most telling first.

    ``at``: the moment of the second look. What only went on (more tests passed) is no happening.
    """
    found = [*_verdict(before, now, at)]
    if now.iteration != before.iteration:
        ended = now.iteration - before.iteration
        others = f", {many(ended - 1, 'other')} between" if ended > 1 else ""
        found.append(Happening("iteration", f"iteration {now.iteration} runs, {before.iteration} has ended{others}"))
    if now.revision != before.revision and now.revision:
        came = f"revision {before.revision} is now {now.revision}" if before.revision else f"revision {now.revision}"
        found.append(Happening("revision", came))
    return [*found, *_failures(before, now), *_done(before, now)]


def _verdict(before: RunState, now: RunState, at: float) -> list[Happening]:
    # Each is judged when it was looked at: an old state's verdict is not to be out of date today.
    then, today = verdict(before, before.now), verdict(now, at)
    if then.answer == today.answer:
        return []
    good = {"go": True, "no-go": False}.get(today.answer)
    return [Happening("verdict", f"{then.answer.upper()} is now {today.answer.upper()}", good)]


def _failures(before: RunState, now: RunState) -> list[Happening]:
    then = {group.signature: len(group.tests) for group in groups(before)}
    today = {group.signature: len(group.tests) for group in groups(now)}
    found = []
    for signature, count in today.items():
        if signature not in then:
            found.append(Happening("failing", f"new: {sentence(signature)} ({many(count, 'test')})", False))
        elif count != then[signature]:
            more = f"{count} instead of {many(then[signature], 'test')}: {sentence(signature)}"
            found.append(Happening("failing", more, count < then[signature]))
    known = {(test.node, test.ordinal): test for test in now.present()}
    for group in groups(before):
        if group.signature in today:
            continue
        left = [known.get((test.node, test.ordinal)) for test in group.tests]
        passed = sum(test is not None and test.outcome == "passed" for test in left)
        how = f"{passed} of {many(len(left), 'test')} passed since" if passed else "not run again"
        is_good = True if passed == len(left) else None
        found.append(Happening("cleared", f"no longer: {sentence(group.signature)} ({how})", is_good))
    return found


def _done(before: RunState, now: RunState) -> list[Happening]:
    """Actions, reruns and an override, with who asked for them."""
    same = now.iteration == before.iteration
    known = len(before.actions) if same else 0
    found = []
    for run in now.actions[known:]:
        how = "runs" if run.ended is None else "went well" if run.is_good else "failed"
        found.append(Happening("done", f"{run.title}: {how}{_by(run.by)}", None if run.ended is None else run.is_good))
    passes = now.passes[len(before.passes) if same else 0 :]
    again = [one for one in passes if one.number > 1]
    if again:
        whom = names_of(
            list(dict.fromkeys("a save" if one.by.startswith(SAVED) else one.by for one in again if one.by))
        )
        found.append(Happening("done", f"{many(len(again), 'rerun')}{_by(whom)}"))
    for one in passes:
        if one.cancelled:
            found.append(Happening("done", f"pass {one.number} was cancelled{_by(one.cancelled_by)}"))
    if now.override is not None and now.override != before.override:
        found.append(Happening("done", f"override by {now.override.by}: {now.override.why}"))
    return found


def _by(who: str) -> str:
    return f", asked by {who}" if who else ""
