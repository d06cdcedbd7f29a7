"""Message flow: what is said in a thread is stored once, in order, and heard by all who listen, by either door."""

from __future__ import annotations

from suites.client import Client, Socket


async def _heard(socket: Socket) -> dict[str, object]:
    return (await socket.until(lambda frame: frame["type"] == "message_created"))["message"]


async def test_a_message_sent_over_the_socket_is_read_over_rest(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        answer = await socket.ask("message", thread=thread["id"], content="Ship it?")

    assert answer["type"] == "accepted", answer
    sent = answer["message"]
    assert (sent["thread_id"], sent["role"], sent["author"]) == (thread["id"], "user", member.user["id"])
    assert (sent["content"], sent["sequence"], sent["run_id"]) == ("Ship it?", 1, None)
    assert await member.call("GET", f"/threads/{thread['id']}/messages/{sent['id']}") == sent
    assert await member.messages(thread["id"]) == [sent]


async def test_a_message_posted_over_rest_is_heard_by_everyone_who_listens(member: Client, viewer: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as own, viewer.connect() as watching:
        for socket in (own, watching):
            assert (await socket.subscribe(thread["id"]))["type"] == "subscribed"

        posted = await member.send_message(thread["id"], "To whom it may concern")

        assert await _heard(own) == posted
        assert await _heard(watching) == posted


async def test_messages_are_numbered_in_the_order_they_were_sent_by_whichever_door(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        for content in ("one", "three", "five"):
            assert (await socket.ask("message", thread=thread["id"], content=content))["type"] == "accepted"
            await member.send_message(thread["id"], f"after {content}")

    stored = [(message["sequence"], message["content"]) for message in await member.messages(thread["id"])]
    assert stored == list(enumerate(["one", "after one", "three", "after three", "five", "after five"], start=1))
    assert (await member.thread(thread["id"]))["message_count"] == 6


async def test_an_agents_answer_becomes_a_message_of_the_thread(member: Client) -> None:
    thread = await member.create_thread()
    asked = await member.send_message(thread["id"], "Write a note on rollbacks")

    run = await member.complete(thread["id"], "writer", "a note on rollbacks")

    question, answer = await member.messages(thread["id"])
    assert question == asked
    assert (answer["role"], answer["run_id"], answer["sequence"]) == ("assistant", run["id"], 2)
    assert answer["content"] == run["result"]["text"] == "Draft: a note on rollbacks."


async def test_a_message_that_is_refused_is_neither_stored_nor_heard(member: Client, viewer: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket, viewer.connect() as reader:
        await socket.subscribe(thread["id"])
        empty = await socket.ask("message", thread=thread["id"], content="")
        assert (empty["type"], empty.get("code")) == ("error", "invalid")
        not_theirs = await reader.ask("message", thread=thread["id"], content="A viewer may not write")
        assert (not_theirs["type"], not_theirs.get("code")) == ("error", "forbidden")

        accepted = await socket.ask("message", thread=thread["id"], content="This one counts")

        assert accepted["message"]["sequence"] == 1
        assert await _heard(socket) == accepted["message"]
    assert await member.messages(thread["id"]) == [accepted["message"]]
