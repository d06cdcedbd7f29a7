"""The session's end of the protocol: who watches, who drives, and what each has still to be sent.

A viewer costs a bounded amount of memory whatever it does: one that does not read is sent nothing
more, and gets a snapshot instead of what it missed when it reads again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from tui.errors import MALFORMED
from tui.events import Recorded
from tui.protocol import (
    VERSION,
    Accepted,
    Command,
    Events,
    EvidenceReply,
    Farewell,
    FromSession,
    FromViewer,
    GiveKeys,
    Hello,
    Refused,
    Snapshot,
    WantEvidence,
    WantKeys,
    Welcome,
)

_BEHIND = 4 << 20
"""Bytes waiting for a viewer at which it is no longer sent events."""
_LONGEST_LINE = 1 << 20
"""Bytes a viewer may send in a line."""
_MOST_COMMANDS = 8
"""Commands of one viewer at a time: a rerun may wait for a collection, and is to be cancelled meanwhile."""
_FAREWELL_PATIENCE = 2.0
"""Seconds that viewers get to read their last lines."""
_LOOK_EVERY = 5.0
"""Seconds between two looks at whether the socket is still there."""
_OLDER = "this session is of an older Stagewatch than yours: end it with `stagewatch stop`"

Reply = Accepted | Refused | EvidenceReply


class Server:
    """Listens on a unix socket. ``snapshot`` gives (seq, state as JSON); ``obey`` carries out a command."""

    def __init__(
        self, session: str, snapshot: Callable[[], Snapshot], obey: Callable[[Command, str], Awaitable[Reply]]
    ) -> None:
        self._session = session
        self._snapshot = snapshot
        self._obey = obey
        self._viewers: list[_Viewer] = []
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._commands: set[asyncio.Task[None]] = set()
        self._obeys = True
        self._chosen: _Viewer | None = None
        """Who was handed the keys; else the first who came drives."""
        self._asking: list[_Viewer] = []
        self.watched = asyncio.Event()
        """Set while somebody watches."""
        self.unwatched = asyncio.Event()
        """Set while nobody does."""
        self.unwatched.set()
        self._seen = asyncio.Event()

    async def listen(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path, limit=_LONGEST_LINE)
        path.chmod(0o600)

    async def stay_reachable(self, path: Path) -> None:
        """Listen again when the socket is gone: the runtime folder is emptied at a user's last logout."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if not path.exists():
                with suppress(OSError):  # there may be no folder until the user comes back
                    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    if self._server is not None:
                        self._server.close()
                    await self.listen(path)

    async def wait_for_somebody(self, patience: float) -> None:
        """Until somebody has ever watched, but not for ever."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._seen.wait(), patience)

    def publish(self, recorded: list[Recorded]) -> None:
        """Send events to everybody who keeps up."""
        if self._viewers:
            line = msgspec.json.encode(Events(tuple(recorded))) + b"\n"
            for viewer in self._viewers:
                viewer.send_events(line)

    def publish_anew(self) -> None:
        """Send everybody the state as it is: it is another one than what events were sent of."""
        for viewer in self._viewers:
            viewer.send_anew()

    async def end_commands(self) -> None:
        """The session ends: no command is carried out any more, nor carried on."""
        self._obeys = False
        for command in self._commands:
            command.cancel()
        if self._commands:
            await asyncio.wait(self._commands)

    async def close(self, farewell: Farewell) -> None:
        """Say goodbye to everybody and stop listening."""
        if self._server is not None:
            self._server.close()
        await self.end_commands()
        for viewer in self._viewers:
            viewer.say_goodbye(farewell)
        await asyncio.gather(*(viewer.drain(_FAREWELL_PATIENCE) for viewer in self._viewers))
        for viewer in list(self._viewers):
            viewer.close()
        for writer in self._connections.values():
            writer.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=_FAREWELL_PATIENCE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)
        viewer: _Viewer | None = None
        try:
            hello = msgspec.json.decode(await reader.readline(), type=FromViewer)
            if not isinstance(hello, Hello):
                return
            viewer = _Viewer(hello, writer, self._snapshot)
            if hello.version > VERSION:
                viewer.send(Farewell(_OLDER, MALFORMED))
                return
            self._welcome(viewer)
            async with asyncio.TaskGroup() as tasks:
                while line := await reader.readline():
                    command = msgspec.json.decode(line, type=FromViewer)
                    if isinstance(command, WantEvidence):
                        await self._answer(viewer, command)
                    elif not isinstance(command, Hello):
                        await viewer.slots.acquire()
                        tasks.create_task(_end_of(self._begin(viewer, command)))
                    await viewer.keep_up()
        except* (msgspec.DecodeError, ConnectionError, ValueError):
            pass  # a stranger, or a viewer whose line was cut: it can come again
        finally:
            if viewer is not None:
                self._leave(viewer)
            writer.close()
            try:
                async with asyncio.timeout(_FAREWELL_PATIENCE):
                    await writer.wait_closed()
            except (ConnectionError, TimeoutError):
                writer.transport.abort()

    def _welcome(self, viewer: _Viewer) -> None:
        self._viewers.append(viewer)
        self._count()
        self._say_who_drives(viewer)
        viewer.send_snapshot()
        if not viewer.hello.commands:
            self._tell_all(but=viewer)

    def _leave(self, viewer: _Viewer) -> None:
        if viewer not in self._viewers:
            return
        self._viewers.remove(viewer)
        if viewer in self._asking:
            self._asking.remove(viewer)
        self._count()
        if not viewer.hello.commands:
            self._tell_all()

    def _count(self) -> None:
        somebody = any(not viewer.hello.commands for viewer in self._viewers)
        if somebody:
            self._seen.set()
        (self.watched if somebody else self.unwatched).set()
        (self.unwatched if somebody else self.watched).clear()

    def _driver(self) -> _Viewer | None:
        """Who was handed the keys and is still there; else the first who came and may."""
        if self._chosen in self._viewers:
            return self._chosen
        return next((v for v in self._viewers if not v.hello.read_only and not v.hello.commands), None)

    def _tell_all(self, told: str = "", but: _Viewer | None = None) -> None:
        for viewer in self._viewers:
            if viewer is not but:
                self._say_who_drives(viewer, told)

    def _say_who_drives(self, viewer: _Viewer, told: str = "") -> None:
        driver = self._driver()
        others = [v.hello.who for v in self._viewers if v is not driver and v is not viewer and not v.hello.commands]
        asking = self._asking[0].hello.who if viewer is driver and self._asking else ""
        drives = viewer is driver or viewer.hello.commands
        who = driver.hello.who if driver else ""
        viewer.send(Welcome(VERSION, self._session, drives, who, tuple(others), asking, told))

    def _keys(self, viewer: _Viewer, command: WantKeys | GiveKeys) -> Reply:
        """Ask for the keys, or answer whoever does."""
        driver = self._driver()
        if isinstance(command, WantKeys):
            if viewer is driver:
                return Refused("you drive already")
            if viewer.hello.read_only or viewer.hello.commands:
                return Refused("you watch read-only: attach without --read-only to drive")
            assert driver is not None  # this viewer would be
            if viewer not in self._asking:
                self._asking.append(viewer)
                self._say_who_drives(driver)
            return Accepted(f"{driver.hello.who} is asked for the keys")
        if viewer is not driver:
            return Refused(f"{driver.hello.who if driver else 'nobody'} drives this session; you watch")
        if not self._asking:
            return Refused("nobody asks for the keys")
        asks = self._asking.pop(0)
        if not command.yes:
            self._say_who_drives(asks, f"{viewer.hello.who} keeps the keys")
            self._say_who_drives(viewer)
            return Accepted(f"you keep the keys; {asks.hello.who} is told")
        self._chosen = asks
        self._tell_all(f"{viewer.hello.who} handed the keys to {asks.hello.who}")
        return Accepted(f"{asks.hello.who} drives now")

    def _begin(self, viewer: _Viewer, command: Command) -> asyncio.Task[None]:
        """What is asked for is the session's to do, and done also when whoever asked is gone."""
        task = asyncio.get_running_loop().create_task(self._carry_out(viewer, command))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)
        return task

    async def _carry_out(self, viewer: _Viewer, command: Command) -> None:
        try:
            await self._answer(viewer, command)
        finally:
            viewer.slots.release()

    async def _answer(self, viewer: _Viewer, command: Command) -> None:
        reply: Reply
        driver = self._driver()
        if not self._obeys and not isinstance(command, WantEvidence):
            reply = Refused("the session ends")
        elif isinstance(command, WantKeys | GiveKeys):
            reply = self._keys(viewer, command)
        elif viewer is driver or viewer.hello.commands or isinstance(command, WantEvidence):
            reply = await self._obey(command, viewer.hello.who)
        elif viewer.hello.read_only:
            reply = Refused("you watch read-only")
        else:
            reply = Refused(f"{driver.hello.who if driver else 'somebody'} drives this session; you watch")
        if not isinstance(reply, EvidenceReply) and not isinstance(command, WantEvidence):
            reply = msgspec.structs.replace(reply, id=command.id)
        viewer.send(reply)


class _Viewer:
    """One connection."""

    def __init__(self, hello: Hello, writer: asyncio.StreamWriter, snapshot: Callable[[], Snapshot]) -> None:
        self.hello = hello
        self.slots = asyncio.Semaphore(_MOST_COMMANDS)
        self._writer = writer
        self._snapshot = snapshot
        self._catching_up: asyncio.Task[None] | None = None

    def send(self, message: FromSession) -> None:
        if not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(message) + b"\n")

    def send_snapshot(self) -> None:
        self.send(self._snapshot())

    def send_anew(self) -> None:
        if self._catching_up is None:
            self.send_snapshot()

    def send_events(self, line: bytes) -> None:
        if self._catching_up is not None or self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _BEHIND:
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up())
        else:
            self._writer.write(line)

    async def keep_up(self) -> None:
        """Hear no more of it while answers wait that it does not read."""
        if self._writer.transport.get_write_buffer_size() > _BEHIND:
            await self._writer.drain()

    def say_goodbye(self, farewell: Farewell) -> None:
        """Its last line, after all that it has missed."""
        if self._catching_up is not None:
            self._catching_up.cancel()
            self.send_snapshot()
        self.send(farewell)

    async def drain(self, patience: float) -> None:
        with suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self._writer.drain(), patience)

    def close(self) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()
        self._writer.close()

    async def _catch_up(self) -> None:
        """It reads too slowly for events: when it has read what it was sent, it gets all of it as it then is."""
        with suppress(ConnectionError):
            await self._writer.drain()
            self._catching_up = None
            self.send_snapshot()


async def _end_of(command: asyncio.Task[None]) -> None:
    """Wait for a command; to stop waiting does not end it."""
    await asyncio.shield(command)
