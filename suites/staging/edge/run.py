"""The edge as a process: from the listening socket to its end."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from suites.staging.config import Config
from suites.staging.edge.admin import Admin
from suites.staging.edge.client import Clients
from suites.staging.edge.environments import Environments
from suites.staging.edge.faulty import EdgeFaults
from suites.staging.edge.supervision import Supervision
from suites.staging.switches import Switches

_TLS_PATIENCE = 10.0


@dataclass(frozen=True)
class Front:
    """How the edge faces its clients. ``temporary``: the folder to remove if the supervisor dies before it can."""

    context: ssl.SSLContext | None
    temporary: Path | None


def run_edge(config: Config, front: Front, listener: socket.socket, line: socket.socket) -> None:
    """Run until TERM, the supervisor's word, or its end."""
    asyncio.run(_run(config, front, listener, line))


async def _run(config: Config, front: Front, listener: socket.socket, line: socket.socket) -> None:
    switches = Switches(config.folder)
    supervision = await Supervision.open(line)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, supervision.leaving.set)
    environments = Environments(supervision)
    admin = Admin(config, switches, supervision, environments, lambda: server.close())
    clients = Clients(config, switches, EdgeFaults(config, switches), admin.answer)
    server = await asyncio.start_server(
        clients.accepted,
        sock=listener,
        ssl=front.context,
        ssl_handshake_timeout=_TLS_PATIENCE if front.context is not None else None,
        ssl_shutdown_timeout=1.0 if front.context is not None else None,
    )
    supervision.started()
    await supervision.leaving.wait()
    server.close()
    await clients.leave()
    supervision.close()
    if supervision.orphaned and front.temporary is not None:
        shutil.rmtree(front.temporary, ignore_errors=True)
