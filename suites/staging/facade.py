"""What an environment shows: the address that it advertises, its certificate, and what it tells the suites.

The faults of the start are carried out here: each advertises, or serves, something that is wrong.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass

from suites.staging.certificates import Kind, make_certificates
from suites.staging.config import EDGE, Config
from suites.staging.faults import client_faults
from suites.staging.ready import Target, suite_environment

_TLS_FAULTS = {"A4-certificate-expired", "A5-certificate-wrong-name", "A6-private-ca", "A8-alpn-picks-h2"}


@dataclass(frozen=True)
class Facade:
    """``context``: what the edge accepts with, None for plain HTTP. ``held``: sockets that must stay open for it."""

    target: Target
    context: ssl.SSLContext | None
    environment: dict[str, str]
    held: tuple[socket.socket, ...] = ()


def build_facade(config: Config, faults: Collection[str], *, tls: bool) -> Facade:
    """The facade of an environment, with certificates made anew in its folder where it needs them."""
    tls = tls or bool(_TLS_FAULTS.intersection(faults))
    port, host = config.ports[EDGE], "127.0.0.1"
    held: tuple[socket.socket, ...] = ()
    context, ca = None, None
    if "A1-name-does-not-resolve" in faults:
        host = "staging.invalid"
    if "A2-nothing-listens" in faults:
        held = (_unheard(),)
        port = held[0].getsockname()[1]
    if tls and "A7-tls-to-plain-port" not in faults:
        made = make_certificates(config.folder, _kind(faults))
        h2 = "A8-alpn-picks-h2" in faults
        context = made.context(("h2", "http/1.1") if h2 else ("http/1.1",))
        ca = None if "A6-private-ca" in faults else str(made.ca)
    target = Target(host, port, tls or "A7-tls-to-plain-port" in faults)
    return Facade(target, context, suite_environment(target, config, client_faults(faults), ca), held)


def _unheard() -> socket.socket:
    """A port that is taken, so that nobody else listens at it, and at which nobody does."""
    unheard = socket.socket()
    unheard.bind(("127.0.0.1", 0))
    return unheard


def _kind(faults: Collection[str]) -> Kind:
    if "A4-certificate-expired" in faults:
        return "expired"
    return "wrong-name" if "A5-certificate-wrong-name" in faults else "good"
