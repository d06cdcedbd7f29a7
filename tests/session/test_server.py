"""The session's end of the protocol, spoken to by strangers, by the future and by the deaf."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tui import protocol
from tui.client.live import LiveFeed
from tui.errors import StagewatchError
from tui.events import Evidence, Noticed, Recorded
from tui.protocol import (
    VERSION,
    Accepted,
    Command,
    EvidenceReply,
    Farewell,
    GiveKeys,
    Hello,
    Refused,
    Rerun,
    Snapshot,
    WantEvidence,
    WantKeys,
)
from tui.session import server as server_room
from tui.session.server import Reply, Server
from tui.state import RunState, reduce


class Session:
    """What a server needs of one: a state that grows by notices, and commands that are only noted."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "s.sock"
        self.state = RunState()
        self.obeyed: list[tuple[Command, str]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.done: list[Command] = []
        self.snapshots = 0
        self.evidence = Evidence(traceback="t" * 100_000)
        self.server = Server("shop-1", self._snapshot, self._obey)

    def say(self, text: str) -> None:
        self.state.seq += 1
        event = Noticed(1.0, text)
        reduce(self.state, event)
        self.server.publish([Recorded(self.state.seq, event)])

    def _snapshot(self) -> Snapshot:
        self.snapshots += 1
        return Snapshot(self.state.seq, msgspec.Raw(msgspec.json.encode(self.state)))

    async def _obey(self, command: Command, who: str) -> Reply:
        self.obeyed.append((command, who))
        if isinstance(command, WantEvidence):
            return EvidenceReply(command.test, command.attempt, self.evidence)
        await self.may_end.wait()
        self.done.append(command)
        return Accepted("done")


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    session = Session(tmp_path)
    await session.server.listen(session.socket)
    yield session
    await session.server.close(Farewell("over"))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def connect(session: Session) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(session.socket, limit=1 << 26)


def line(message: object) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def reading(feed: LiveFeed) -> asyncio.Task[None]:
    async def read() -> None:
        async for _ in feed.updates():
            pass

    return asyncio.create_task(read())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\xfe\n", b"{}\n", b"GET / HTTP/1.1\r\n\r\n", b"[" * 100_000 + b"\n", b'{"say":"hello"}\n',
        b'{"say":"rerun","what":"all"}\n', b"x" * (2 << 20), b"",
    ],
    ids=["bytes", "nothing", "http", "deep", "half", "no hello", "endless", "silence"],
)  # fmt: skip
async def test_who_sends_garbage_is_let_go_and_nobody_else_notices(session: Session, garbage: bytes) -> None:
    feed = await LiveFeed.connect(session.socket)
    reader, writer = await connect(session)
    writer.write(garbage)
    writer.write_eof()
    with suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    task = reading(feed)
    session.say("still here")
    await until(lambda: feed.state.notices)
    assert not session.obeyed
    task.cancel()
    await feed.close()


async def test_garbage_after_a_greeting_ends_that_connection_only(session: Session) -> None:
    reader, writer = await connect(session)
    writer.write(line(Hello(VERSION, "ann")) + b'{"say":"reru')
    writer.write_eof()
    said = [json.loads(one)["say"] for one in (await asyncio.wait_for(reader.read(), 10)).splitlines()]
    assert said == ["welcome", "snapshot"]
    writer.close()
    assert session.server.unwatched.is_set()


async def test_a_newer_viewer_is_told_what_to_do(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.client.live.VERSION", VERSION + 1)
    with pytest.raises(
        StagewatchError, match="of an older Stagewatch than yours: end it with `stagewatch stop`"
    ) as told:
        await LiveFeed.connect(session.socket)
    assert told.value.exit_code == 2


async def test_a_session_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.client.live._PATIENCE", 0.1)
    deaf = socket.socket(socket.AF_UNIX)
    deaf.bind(str(tmp_path / "deaf.sock"))
    deaf.listen()
    with pytest.raises(StagewatchError, match="does not answer"):
        await LiveFeed.connect(tmp_path / "deaf.sock")
    deaf.close()


class TestAViewerThatDoesNotRead:
    async def test_costs_little_and_gets_a_snapshot_of_it_all_when_it_reads_again(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_room, "_BEHIND", 1 << 18)
        reader, writer = await connect(session)
        writer.transport.pause_reading()
        writer.write(line(Hello(VERSION, "ann")))
        await until(lambda: session.server.watched.is_set())
        for number in range(2000):
            session.say(f"{number} {'x' * 1000}")
            if not number % 50:
                await asyncio.sleep(0)
        (viewer,) = session.server._viewers
        assert viewer._writer.transport.get_write_buffer_size() < (1 << 18) + 4096
        assert session.snapshots == 1

        writer.transport.resume_reading()
        state = RunState()
        while state.seq < 2000:
            message = msgspec.json.decode(await asyncio.wait_for(reader.readline(), 20), type=protocol.FromSession)
            if isinstance(message, Snapshot):
                state = msgspec.json.decode(message.state, type=RunState)
        assert session.snapshots == 2
        assert state == session.state
        writer.close()

    async def test_is_not_answered_without_end(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server_room, "_BEHIND", 1 << 18)
        reader, writer = await connect(session)
        writer.transport.pause_reading()
        writer.write(line(Hello(VERSION, "ann")) + line(WantEvidence(1, 1)) * 300)
        await until(lambda: len(session.obeyed) > 3)
        for _ in range(200):
            await asyncio.sleep(0)
        (viewer,) = session.server._viewers
        assert viewer._writer.transport.get_write_buffer_size() < 2 << 20
        assert len(session.obeyed) < 30

        writer.transport.resume_reading()
        answers = 0
        while answers < 300:
            answers += b'"evidence"' in await asyncio.wait_for(reader.readline(), 20)
        writer.close()

    async def test_gets_all_of_it_before_the_farewell(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server_room, "_BEHIND", 1 << 18)
        reader, writer = await connect(session)
        writer.transport.pause_reading()
        writer.write(line(Hello(VERSION, "ann")))
        await until(lambda: session.server.watched.is_set())
        for number in range(2000):
            session.say(f"{number} {'x' * 1000}")
        closing = asyncio.create_task(session.server.close(Farewell("over")))
        await asyncio.sleep(0.05)
        writer.transport.resume_reading()
        messages = [msgspec.json.decode(one, type=protocol.FromSession) async for one in reader]
        snapshot, farewell = messages[-2:]
        assert farewell == Farewell("over")
        assert isinstance(snapshot, Snapshot) and snapshot.seq == 2000
        await closing
        writer.close()

    async def test_does_not_keep_the_session_from_ending(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_room, "_FAREWELL_PATIENCE", 0.1)
        _, writer = await connect(session)
        writer.transport.pause_reading()
        writer.write(line(Hello(VERSION, "ann")))
        await until(lambda: session.server.watched.is_set())
        for _ in range(1000):
            session.say("x" * 1000)
        async with asyncio.timeout(5):
            await session.server.close(Farewell("over"))
        writer.close()


async def test_everybody_is_told_the_end(session: Session) -> None:
    feeds = [await LiveFeed.connect(session.socket, read_only=read_only) for read_only in (False, True)]
    tasks = [reading(feed) for feed in feeds]
    await session.server.close(Farewell("the run has ended"))
    await asyncio.gather(*tasks)
    assert [feed.farewell for feed in feeds] == ["the run has ended"] * 2
    for feed in feeds:
        refused = await feed.send(Rerun("all"))
        assert isinstance(refused, protocol.Refused) and refused.why == "the run has ended"
        assert await feed.evidence(1, 1) is None
        await feed.close()


async def test_who_only_asks_is_heard_whoever_drives_and_does_not_count_as_watching(session: Session) -> None:
    driver = await LiveFeed.connect(session.socket)
    asking = await LiveFeed.connect(session.socket, commands=True)
    tasks = [reading(asking)]
    assert isinstance(await asking.send(Rerun("all")), Accepted)
    await driver.close()
    await until(lambda: session.server.unwatched.is_set())
    tasks[0].cancel()
    await asking.close()


class TestACommandThatTakesAWhile:
    @pytest.fixture
    def slow(self, session: Session) -> Session:
        session.may_end.clear()
        return session

    async def test_is_carried_out_though_its_viewer_dies(self, slow: Session) -> None:
        _, writer = await connect(slow)
        writer.transport.pause_reading()
        writer.write(line(Hello(VERSION, "ann")) + line(Rerun("all")))
        await until(lambda: slow.obeyed)
        writer.transport.abort()  # what it has not read makes of this a reset
        await until(slow.server.unwatched.is_set)
        assert not slow.done
        slow.may_end.set()
        await until(lambda: slow.done)

    async def test_ends_with_the_session(self, slow: Session) -> None:
        feed = await LiveFeed.connect(slow.socket)
        task = reading(feed)
        asked = asyncio.create_task(feed.send(Rerun("all")))
        await until(lambda: slow.obeyed)
        await slow.server.end_commands()
        late = await feed.send(Rerun("all"))
        assert isinstance(late, protocol.Refused) and late.why == "the session ends"
        await slow.server.close(Farewell("over"))
        refused = await asked
        assert isinstance(refused, protocol.Refused) and refused.why == "over"
        assert not slow.done
        await task
        await feed.close()


async def test_a_socket_that_was_swept_away_comes_back(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_room, "_LOOK_EVERY", 0.02)
    early = await LiveFeed.connect(session.socket)
    looking = asyncio.create_task(session.server.stay_reachable(session.socket))
    session.socket.unlink()
    await until(session.socket.exists)
    late = await LiveFeed.connect(session.socket)
    tasks = [reading(feed) for feed in (early, late)]
    session.say("to both")
    await until(lambda: early.state.notices and late.state.notices)
    for task in (looking, *tasks):
        task.cancel()
    for feed in (early, late):
        await feed.close()


async def test_the_keys_are_asked_for_and_handed_over(session: Session) -> None:
    ann, bob = await LiveFeed.connect(session.socket), await LiveFeed.connect(session.socket)
    tasks = [reading(ann), reading(bob)]
    try:
        await until(lambda: len(ann.company.watchers) == 1)
        assert bob.company.driver and not ann.company.driver
        assert isinstance(await bob.send(Rerun("failed")), Refused)
        answer = await bob.send(WantKeys())
        assert isinstance(answer, Accepted) and answer.what.endswith("is asked for the keys")
        await until(lambda: ann.company.asking)
        assert isinstance(await bob.send(GiveKeys()), Refused), "nobody takes them"
        kept = await ann.send(GiveKeys(yes=False))
        assert isinstance(kept, Accepted)
        await until(lambda: bob.company.told.endswith("keeps the keys"))
        assert isinstance(await ann.send(GiveKeys()), Refused), "nobody asks any more"

        await bob.send(WantKeys())
        await until(lambda: ann.company.asking)
        assert isinstance(await ann.send(GiveKeys()), Accepted)
        await until(lambda: not bob.company.driver and bob.read_only is None)
        assert "handed the keys to" in ann.company.told and ann.read_only is not None
        assert isinstance(await bob.send(Rerun("failed")), Accepted)
        assert isinstance(await ann.send(Rerun("failed")), Refused)
        assert isinstance(await bob.send(WantKeys()), Refused), "it drives already"
    finally:
        await ann.close()
        await bob.close()
        await asyncio.wait(tasks)


async def test_who_asked_and_went_is_forgotten_and_who_stays_drives(session: Session) -> None:
    ann, bob = await LiveFeed.connect(session.socket), await LiveFeed.connect(session.socket)
    tasks = [reading(ann), reading(bob)]
    await bob.send(WantKeys())
    await until(lambda: ann.company.asking)
    await bob.close()
    await until(lambda: not ann.company.asking and not ann.company.watchers)
    assert isinstance(await ann.send(GiveKeys()), Refused)
    eve = await LiveFeed.connect(session.socket)
    tasks.append(reading(eve))
    await ann.close()
    await until(lambda: not eve.company.driver)
    assert isinstance(await eve.send(Rerun("failed")), Accepted)
    await eve.close()
    await asyncio.wait(tasks)


async def test_who_watches_read_only_gets_no_keys(session: Session) -> None:
    ann = await LiveFeed.connect(session.socket)
    eve = await LiveFeed.connect(session.socket, read_only=True)
    tasks = [reading(ann), reading(eve)]
    answer = await eve.send(WantKeys())
    assert isinstance(answer, Refused) and "--read-only" in answer.why
    await ann.close()
    await until(lambda: not eve.company.driver)
    assert eve.read_only == "you watch read-only"
    await eve.close()
    await asyncio.wait(tasks)
