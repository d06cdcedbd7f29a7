"""Which environment is verified, and as whom: read from the environment variables ``STAGING_*``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

_NEEDED = ("STAGING_BASE_URL", "STAGING_WS_URL", "STAGING_USER", "STAGING_PASSWORD")
_PATIENCE = 10.0


class TargetMissing(Exception):
    """The environment does not say what to verify; the text says what is missing."""


@dataclass(frozen=True)
class Target:
    """One environment. ``user`` is the admin of a tenant; ``second_user`` that of another one, if it is given.

    ``timeout``: seconds that an answer may take. ``client_faults``: what is wrong with the suites'
    own client, by name (``STAGING_CLIENT_FAULT``; see ``credentials``).
    """

    base_url: str
    ws_url: str
    user: str
    password: str = field(repr=False)
    second_user: str = ""
    second_password: str = field(default="", repr=False)
    admin_key: str = field(default="", repr=False)
    timeout: float = _PATIENCE
    client_faults: frozenset[str] = frozenset()

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Target:
        """The target that ``STAGING_*`` names. Raises TargetMissing."""
        if missing := [name for name in _NEEDED if not environment.get(name)]:
            raise TargetMissing(
                f"the suites verify a staging environment, and {', '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} not set: "
                "`python -m suites.staging` starts one, `stagewatch demo` does all of it"
            )
        return cls(
            base_url=environment["STAGING_BASE_URL"].rstrip("/"),
            ws_url=environment["STAGING_WS_URL"],
            user=environment["STAGING_USER"],
            password=environment["STAGING_PASSWORD"],
            second_user=environment.get("STAGING_SECOND_USER", ""),
            second_password=environment.get("STAGING_SECOND_PASSWORD", ""),
            admin_key=environment.get("STAGING_ADMIN_KEY", ""),
            timeout=float(environment.get("STAGING_TIMEOUT") or _PATIENCE),
            client_faults=frozenset(filter(None, environment.get("STAGING_CLIENT_FAULT", "").split(","))),
        )
