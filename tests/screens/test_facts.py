"""The board and the plain stream tell the same: each fact is read from the screen and from the lines, and compared."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.histories import histories
from tests.support.board import board
from tests.support.deploy import deploy, passed
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui import shown
from tui.reports.lines import Lines
from tui.state import RunState, reduce

TALL = (200, 120)
OUTCOMES = "passed|failed|error|skipped|xfailed|xpassed|timeout|crashed|cancelled"
_RESULT = re.compile(rf"(?P<outcome>{OUTCOMES}) +[\d.]+m?s +(?P<node>.+?)(?:  \(.*)?$")
_WORDS = {"no-go": "NO-GO", "go": "GO", "inconclusive": "INCONCLUSIVE"}


def last_told(lines: list[str]) -> dict[str, str]:
    """The last outcome told of each test."""
    return {found["node"]: found["outcome"] for line in lines if (found := _RESULT.match(line))}


def legend(text: str) -> Counter[str]:
    """``✗ 6 failed   ✓ 255 passed``: the row below the bar."""
    return Counter({word: int(count) for count, word in re.findall(rf"(\d+) ({OUTCOMES})\b", text.splitlines()[6])})


def failures(text: str) -> tuple[int, int]:
    """How many tests, how many groups, the panel of failures says."""
    found = re.search(r"FAILURES +(\d+) tests?, (\d+) groups?", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


async def test_while_it_runs_every_fact_is_the_same() -> None:
    feed = deploy().feed()
    lines = Lines().of(feed.state, ())
    told = last_told(lines)
    failing = [node for node, outcome in told.items() if outcome in e.FAILING]
    async with board(feed, TALL) as seen:
        text = seen.text
        assert legend(text) == Counter(told.values())
        assert failures(text)[0] == len(failing)
        for line in lines:
            match line.split(maxsplit=2):
                case ["tier", tier, rest]:
                    assert_tier(text, tier.rstrip(":"), rest)
                case ["target", name, rest]:
                    assert name in text and rest.split("revision ")[1] in text
                case ["iteration", number, _]:
                    assert re.search(rf"iteration +{number}\b", text)
                case ["verdict", answer, rest]:
                    assert f"{rest.split(': ', 1)[1]}" in text
                    await seen.resize(80, 24)
                    assert f" {_WORDS[answer.rstrip(',')]} " in seen.text
                    await seen.resize(*TALL)
        messages = {line.strip().split("  at ")[0] for line in lines if line.startswith("   ")}
        assert all(message in text for message in messages) and len(messages) == failures(text)[1]
        await seen.press("slash")
        await seen.type("failing")
        await seen.press("enter")
        listed = re.findall(r"(fail|error) +\S+ (test_\S+)", seen.text)
        outcomes = {"fail": "failed", "error": "error"}
        assert {name: outcomes[word] for word, name in listed} == {
            node.rpartition("::")[2]: told[node] for node in failing
        }


def assert_tier(text: str, tier: str, told: str) -> None:
    """``15 tests: 14 passed, 1 skipped, 100%`` against the tier's row."""
    row = next(row for row in text.splitlines() if re.search(rf"(passed|FAILING) +{tier} ", row))
    numbers = re.split(r"[━─╍▪▇]+", row)[-1].split()
    found = re.match(r"(\d+) tests: (?:(\d+) passed)?.*?([\d.]+%)", told)
    assert found is not None
    assert found[1] in row.split() and (found[2] or "·") in numbers and found[3] in numbers


async def test_when_all_passed_every_fact_is_the_same() -> None:
    feed = passed().feed()
    lines = Lines().of(feed.state, ())
    async with board(feed, TALL) as seen:
        assert legend(seen.text) == Counter(last_told(lines).values())
        assert failures(seen.text) == (0, 0)
        [verdict] = [line for line in lines if line.startswith("verdict")]
        assert verdict.split(maxsplit=1)[1].startswith("go,")
        await seen.resize(80, 24)
        assert " GO " in seen.text


@pytest.mark.parametrize("batch", [1, 7])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(history=histories())
async def test_whatever_happens_they_agree(batch: int, history: list[e.Event]) -> None:
    """However the lines came: in small batches, or in large ones."""
    state, stream, lines = RunState(), Lines(), list[str]()
    for start in range(0, len(history), batch):
        part = history[start : start + batch]
        for event in part:
            reduce(state, event)
        lines += stream.of(state, part)
    nodes = [shown.line(test.node) for test in state.present()]
    assume(not state.is_running and nodes and len(set(nodes)) == len(state.tests))
    assume(not any(test.collection or test.outcome in {"blocked", None} for test in state.present()))
    told = {node: outcome for node, outcome in last_told(lines).items() if node in set(nodes)}
    async with board(ScriptedFeed(history), TALL) as seen:
        assert legend(seen.text) == Counter(test.status for test in state.present() if test.status in OUTCOMES)
        now = {shown.line(test.node): test.outcome for test in state.present() if test.outcome in OUTCOMES.split("|")}
        assert {node: told.get(node) for node in now} == now
        assert failures(seen.text)[0] == len(state.failed)
