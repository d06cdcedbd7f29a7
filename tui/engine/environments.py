"""The environments that a plan declares: what a suite's tests find in theirs, read anew before every collection.

Values may be secret and stay here; what is recorded of them are names and salted digests, which tell only whether
one is still what it was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tui.engine.masking import secrets_in
from tui.errors import StagewatchError
from tui.plan.model import Suite

_LARGEST = 64 * 1024
"""Bytes of a file of variables."""
_LINE = re.compile(r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*(?:=(?P<value>.*))?)?", re.ASCII)
SURROUNDINGS = ""
"""In place of a suite's id: what all of them find, the target's variables and credentials."""


class Environments:
    """Suites that declare the same are a group. ``current`` holds what a group's tests have, as it was read last."""

    def __init__(
        self, suites: Sequence[Suite], home: Path, session: Path, salt: bytes, learn: Callable[[Iterable[str]], None]
    ) -> None:
        """``home``: what a relative ``env_file`` is relative to. ``session``: the folder that ``{session}`` stands for.

        ``salt``: of the digests. ``learn`` is told of values that are to be masked.
        """
        self._suites = suites
        self._home = home
        self._session = session
        self._salt = salt
        self._learn = learn
        declared: list[tuple[dict[str, str], str]] = [({}, "")]
        for suite in suites:
            if (suite.env, suite.env_file) not in declared:
                declared.append((suite.env, suite.env_file))
        self._declared = declared
        self.groups = [declared.index((suite.env, suite.env_file)) for suite in suites]
        """Of each suite. Group 0 declares nothing."""
        self.current: list[dict[str, str]] = [{} for _ in declared]

    def read(self) -> None:
        """Raises StagewatchError for a file that is none of variables; then all is as it was."""
        self.current = [self._of(environment, file) for environment, file in self._declared]
        for environment in self.current:
            self._learn(secrets_in(environment, ()))

    def changed(self, before: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
        """What is different from an earlier ``current``, in words that hold no value."""
        words = []
        for group, (old, new) in enumerate(zip(before, self.current, strict=True)):
            names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            if names:
                suites = [suite.id for suite, of in zip(self._suites, self.groups, strict=True) if of == group]
                which = f"suite{'s' * (len(suites) > 1)} {', '.join(suites)}"
                words.append(f"environment of {which}: {', '.join(names)}")
        return tuple(words)

    def digests(self, surroundings: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """By suite (those that declare something) and name; what all of them find is under ``SURROUNDINGS``.

        Without a salt there are none.
        """
        if not self._salt:
            return {}
        found = {SURROUNDINGS: self._digested(surroundings)}
        for suite, group in zip(self._suites, self.groups, strict=True):
            if self.current[group]:
                found[suite.id] = self._digested(self.current[group])
        return found

    def _digested(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {name: self._digest(f"{name}={value}") for name, value in sorted(environment.items())}

    def _digest(self, text: str) -> str:
        return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=self._salt, digest_size=8).hexdigest()

    def _of(self, environment: Mapping[str, str], file: str) -> dict[str, str]:
        found = dict(environment)
        if file:
            for name, value in self._variables(file).items():
                if value is None:
                    found.pop(name, None)
                else:
                    found[name] = value
        return found

    def _variables(self, file: str) -> dict[str, str | None]:
        """By name; None: as the session has it. A file that is not there says nothing."""
        path = self._home / Path(file.replace("{session}", str(self._session))).expanduser()
        try:
            with path.open("rb") as opened:
                data = opened.read(_LARGEST + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StagewatchError(f"env_file {file} can't be read: {error.strerror}") from None
        if len(data) > _LARGEST or b"\0" in data:
            raise StagewatchError(
                f"env_file {file} is no file of variables: it has a NUL character or over {_LARGEST // 1024} KiB"
            )
        try:
            lines = data.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise StagewatchError(f"env_file {file} is no text in UTF-8") from None
        found: dict[str, str | None] = {}
        for number, line in enumerate(lines, 1):
            if line.lstrip().startswith("#"):
                continue
            match = _LINE.fullmatch(line)
            if match is None:
                raise StagewatchError(
                    f"env_file {file}, line {number}: expected NAME=value, NAME alone (as the session has it) or "
                    "a # comment, found something else (not shown, it may be a secret)"
                )
            if match["name"]:
                found[match["name"]] = match["value"]
        return found
