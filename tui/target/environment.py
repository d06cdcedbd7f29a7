"""What tests find of the target in their environment: its URLs and its credentials, under its name."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from tui.errors import StagewatchError
from tui.plan.model import Plan, Target

_LARGEST = 64 * 1024
"""Bytes of a file that holds a credential."""


def resolve(plan: Plan, environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The plan's credentials, by name. ``home``: what a relative path is relative to.

    Raises StagewatchError for the first that is not there.
    """
    return {name: _value(plan, name, reference, environ, home) for name, reference in plan.target.credentials.items()}


def variables(target: Target, credentials: Mapping[str, str]) -> dict[str, str]:
    """``STAGING_BASE_URL``, ``STAGING_WS_URL`` and ``STAGING_<CREDENTIAL>`` of a target named ``staging``.

    One without a name gives none.
    """
    if target.name is None:
        return {}
    found = {"BASE_URL": target.base_url, "WS_URL": target.ws_url, **credentials}
    return {f"{_upper(target.name)}_{_upper(name)}": value for name, value in found.items() if value is not None}


def _upper(name: str) -> str:
    return re.sub("[^A-Z0-9]", "_", name.upper())


def _value(plan: Plan, name: str, reference: str, environ: Mapping[str, str], home: Path) -> str:
    kind, _, rest = reference.partition(":")
    value = environ.get(rest, "") if kind == "env" else _read(plan, name, home / Path(rest).expanduser())
    if not value:
        missing = "is not set" if kind == "env" and rest not in environ else "is empty"
        raise _mistake(plan, name, f"{rest} {missing}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _mistake(plan, name, f"{rest} is not text in UTF-8") from None
    return value


def _read(plan: Plan, name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _mistake(plan, name, f"{path} can't be read ({error.strerror})") from None
    if len(data) > _LARGEST or b"\0" in data:
        raise _mistake(plan, name, f"{path} is no credential (it has a NUL character or over {_LARGEST // 1024} KiB)")
    return os.fsdecode(data).rstrip("\r\n")


def _mistake(plan: Plan, name: str, what: str) -> StagewatchError:
    where = f"{plan.source}: " if plan.source else ""
    return StagewatchError(f"{where}credentials.{name} of [target]: {what}")
