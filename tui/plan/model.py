"""What a plan says: the target under test, its tiers, and its suites.

These are plain values. They come from a plan file (``plan.file``) or, without one, from what
the project's own markers and names say (``plan.discovery``); from then on nobody asks which.
Times are in seconds.
"""

from __future__ import annotations

import datetime
from typing import Literal, TypeAlias

import msgspec

Confirm: TypeAlias = Literal["always", "never", "when-disagreed"]


class Target(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The environment under test. Credentials are references (``env:NAME``, ``file:PATH``), never values.

    ``start``: the command that starts it, where the session does; it has ``start_timeout`` seconds to be ready.
    """

    name: str | None = None
    base_url: str | None = None
    ws_url: str | None = None
    version_url: str | None = None
    health_url: str | None = None
    credentials: dict[str, str] = {}
    never: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    start_timeout: float = 30.0


class GatePolicy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a tier needs to be *go*. ``None`` leaves a point to the plan's ``[gate]``, then to the built-in default.

    ``longest``: how long it may take from the start to its last first result; of ``[gate]``, how long the run.
    """

    pass_rate: float | None = None
    least: int | None = None
    flaky: int | None = None
    skipped: int | None = None
    longest: float | None = None


class Quarantined(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tests that run and don't block until a date: ``test`` is a node id, or a file, folder or class of them."""

    test: str
    until: datetime.date
    reason: str


class Value(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is at stake in a tier or suite, with where the number comes from."""

    amount: float
    currency: str
    period: str
    owner: str
    as_of: datetime.date
    source: str


class Tier(msgspec.Struct, frozen=True, omit_defaults=True):
    """A priority class. Lower ``order`` runs and shows first."""

    id: str
    title: str = ""
    order: int = 0
    gate: GatePolicy = GatePolicy()
    value: Value | None = None


class Suite(msgspec.Struct, frozen=True, omit_defaults=True):
    """A named set of tests in one tier, and how they want to be run."""

    id: str
    tier: str
    title: str = ""
    paths: tuple[str, ...] = ()
    markers: str = ""
    keyword: str = ""
    env: dict[str, str] = {}
    env_file: str = ""
    timeout: float | None = None
    workers: int | None = None
    spread: Literal["module", "tests"] = "module"
    exclusive: bool = False
    value: Value | None = None


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something the plan lets a user do by a key. ``command`` is a program and its arguments, no shell takes it apart.

    ``confirm``: the board asks first. ``timeout``: it is ended after that. ``then``: what the session runs again when
    it has ended with exit code 0; empty: nothing.
    """

    key: str
    title: str
    command: tuple[str, ...]
    confirm: bool = True
    timeout: float = 900.0
    then: Literal["", "rerun-failed", "rerun-all"] = ""


class Cover(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run covers that was not asked for anything in particular. Empty: everything."""

    tiers: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    keyword: str = ""
    markers: str = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of it. ``source`` is the file it was read from; ``None`` when the project has no plan.

    ``valid_for``: how long a verdict holds. ``confirm``: whether a warm rerun's failure counts only when a fresh
    process has said the same.
    """

    source: str | None = None
    target: Target = Target()
    gate: GatePolicy = GatePolicy()
    tiers: tuple[Tier, ...] = ()
    suites: tuple[Suite, ...] = ()
    run: Cover = Cover()
    valid_for: float | None = None
    quarantine: tuple[Quarantined, ...] = ()
    actions: tuple[Action, ...] = ()
    confirm: Confirm = "when-disagreed"


class Selection(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of the project a run was asked to cover. Empty: everything."""

    paths: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    keyword: str = ""
    markers: str = ""
    pytest_args: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows the run (options after ``--`` may, so they count as narrowing)."""
        return self == Selection()
