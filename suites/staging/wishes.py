"""How an environment was asked to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Wishes:
    """``faults``: full names. ``folder``: None for one that ends with the environment. ``env``: for its processes."""

    faults: tuple[str, ...] = ()
    time_scale: float = 60.0
    tls: bool = False
    folder: Path | None = None
    env: dict[str, str] = field(default_factory=dict)
