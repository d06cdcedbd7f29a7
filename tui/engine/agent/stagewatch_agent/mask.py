"""Removing secrets from text, before it leaves the process that saw them.

Masked are: values of environment variables whose names speak of secrets, the plan's credentials
(which it names by reference only), what has the shape of a JWT, and the values of Authorization
and Cookie headers. Everything else, node ids and ordinary source lines too, stays as it is.
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

# Every pattern takes time that grows with the text and no faster: what it looks for begins where a run of its
# characters begins, or ends with the line, so that no character is looked at from many places.

_WORD = "[A-Za-z0-9_-]"
_JWT = re.compile(
    rf"(?<!{_WORD})(?={_WORD}*\.{_WORD}{{4,}}\.)({_WORD}*?)eyJ{_WORD}{{4,}}\.{_WORD}{{4,}}\.{_WORD}*(?:\.{_WORD}+){{0,2}}"
)
_SCHEME = r"(?:Bearer|Basic|Token|Digest|Negotiate|NTLM|OAuth|ApiKey|Api-Key|Signature|AWS4-HMAC-SHA256)(?![\w-])"
_TOKEN_HEADER = r"(?:proxy-)?authorization|x-api-key|x-auth-token"
_HEADER = rf"{_TOKEN_HEADER}|(?:set-)?cookie"

_QUOTED = re.compile(
    rf"""(?ix) (?P<name>
        \\*['"] (?:{_HEADER}) \\*['"] \s{{0,4}} [:,=] \s{{0,4}}     # as in a dict, JSON, or a pair
        | (?<![\w-]) (?:{_HEADER}) \s{{0,4}} [:=] \s{{0,4}}         # as a keyword
    ) (?P<open> b? (?P<quote>\\*['"]) )
    (?P<value> (?: (?!(?P=quote)) (?: \\. | [^\\\r\n] ) )+ )
    (?P<close> (?P=quote)? )"""
)
_LISTED = re.compile(rf"""(?i)(?P<name>\\*['"](?:{_HEADER})\\*['"]\s{{0,4}}[:=]\s{{0,4}}\[)(?P<value>[^\]\r\n]+)""")
_SCHEMED = re.compile(
    rf"""(?ix) (?P<name> (?P<quote>\\*['"])? (?<![\w-]) (?:{_HEADER}) \s{{0,4}} [:=] \s{{0,4}} {_SCHEME} \s{{1,4}} )
    (?P<value> (?(quote) (?: (?!(?P=quote)) [^\r\n] )+ | (?: (?!\\[rn]) [^\r\n] )+ ) )"""
)
_COOKIE = re.compile(
    r"""(?ix) (?P<name> (?P<quote>\\*['"])? (?<![\w-]) (?:set-)?cookie: [ \t]{0,4} )
    (?P<value> [\w.!#$%&*+^`|~-]+ = (?(quote) (?: (?!(?P=quote)) [^\r\n] )* | (?: (?!\\[rn]) [^\r\n] )* ) )"""
)
_PLAIN = re.compile(
    rf"""(?ix) (?P<name> (?<![\w-]) (?:{_TOKEN_HEADER}): [ \t]{{0,4}} )
    (?!{_SCHEME}) (?P<value> [^\s'"{{}}()\[\],;\\]{{4,}} ) (?! [^\s'"{{}},;\\] | [ \t]*= )"""
)
_BEARER = re.compile(r"(?i)(?P<name>\bBearer\s{1,4})(?P<value>(?=\S{0,200}\d|\S{20})[A-Za-z0-9._~+/=-]{6,})")
_PLACEHOLDER = re.compile(rf"(?i)(?:{_SCHEME}\s+)?(?:\{{[\w.]*\}}|%s|<[\w -]*>|\.\.\.|…)\W*")
"""What a source line may hold where a header's value will be."""
_HINTS = ("authorization", "cookie", "bearer", "x-api-key", "x-auth-token")

_CREDENTIALS = re.compile(rf"(?is)(\s*{_SCHEME}\s+)(?:\S{{4,}}\s*|[^=]{{0,80}}=.*)")
_HEADER_NAME = re.compile(r"auth(?!ors?\b|ored)|cookie|bearer|jwt|pwd|passphrase|signature|session_?id", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s:/@]{0,200}):[^\s/@]{1,200}@")


class Mask:
    """A function from text to text that can be shown to anyone."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """``secrets`` are values; forms that they take in URLs, JSON and Basic credentials are found too."""
        self._secrets: set[str] = set()
        self._values: re.Pattern[str] | None = None
        self.longest = 0
        """Characters in the longest form of a secret."""
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these too from now on. What is known already costs next to nothing."""
        found = set(secrets)
        if found <= self._secrets:
            return
        self._secrets |= found
        longest_first = sorted({form for secret in self._secrets for form in _forms(secret)}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first)))
        self.longest = len(longest_first[0])

    def __call__(self, text: str) -> str:
        """``text`` without secrets, and without lone surrogates (escaped: JSON can't carry them)."""
        if self._values is not None:
            text = self._values.sub(MASKED, text)
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        if "eyJ" in text:
            text = _JWT.sub(rf"\1{MASKED}", text)
        lower = text.lower()
        if any(hint in lower for hint in _HINTS):
            text = _LISTED.sub(_listed, text)
            for pattern in (_QUOTED, _SCHEMED, _COOKIE, _PLAIN, _BEARER):
                text = pattern.sub(_masked, text)
        return text


def _masked(match: re.Match[str]) -> str:
    if _PLACEHOLDER.fullmatch(match["value"]):
        return match[0]
    parts = match.groupdict("")
    return f"{match['name']}{parts.get('open', '')}{MASKED}{parts.get('close', '')}"


def _listed(match: re.Match[str]) -> str:
    return f"{match['name']}'{MASKED}'"


def standing_alone(name: str, value: str) -> str:
    """A value that nothing stands beside but its name, as a variable's or a dict entry's, without credentials.

    Stricter than a :class:`Mask`, which reads a header's name before it takes away what follows.
    """
    if is_secret_name(name) or _HEADER_NAME.search(name):
        return MASKED
    if found := _CREDENTIALS.fullmatch(value):
        return found[1] + MASKED
    return _PASSWORD_IN_URL.sub(rf"\1:{MASKED}@", value) if "://" in value else value


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is taken to hold a secret."""
    return _SECRET_NAME.search(name) is not None


def secrets_of(environment: Mapping[str, str], references: Iterable[str]) -> set[str]:
    """The values to mask: of secret-sounding variables, and of ``env:NAME`` and ``file:PATH`` references."""
    found = {value for name, value in environment.items() if is_secret_name(name)}
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
    forms = {
        secret,
        urllib.parse.quote(as_bytes, safe=""),
        urllib.parse.quote(as_bytes),
        urllib.parse.quote_plus(as_bytes),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        repr(as_bytes)[2:-1],
    }
    # In Base64 it may begin at any of three places in a group, as in ``user:password``: what does not depend on its
    # neighbours is looked for.
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + as_bytes).decode("ascii")
        settled = encoded[(0, 2, 3)[before] : (before + len(as_bytes)) * 8 // 6]
        if len(settled) >= _SHORTEST:
            forms |= {settled, settled.translate(str.maketrans("+/", "-_"))}
    return forms
