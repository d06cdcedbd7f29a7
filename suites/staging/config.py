"""What an environment is made of: where its services listen, and the secrets that were made at its start.

One value, built by the supervisor before it forks; every service gets it whole. Nothing in it is
ever written to a file but what the services store themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

AUTH, BACKEND, GATEWAYS, EDGE = "auth-1", "backend-1", ("gateway-1", "gateway-2"), "edge-1"
"""Instances, by the names that ``x-instance`` and the admin endpoint use."""

ISSUER = "https://auth.staging.example"
AUDIENCE = "staging-api"
INTERNAL_AUDIENCE = "staging-internal"
ORIGINS = ("https://app.staging.example", "http://localhost:3000")
PROBLEMS = "https://staging.example/problems/"


@dataclass(frozen=True)
class Account:
    """A user that stands at the start: the admin of a tenant."""

    name: str
    tenant: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SigningKey:
    """An EC P-256 key pair. ``private`` is PEM; ``public`` is a JWK without ``d``."""

    kid: str
    private: str = field(repr=False)
    public: dict[str, str]


@dataclass(frozen=True)
class Secrets:
    """Made anew at every start."""

    signing: SigningKey
    following: SigningKey
    accounts: tuple[Account, Account]
    service_clients: dict[str, str] = field(repr=False)
    """Client id to secret, for ``gateway`` and ``backend``."""
    shared: str = field(repr=False)
    """The HMAC secret of a deployment that signs tokens with a shared one: only the faults F8 to F10 do."""
    admin_key: str = field(repr=False)


@dataclass(frozen=True)
class Config:
    """``ports``: by instance, all on 127.0.0.1. ``folder``: databases and switches.

    ``time_scale``: how much quicker slow things go.
    """

    folder: Path
    ports: dict[str, int]
    secrets: Secrets
    time_scale: float = 1.0

    def scaled(self, seconds: float) -> float:
        """How long something that takes ``seconds`` in the field takes here."""
        return seconds / self.time_scale

    def url(self, instance: str) -> str:
        """Where another service of the environment is called."""
        return f"http://127.0.0.1:{self.ports[instance]}"
