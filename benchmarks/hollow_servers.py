"""Servers that promise nothing: what a suite must not pass against.

    python benchmarks/hollow_servers.py grants|refuses

``grants`` gives a well-formed login, tokens and JWKS, answers every other request with ``200`` and a
plausible empty body, welcomes every WebSocket and echoes what it says. ``refuses`` answers everything
with ``500``. Prints a ready line as ``python -m suites.staging`` does, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import sys
import time
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

_VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_KEY = ec.generate_private_key(ec.SECP256R1())
_USER = {"id": "usr_00000000000000000000", "name": "somebody", "role": "admin", "tenant": "ten_00000000000000000000"}
_EMPTY = {"id": "thr_00000000000000000000", "status": "ok", "items": [], "next_cursor": None, "has_more": False}


async def _login(request: Request) -> Response:
    now = int(time.time())
    claims = {"iss": "https://auth.staging.example", "aud": "staging-api", "sub": _USER["id"], "typ": "access"}
    claims |= {"iat": now, "nbf": now, "exp": now + 900, "jti": secrets.token_hex(8), "sid": secrets.token_hex(8)}
    token = jwt.encode(claims, _KEY, "ES256", {"kid": "one", "typ": "at+jwt"})
    granted = {"access_token": token, "refresh_token": f"rt_{secrets.token_urlsafe(24)}", "token_type": "Bearer"}
    return JSONResponse({**granted, "expires_in": 900, "scope": "threads:read", "user": _USER})


async def _jwks(request: Request) -> Response:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(_KEY.public_key()))
    return JSONResponse({"keys": [{**public, "kid": "one", "use": "sig", "alg": "ES256"}]})


async def _nothing(request: Request) -> Response:
    return JSONResponse(_EMPTY)


async def _refuse(request: Request) -> Response:
    return Response("no", status_code=500)


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept(subprotocol=next(iter(websocket.scope["subprotocols"]), None))
    await websocket.send_json({"type": "welcome", "connection": "con_00000000000000000000", "user": _USER["id"]})
    try:
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if (text := message.get("text")) is not None:
                await websocket.send_text(text)
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        pass


async def _refuse_upgrade(websocket: WebSocket) -> None:
    await websocket.send_denial_response(Response("no", status_code=500))


_SERVERS: dict[str, list[Any]] = {
    "grants": [
        *(Route(path, _login, methods=["POST"]) for path in ("/auth/login", "/auth/refresh", "/auth/service-token")),
        Route("/.well-known/jwks.json", _jwks),
        Route("/{path:path}", _nothing, methods=_VERBS),
        WebSocketRoute("/{path:path}", _echo),
    ],
    "refuses": [Route("/{path:path}", _refuse, methods=_VERBS), WebSocketRoute("/{path:path}", _refuse_upgrade)],
}


async def _serve(routes: list[Any]) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listening]))
    print(json.dumps({"env": variables(listening.getsockname()[1])}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


def variables(port: int) -> dict[str, str]:
    """What the suites need to believe that an environment is on this port."""
    return {
        "STAGING_BASE_URL": f"http://127.0.0.1:{port}", "STAGING_WS_URL": f"ws://127.0.0.1:{port}/ws",
        "STAGING_USER": "somebody", "STAGING_PASSWORD": secrets.token_hex(8),
        "STAGING_SECOND_USER": "another", "STAGING_SECOND_PASSWORD": secrets.token_hex(8),
        "STAGING_ADMIN_KEY": secrets.token_hex(8),
    }  # fmt: skip


if __name__ == "__main__":
    asyncio.run(_serve(_SERVERS[sys.argv[1]]))
