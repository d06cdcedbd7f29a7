"""When the two ways to run a test, warm (in a fork) and cold (in a fresh process), do not say the same: in words."""

from __future__ import annotations

from collections.abc import Iterator

from tui.events import Disagreed, Trusted
from tui.state.model import Attempt, RunState, Test


def disagreements(state: RunState) -> Iterator[tuple[Test, Attempt]]:
    """The tests of which warm and cold said the opposite, each with the latest cold attempt that did."""
    for test in state.present():
        latest = next((each for each in reversed(test.attempts) if each.contradicted is not None), None)
        if latest is not None:
            yield test, latest


def disagreement_words(node: str, event: Disagreed) -> str:
    return (
        f"warm and cold disagree about {node}: {event.warm} in a fork, {event.cold} in a fresh process; the latter "
        f"counts, and {event.path} runs cold from now on (once mended: stagewatch trust {event.path})"
    )


def trust_words(event: Trusted) -> str:
    by = f", {event.by} says" if event.by else ""
    return f"runs warm again{by}: {', '.join(event.paths)}"
