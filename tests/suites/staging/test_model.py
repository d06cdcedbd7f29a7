"""The model says the same to the same input, and what the contract says."""

from __future__ import annotations

from typing import Any

import pytest

from suites.staging.backend import model
from suites.staging.backend.agents import BUILT_IN
from suites.staging.backend.model import Failure, Hand, Pause, Say, Use
from suites.staging.backend.search import CORPUS, search
from suites.staging.backend.tools import TOOLS


def played(agent: str, given: str) -> tuple[str, list[Any]]:
    """An agent's text and steps, with tools that work and sub-agents that are played too."""
    work, steps, answer = model.work(agent, given), [], None
    while True:
        try:
            step = work.send(answer)
        except StopIteration:
            return "".join(step.text for step in steps if isinstance(step, Say)), steps
        steps.append(step)
        answer = None
        if isinstance(step, Use):
            tool = TOOLS[step.tool]
            answer = tool.run(tool.parameters.check(step.arguments))
        elif isinstance(step, Hand):
            answer = played(step.agent, given)[0]


@pytest.mark.parametrize(
    ("agent", "given", "text"),
    [
        ("echo", "seventeen letters", "seventeen letters"),
        ("writer", "two words", "Draft: two words."),
        ("researcher", "xyzzy", "Found 0"),
        ("researcher", "freezes", "Found 1: Deploy freezes and why they fail"),
        ("analyst", "1+1 and 9/4", "Results: 2, 2.25"),
        ("analyst", "no sums", "Nothing to compute"),
        ("triage", "2+2?", "Results: 4"),
        ("triage", "freezes?", "Found 1: Deploy freezes and why they fail"),
        ("triage", "plain", "Draft: plain."),
        ("coordinator", "x 1+1", "Found 0 | Results: 2 | Draft: x 1+1."),
        ("unreliable", "fine", "fine"),
        ("slow", "3", "tick 1 tick 2 tick 3 "),
    ],
)
def test_an_agent_says_what_it_promises_every_time(agent: str, given: str, text: str) -> None:
    first, again = played(agent, given), played(agent, given)

    assert first == again
    assert first[0] == text


def test_every_built_in_agent_has_its_work() -> None:
    for agent in BUILT_IN:
        assert played(agent, "7")[0]


def test_echo_speaks_in_pieces_of_at_most_sixteen_characters() -> None:
    _, steps = played("echo", "x" * 40)

    assert [len(step.text) for step in steps] == [16, 16, 8]


def test_slow_pauses_before_each_piece() -> None:
    _, steps = played("slow", "2")

    assert [type(step) for step in steps] == [Pause, Say, Pause, Say]
    assert {step.seconds for step in steps if isinstance(step, Pause)} == {0.020}


@pytest.mark.parametrize(("given", "code", "said"), [("model", "model_error", 0), ("stream", "stream_broken", 2)])
def test_unreliable_fails_where_it_is_told_to(given: str, code: str, said: int) -> None:
    work = model.work("unreliable", given)
    steps = []
    with pytest.raises(Failure) as failure:
        while True:
            steps.append(next(work))

    assert failure.value.code == code
    assert len(steps) == said


@pytest.mark.parametrize("given", ["0", "2001", "-1", "many", "1.5", "٣"])
def test_slow_takes_only_a_number_of_ticks(given: str) -> None:
    with pytest.raises(Failure, match="1 to 2000"):
        played("slow", given)


def test_tokens_are_words() -> None:
    assert model.usage("three words in", "and two", 4) == {
        "input_tokens": 3,
        "output_tokens": 2,
        "total_tokens": 5,
        "tool_calls": 4,
    }


def test_search_puts_the_best_first_and_equals_by_title() -> None:
    hits = search("deploy staging flags", 10)

    assert hits[0] == {"title": "Feature flags in staging", "score": 0.667}
    assert hits == sorted(hits, key=lambda hit: (-hit["score"], hit["title"]))
    assert {hit["title"] for hit in hits} <= set(CORPUS)
    assert len(CORPUS) == 12
