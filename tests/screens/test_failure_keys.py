"""The failure screen: live head, evidence that is fetched, steps from failure to failure."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.board import WIDE, Board, board
from tests.support.deploy import NOW, UPGRADE, deploy
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.protocol import Cancel, Rerun
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen


async def opened(seen: Board) -> None:
    await seen.press("n", "enter")
    assert isinstance(seen.screen, FailureScreen)


async def test_message_source_and_calls_come_from_the_evidence() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await opened(seen)
        assert seen.feed.wanted == [(made.ids["P1"][0], 1)]
        text = seen.text
        assert (
            text.index("the server answered 403") < text.index("SOURCE") < text.index("CALLS") < text.index("TRACEBACK")
        )
        assert "▸   88      ws = await connect(url, session=session)" in text


async def test_library_frames_unfold() -> None:
    async with board(deploy().feed()) as seen:
        await opened(seen)
        assert "6 library frames folded" in seen.text
        await seen.press("u")
        assert "site-packages/websockets/client.py:305" in seen.text


class SlowFeed(ScriptedFeed):
    """Evidence that comes when the test says so."""

    def __init__(self, events: list[e.Event], evidence: dict[tuple[int, int], e.Evidence]) -> None:
        super().__init__(events, evidence)
        self.comes = asyncio.Event()

    async def evidence(self, test: int, attempt: int) -> e.Evidence | None:
        await self.comes.wait()
        return await super().evidence(test, attempt)


async def test_drawing_does_not_wait_for_evidence() -> None:
    made = deploy()
    feed = SlowFeed(made.events, made.evidence)
    async with board(feed) as seen:
        await opened(seen)
        assert "the server answered 403" in seen.text
        assert "fetching what it left behind" in seen.text
        feed.comes.set()
        await seen.settle()
        assert "SOURCE" in seen.text


async def test_n_and_N_step_through_failures_without_leaving() -> None:
    async with board(deploy().feed()) as seen:
        await opened(seen)
        await seen.press("N")
        assert seen.footer == "this is the first failure"
        names = []
        for _ in range(6):
            await seen.press("n")
            names.append(seen.text.splitlines()[3].split()[2])
        assert names == [
            "test_upgrade_with_token[us]", "test_ws_rejects_anonymous", "test_refund_total_matches_invoice",
            "test_audit_is_written", "test_schema_currency", "test_tenant_is_created_once",
        ]  # fmt: skip
        await seen.press("n")
        assert seen.footer == "this is the last failure"
        await seen.press("N")
        assert "test_schema_currency" in seen.text.splitlines()[3]


async def test_n_leaves_out_what_has_been_mended() -> None:
    made = deploy()
    second = made.ids["P1"][1]
    async with board(made.feed()) as seen:
        await opened(seen)
        await seen.tell(e.TestStarted(NOW, second, 2), e.TestFinished(NOW, second, 2, 1, "passed", NOW, 0.1))
        await seen.press("n")
        assert "test_ws_rejects_anonymous" in seen.text.splitlines()[3]


async def test_numbers_switch_tabs_and_empty_tabs_are_not_there() -> None:
    async with board(deploy().feed()) as seen:
        await opened(seen)
        await seen.press("2")
        assert "login qa-7 ok" in seen.text
        await seen.press("3")
        assert "setup 20 ms" in seen.text
        await seen.press("n", "9")
        assert "1 Error    2 Attempts" in seen.text


async def test_r_reruns_the_test_and_its_result_shows_without_moving_what_is_read() -> None:
    made = deploy()
    first = made.ids["P1"][0]
    async with board(made.feed()) as seen:
        await opened(seen)
        await seen.press("r")
        assert seen.feed.sent == [Rerun("tests", (first,), requested=NOW)]
        await seen.tell(e.PassBegan(NOW, 2, (first,), NOW), e.TestStarted(NOW, first, 2))
        assert "▸ running" in seen.text.splitlines()[3]
        await seen.tell(e.TestFinished(NOW + 1, first, 2, 1, "passed", NOW, 0.2, requested=NOW - 0.05))
        assert "≈ flaky" in seen.text.splitlines()[3]
        assert "the server answered 403" in seen.text
        assert seen.footer == "attempt 2: passed; ] shows it"
        await seen.press("right_square_bracket")
        assert "attempt 2 of 2" in seen.text
        await seen.press("2")
        assert "began 50 ms after it was asked for" in seen.text
        await seen.press("left_square_bracket", "left_square_bracket")
        assert seen.footer == "there is no earlier attempt"


async def test_x_ends_it_only_while_it_runs() -> None:
    made = deploy()
    first = made.ids["P1"][0]
    async with board(made.feed()) as seen:
        await opened(seen)
        await seen.press("x")
        assert seen.footer == "this test does not run"
        await seen.tell(e.TestStarted(NOW, first, 2))
        await seen.press("x")
        assert seen.feed.sent == [Cancel(first)]


async def test_escape_goes_back_to_the_board() -> None:
    async with board(deploy().feed()) as seen:
        await opened(seen)
        await seen.press("escape")
        assert isinstance(seen.screen, BoardScreen)
        assert "▌✗ WebSocketUpgradeError" in seen.text


async def test_the_head_stays_live() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await opened(seen)
        seen.now = NOW + 60
        await seen.settle()
        assert "5:12" in seen.text.splitlines()[0]


@pytest.mark.parametrize(
    ("outcome", "exit", "words"),
    [
        ("crashed", e.Exit(signal="SIGKILL"), "crashed: its process ended by SIGKILL"),
        ("crashed", e.Exit(code=9), "crashed: its process ended by exit code 9"),
        ("timeout", None, "longer than 30 s"),
    ],
)
async def test_deaths_and_timeouts_say_how(outcome: e.Outcome, exit: e.Exit | None, words: str) -> None:
    made = deploy()
    test = made.ids["P2"][1]
    made.result(
        test, outcome, 200, 30.0, None, "longer than 30 s", exit=exit, cold_reason="two threads", has_evidence=True
    )
    made.evidence[test, 2] = e.Evidence(stacks='Thread 0x7f (most recent call first):\n  File "a.py", line 3 in wait\n')
    async with board(made.feed()) as seen:
        await seen.press("down", "enter", "enter")
        assert words in seen.text
        assert "STACKS  of all threads" in seen.text
        await seen.press("2")
        assert "cold: two threads" in seen.text


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_a_warm_attempt_says_how_old_what_it_was_forked_from_is(size: tuple[int, int]) -> None:
    made = deploy()
    made.result(made.ids["P2"][1], "failed", 200, 0.2, None, "again", age=340.0)
    async with board(made.feed(), size) as seen:
        await seen.press("down", "enter", "enter", "2")
        assert "warm, generation 1, 340.0s old" in seen.text


async def test_subtests_are_listed() -> None:
    made = deploy()
    subtests = (e.Subtest("i=1", "passed"), e.Subtest("i=2", "failed", "assert 2 == 3"))
    made.evidence[made.ids["P1"][0], 1] = e.Evidence(subtests=subtests)
    async with board(made.feed()) as seen:
        await opened(seen)
        assert "✓ i=1" in seen.text
        assert "✗ i=2" in seen.text
        assert "assert 2 == 3" in seen.text


async def test_it_scrolls_and_says_where_it_is() -> None:
    made = deploy()
    made.evidence[made.ids["P1"][0], 1] = e.Evidence(traceback="\n".join(f"line {n}" for n in range(500)))
    async with board(made.feed(), WIDE) as seen:
        await opened(seen)
        assert " of 504" in seen.text.splitlines()[7]
        await seen.press("end")
        assert "line 499" in seen.text
        await seen.press("home", "pagedown")
        assert "the server answered 403" not in seen.text


async def test_no_evidence_is_said() -> None:
    made = deploy()
    made.evidence.clear()
    async with board(made.feed()) as seen:
        await opened(seen)
        assert "could not be kept" in seen.text or "it left no output" in seen.text
        assert UPGRADE.message in seen.text


async def test_a_comparison_that_the_message_holds_is_not_said_twice() -> None:
    made = deploy()
    test = made.ids["P2"][1]
    message = "assert [1] == [2]\n  At index 0 diff: 1 != 2\n  - 2\n  + 1"
    signature = e.Signature("AssertionError", "assert [#] == [#]")
    made.result(test, "failed", 200, 1.0, signature, message, has_evidence=True)
    lines = ("E       assert [1] == [2]", "E         At index 0 diff: 1 != 2", "E         - 2", "E         + 1")
    made.evidence[test, 2] = e.Evidence("\n".join(lines))
    async with board(made.feed()) as seen:
        await seen.press("down", "enter", "enter")
        assert "At index 0 diff: 1 != 2" in seen.text
        assert "ASSERTION" not in seen.text


async def test_y_copies_what_is_asked_for_and_keeps_it_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = deploy()
    async with board(made.feed()) as seen:
        await opened(seen)
        test = seen.feed.state.tests[made.ids["P1"][0]]
        copied = tmp_path / "stagewatch" / "copied.txt"
        for key, text in (
            ("m", test.attempts[-1].message),
            ("i", test.node),
            ("c", f"cd {seen.feed.state.root} && python -m pytest '{test.node}'"),
        ):
            await seen.press("y", key)
            assert seen.app.clipboard == text
            assert copied.read_text() == f"{text}\n"
            assert seen.footer.startswith(f"copied by OSC 52, for terminals that take it, and to {tmp_path}")
        await seen.press("y", "escape")
        assert "esc back" in seen.footer


async def test_e_says_why_there_is_no_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    made = deploy()
    async with board(made.feed()) as seen:
        await opened(seen)
        await seen.press("e")
        assert "is not on this machine" in seen.footer
        seen.feed.state.root = str(tmp_path)
        for frame in made.evidence[made.ids["P1"][0], 1].frames:
            if frame.own:
                (tmp_path / frame.path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / frame.path).touch()
        await seen.press("e")
        assert seen.footer == "no editor is named: set EDITOR (or VISUAL)"
