"""Actions of the plan in words: what ran, who asked for it, and how it ended."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from tui.events import ActionSaid, Event
from tui.reports.amounts import many, took
from tui.reports.sentences import exit_words, say
from tui.state import ActionRun, RunState


def command_words(command: Sequence[str]) -> str:
    """A command as a shell would take it, so that an argument with a blank is seen to be one."""
    return shlex.join(command)


def ended_words(run: ActionRun) -> str:
    """How it ended: ``ended with exit code 0``; what ended it, where it did not by itself; empty while it runs."""
    if run.ended is None:
        return ""
    if run.exit is None:
        return run.why or "was not started"
    return exit_words(run.exit) + (f": {run.why}" if run.why else "")


def action_began(run: ActionRun) -> str:
    by = f", asked by {run.by}" if run.by else ""
    return say("action", f"{run.title} runs{by}: {command_words(run.command)}")


def action_ended(run: ActionRun) -> str:
    after = f" after {took((run.ended or run.began) - run.began)}" if run.exit is not None else ""
    how = exit_words(run.exit) + after if run.exit is not None else ended_words(run)
    why = f": {run.why}" if run.why and run.exit is not None else ""
    return say("action", f"{run.title} {how}{why}")


def output(run: ActionRun, told: int) -> list[str]:
    """The lines of its output behind the first ``told``; how many are no longer known is said."""
    news = untold(run, told)
    missing = run.said - told - len(news)
    left_out = [say("output", f"({many(missing, 'line')} left out)")] if missing else []
    return left_out + [say("output", line) for line in news]


def said_before(state: RunState, batch: Iterable[Event]) -> dict[int, int]:
    """By the number of each action: how many lines it had said before a batch that ``state`` has taken in."""
    said = {run.number: run.said for run in state.actions}
    for event in batch:
        if isinstance(event, ActionSaid) and event.number in said:
            said[event.number] -= len(event.lines)
    return said


def untold(run: ActionRun, told: int) -> list[str]:
    """What is known of its output behind the first ``told`` lines of it."""
    news = run.said - told
    return run.lines[-news:] if news > 0 else []
