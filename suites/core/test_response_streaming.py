"""Response streaming: an answer comes in pieces while it is made, and the pieces are the answer."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from suites.client import Client
from suites.expect import problem


def _pieces(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["text"] for event in events if event["type"] == "partial_result"]


async def test_the_pieces_joined_are_the_answer_to_the_letter(member: Client) -> None:
    text = 'Zeile 1: größer, naïve – 東京 🚀\n\n\tline 3   with  gaps, and "quotes" \\ <tags> at its end'
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "echo", text)
        events = await socket.events_of(run["id"])

    assert "".join(_pieces(events)) == text
    assert events[-1]["data"]["text"] == text
    assert (await member.run(run["id"]))["result"]["text"] == text


async def test_echo_answers_in_pieces_of_at_most_sixteen_characters(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "echo", "0123456789abcdef" * 3 + "rest")
        events = await socket.events_of(run["id"])

    assert _pieces(events) == ["0123456789abcdef"] * 3 + ["rest"]
    numbers = [event["data"]["index"] for event in events if event["type"] == "partial_result"]
    assert numbers == [0, 1, 2, 3]


async def test_the_writer_answers_word_by_word(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "writer", "five words in all here")
        events = await socket.events_of(run["id"])

    assert [piece.strip() for piece in _pieces(events)] == ["Draft:", "five", "words", "in", "all", "here."]
    assert "".join(_pieces(events)) == events[-1]["data"]["text"] == "Draft: five words in all here."


async def test_the_first_pieces_come_while_the_rest_is_still_being_made(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "2000")
        pieces = [await socket.until(_is_piece) for _ in range(3)]

        assert [frame["event"]["data"]["text"] for frame in pieces] == ["tick 1 ", "tick 2 ", "tick 3 "]
        assert (await member.run(run["id"]))["status"] == "running"
        problem(await member.get(f"/runs/{run['id']}/result"), 409, "not-finished")
        await socket.ask("cancel_run", run=run["id"])


async def test_pieces_come_as_they_are_made_and_not_all_at_the_end(member: Client) -> None:
    thread = await member.create_thread()
    run = await member.complete(thread["id"], "slow", "5")

    ticks = [event for event in await member.events(run["id"]) if event["type"] == "partial_result"]
    assert len(ticks) == 5
    moments = [datetime.fromisoformat(event["timestamp"]) for event in ticks]
    apart = [(after - before).total_seconds() for before, after in pairwise(moments)]
    assert all(seconds >= 0.019 for seconds in apart), apart


async def test_who_comes_late_gets_the_pieces_so_far_and_then_the_rest(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as early, member.connect() as late:
        run = await early.start_run(thread["id"], "slow", "12")
        for _ in range(4):
            await early.until(_is_piece)
        await late.subscribe(thread["id"], after=0)
        events = await late.events_of(run["id"])

    assert _pieces(events) == [f"tick {i} " for i in range(1, 13)]
    assert [event["sequence"] for event in events] == list(range(1, events[-1]["sequence"] + 1))
    assert events[-1]["data"]["text"] == "".join(_pieces(events))


def _is_piece(frame: dict[str, Any]) -> bool:
    return frame["type"] == "event" and frame["event"]["type"] == "partial_result"
