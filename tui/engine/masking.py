"""The agent's mask on this side, for the one thing that does not come from the agent: the log of pytest's own words."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Protocol

from tui.engine.launcher import AGENT

_KEPT = 1 << 20
"""Bytes of a log that are kept of its end."""


class Mask(Protocol):
    """A function from text to text that can be shown to anyone; it can be told of more to hide."""

    def __call__(self, text: str) -> str: ...
    def learn(self, secrets: Iterable[str]) -> None: ...


def mask_for(environments: Iterable[Mapping[str, str]], credentials: Iterable[str]) -> Mask:
    """What the agents of these environments mask too. The plan's credentials are references."""
    references = tuple(credentials)
    secrets: set[str] = set()
    for environment in environments:
        secrets |= _agents().secrets_of({**os.environ, **environment}, references)
    mask: Mask = _agents().Mask(secrets)
    return mask


def secrets_in(environment: Mapping[str, str], values: Iterable[str]) -> set[str]:
    """What is to be masked of an environment, by its names, and of values that are secret whatever they are called."""
    # A name that speaks of a secret has the agent's own judgement decide what is too short to be hidden.
    named = {f"SECRET_{number}": value for number, value in enumerate(values)}
    found: set[str] = _agents().secrets_of({**environment, **named}, ())
    return found


@cache
def _agents() -> ModuleType:
    # By its path: to import the agent's package is to become an agent.
    spec = importlib.util.spec_from_file_location("stagewatch_mask", AGENT / "stagewatch_agent" / "mask.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mask_log(log: Path, mask: Callable[[str], str]) -> None:
    """Leave of a log that is no longer written its end, without secrets."""
    try:
        with log.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _KEPT))
            if size > _KEPT:
                file.readline()  # not whole: half a secret would not be known
            text = mask(file.read().decode("utf-8", "backslashreplace"))
            file.seek(0)
            file.write(text.encode("utf-8"))
            file.truncate()
    except OSError:
        return  # it can't be read either, or is gone
