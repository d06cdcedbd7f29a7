"""A feed from a live session, over its unix socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

import msgspec

from tui import places, queries
from tui.client.archive import JournalArchive
from tui.client.feed import Company
from tui.client.person import who
from tui.errors import INTERNAL, StagewatchError
from tui.events import Event, Evidence
from tui.protocol import (
    VERSION,
    Accepted,
    Command,
    Events,
    EvidenceReply,
    Farewell,
    FromSession,
    Hello,
    Refused,
    Request,
    Snapshot,
    WantEvidence,
    Welcome,
)
from tui.state import RunState, reduce

_LONGEST_LINE = 1 << 30
"""Bytes of the longest line a session may send: the snapshot of a very large run."""

_PATIENCE = 20.0
"""Seconds that a session gets to answer a newcomer; one that is busy takes milliseconds."""
_ENDED = "the session has ended: `stagewatch show` opens what it recorded"

_decoder = msgspec.json.Decoder(FromSession)


class LiveFeed:
    """A ``feed.Feed`` that grows while the session runs. Use ``connect``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = RunState()
        self._welcome = Welcome(VERSION, "", drives=False)
        self._farewell: Farewell | None = None
        self._is_cut_off = False
        self._replies: dict[int, asyncio.Future[Accepted | Refused]] = {}
        self._commands = 0
        self.archive = JournalArchive(lambda: places.project_folder(Path(self._state.root)))
        self._evidence: dict[tuple[int, int], list[asyncio.Future[Evidence | None]]] = {}

    @classmethod
    async def connect(cls, socket: Path, *, read_only: bool = False, commands: bool = False) -> LiveFeed:
        """Raises StagewatchError when nobody listens there (any more), or does not answer, or will not talk to us."""
        try:
            reader, writer = await asyncio.open_unix_connection(socket, limit=_LONGEST_LINE)
        except OSError:
            raise StagewatchError(_ENDED) from None
        feed = cls(reader, writer)
        feed._send(Hello(VERSION, who(), read_only, commands))
        try:
            async with asyncio.timeout(_PATIENCE), aclosing(feed.updates()) as updates:
                first = await anext(updates, None)
        except TimeoutError:
            writer.transport.abort()
            raise StagewatchError(
                f"the session does not answer: {_PATIENCE:g} seconds without a word (is its process stopped?)"
            ) from None
        if first is None and feed._farewell is not None:
            await feed.close()
            raise StagewatchError(_ENDED if feed._is_cut_off else feed._farewell.why)
        return feed

    @property
    def state(self) -> RunState:
        return self._state

    @property
    def session(self) -> str:
        return self._welcome.session

    @property
    def read_only(self) -> str | None:
        if self._farewell is not None:
            return self._farewell.why
        if self._welcome.drives:
            return None
        return f"{self._welcome.driver} drives" if self._welcome.driver else "you watch read-only"

    @property
    def company(self) -> Company:
        welcome = self._welcome
        return Company("" if welcome.drives else welcome.driver, welcome.watchers, welcome.asking, welcome.told)

    @property
    def farewell(self) -> str | None:
        return None if self._farewell is None else self._farewell.why

    @property
    def exit_code(self) -> int | None:
        """The session's own, when it ended because it could not do what it was asked."""
        return None if self._farewell is None else self._farewell.exit_code

    async def updates(self) -> AsyncGenerator[Sequence[Event], None]:
        """As of a ``feed.Feed``. What a connection that ended early has left out is taken from the journal."""
        while self._farewell is None:
            try:
                line = await self._reader.readline()
                message = _decoder.decode(line) if line else self._cut_off("the session is gone: it was killed")
            except (OSError, ValueError):
                message = self._cut_off("the connection to the session broke")
            match message:
                case Events():
                    for record in message.events:
                        if record.seq > self._state.seq:
                            reduce(self._state, record.event)
                            self._state.seq = record.seq
                    yield [record.event for record in message.events]
                case Snapshot():
                    self._state = msgspec.json.decode(message.state, type=RunState)
                    yield []
                case Welcome():
                    self._welcome = message
                case EvidenceReply():
                    for waiting in self._evidence.pop((message.test, message.attempt), []):
                        if not waiting.done():
                            waiting.set_result(message.evidence)
                case Accepted() | Refused():
                    reply = self._replies.pop(message.id, None)
                    if reply is not None and not reply.done():
                        reply.set_result(message)
                case Farewell():
                    self._farewell = message
        self._give_up()
        if await self._take_recorded_end():
            yield []

    async def send(self, command: Request) -> Accepted | Refused:
        """Somebody has to be reading ``updates`` meanwhile."""
        if self._farewell is not None:
            return Refused(self._farewell.why)
        reply: asyncio.Future[Accepted | Refused] = asyncio.get_running_loop().create_future()
        self._commands += 1
        self._replies[self._commands] = reply
        self._send(msgspec.structs.replace(command, id=self._commands))
        return await reply

    async def evidence(self, test: int, attempt: int) -> Evidence | None:
        if self._farewell is not None:
            return None
        reply: asyncio.Future[Evidence | None] = asyncio.get_running_loop().create_future()
        waiting = self._evidence.setdefault((test, attempt), [])
        waiting.append(reply)
        if len(waiting) == 1:
            self._send(WantEvidence(test, attempt))
        return await reply

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def _send(self, message: Hello | Command) -> None:
        self._writer.write(msgspec.json.encode(message) + b"\n")

    def _cut_off(self, why: str) -> Farewell:
        """No goodbye was said."""
        self._is_cut_off = True
        return Farewell(why, INTERNAL)

    async def _take_recorded_end(self) -> bool:
        """Whether the iteration has ended as recorded, and not as this viewer, which read too slowly, knows it."""
        known = self._state
        if known.ended is not None or not known.iteration:
            return False
        try:
            # In a thread: a large one takes a while, and the board goes on drawing.
            recorded = await asyncio.to_thread(_load, Path(known.root), known.iteration)
        except StagewatchError:
            return False
        if recorded.ended is None or recorded.began != known.began:
            return False
        self._state = recorded
        if self._is_cut_off:
            self._farewell = Farewell(recorded.end_reason or "the run has ended")
        return True

    def _give_up(self) -> None:
        for reply in self._replies.values():
            if not reply.done():
                reply.set_result(Refused(self.farewell or ""))
        for waiting in self._evidence.values():
            for evidence in waiting:
                if not evidence.done():
                    evidence.set_result(None)


def _load(root: Path, iteration: int) -> RunState:
    return queries.load(places.project_folder(root), iteration)
