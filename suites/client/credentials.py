"""How a credential is put on a WebSocket upgrade, and the ways in which that goes wrong in the field.

The faults here lie in the *tests*, not in the platform: causes E1 to E4, E6, E8, D3 and K1 to K3 of
the catalogue. They are switched on by ``STAGING_CLIENT_FAULT`` in a suite's environment, and change
what is sent where a test leaves the choice to the client.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Transport = Literal["header", "subprotocol", "none"]
"""Where the token goes: ``Authorization``, ``Sec-WebSocket-Protocol``, or nowhere."""

PROTOCOL = "agents.v1"


@dataclass(frozen=True)
class Upgrade:
    """What a client says on the upgrade beside what the protocol asks for."""

    headers: tuple[tuple[str, str], ...] = ()
    subprotocols: tuple[str, ...] = ()
    origin: str | None = None
    key: str | None = None
    """A ``Sec-WebSocket-Key`` of one's own."""
    old_argument: bool = False
    """Headers are handed to the library by the argument that its old versions had."""


def upgrade(token: str, refresh_token: str, transport: Transport, faults: frozenset[str]) -> Upgrade:
    """The upgrade of a client that holds these tokens."""
    if transport == "none":
        return Upgrade()
    if transport == "subprotocol":
        return Upgrade(subprotocols=(PROTOCOL, f"bearer.{token}"))
    sent = Upgrade(headers=(("Authorization", f"Bearer {token}"),))
    for fault in sorted(faults):
        sent = _spoil(sent, fault, token, refresh_token)
    return sent


def _spoil(sent: Upgrade, fault: str, token: str, refresh_token: str) -> Upgrade:
    match fault:
        case "D3-wrong-default-origin":
            return replace(sent, origin="http://127.0.0.1")
        case "E1-no-credential-sent":
            return replace(sent, headers=())
        case "E2-credential-unexpanded":
            return replace(sent, headers=(("Authorization", "Bearer ${STAGING_TOKEN}"),))
        case "E3-wrong-scheme":
            return replace(sent, headers=(("Authorization", f"JWT {token}"),))
        case "E4-bearer-bearer":
            return replace(sent, headers=(("Authorization", f"Bearer Bearer {token}"),))
        case "E6-newline-in-token":
            return replace(sent, headers=(("Authorization", f"Bearer {token}\n"),))
        case "E8-refresh-token-sent":
            return replace(sent, headers=(("Authorization", f"Bearer {refresh_token}"),))
        case "K1-client-api-changed":
            return replace(sent, old_argument=True)
        case "K2-fixture-not-run":
            held: object = object()  # what a set-up that did not run has left
            return replace(sent, headers=(("Authorization", f"Bearer {held.token}"),))  # type: ignore[attr-defined]
        case "K3-handshake-key-wrong":
            return replace(sent, key="not sixteen bytes")
        case _:
            raise ValueError(f"STAGING_CLIENT_FAULT: the client has no fault {fault!r}")
