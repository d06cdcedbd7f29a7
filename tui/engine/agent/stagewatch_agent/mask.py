"""Removing secrets from text, before it leaves the process that saw them.

Masked are: values of environment variables whose names speak of secrets, the plan's credentials
(which it names by reference only), what has the shape of a JWT, and the values of Authorization
and Cookie headers. Everything else, node ids and source lines too, stays as it is.
"""

from __future__ import annotations

import base64
import json
import os
import re
import urllib.parse
from collections.abc import Iterable, Mapping
from pathlib import Path

MASKED = "‹masked›"

_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|KEY|CREDENTIAL", re.IGNORECASE)
_SHORTEST = 6
"""Characters. A shorter value is too likely to be a word that means something else."""

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")
_HEADER_NAME = r"(?:proxy-)?authorization|(?:set-)?cookie|x-api-key"
_QUOTED_HEADER = re.compile(
    rf"""(?i)((?:b?['"])(?:{_HEADER_NAME})['"]\s*[:,=]\s*b?)(?P<q>['"])(?P<value>[^'"{{}}\r\n]+)(?P=q)"""
)
_BARE_HEADER = re.compile(
    rf"(?i)(\b(?:{_HEADER_NAME})\s*[:=]\s*)(?P<value>(?:(?:Bearer|Basic|Token|Digest)\s+)?[^\s'\"{{}}()]{{4,}}(?:;[^\r\n'\"]*)?)"
)
_BEARER = re.compile(r"(?i)\b(Bearer\s+)(?P<value>[A-Za-z0-9._~+/=-]{6,})")
_HINTS = ("uthorization", "UTHORIZATION", "ookie", "OOKIE", "earer", "EARER", "x-api-key", "X-Api-Key", "X-API-KEY")


class Mask:
    """A function from text to text that can be shown to anyone."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """``secrets`` are values; forms that they take in URLs, JSON and Basic credentials are found too."""
        forms = {form for secret in secrets for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """``text`` without secrets, and without lone surrogates (escaped: JSON can't carry them)."""
        if self._values is not None:
            text = self._values.sub(MASKED, text)
        if "eyJ" in text:
            text = _JWT.sub(MASKED, text)
        if any(hint in text for hint in _HINTS):
            text = _QUOTED_HEADER.sub(rf"\1\g<q>{MASKED}\g<q>", text)
            text = _BARE_HEADER.sub(rf"\1{MASKED}", text)
            text = _BEARER.sub(rf"\1{MASKED}", text)
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        return text


def secrets_of(environment: Mapping[str, str], references: Iterable[str]) -> set[str]:
    """The values to mask: of secret-sounding variables, and of ``env:NAME`` and ``file:PATH`` references."""
    found = {value for name, value in environment.items() if _SECRET_NAME.search(name)}
    for reference in references:
        kind, _, rest = reference.partition(":")
        if kind == "env":
            found.add(environment.get(rest, ""))
        elif kind == "file":
            try:
                text = Path(os.path.expanduser(rest)).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # whoever needs the credential will say that it can't be read
            found.update([text, text.strip(), *text.splitlines()])
    return {value for value in found if len(value.strip()) >= _SHORTEST and not value.isspace()}


def _forms(secret: str) -> set[str]:
    as_bytes = secret.encode("utf-8", "surrogateescape")
    encoded = base64.b64encode(as_bytes).decode("ascii").rstrip("=")
    return {
        secret,
        urllib.parse.quote(as_bytes, safe=""),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        encoded,
        encoded.translate(str.maketrans("+/", "-_")),
    }
