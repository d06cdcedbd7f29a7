"""What in a message only names an instance, and what it is masked with.

Masked: uuids, addresses, times, temporary paths, tokens, numbers in identifiers, long numbers,
ports that the kernel chose. Kept, because they say something: status, close and error codes, the
values that an assertion compared, ports and versions that people know.

Each entry is a pattern and what becomes of its match. The first that matches at a place wins, so
an entry that *keeps* shields what it matches from those after it. Every pattern begins at a word
or at a fixed character and no repetition is nested in another of the same characters, so that
the time taken stays far from exponential; the caller bounds the length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_FIRST_CHOSEN_PORT = 32_768
"""Ports from here on are the kernel's choice (Linux's ip_local_port_range); those below are somebody's."""

_LONG_NUMBER = 5
"""Digits from which a bare number is a name (an id, an epoch, a size) rather than a code or a count."""

_DIGITS = re.compile(r"\d+")
_TEMPORARY = r"""(?:/private)?(?:/var/folders|/var/tmp|/tmp|/dev/shm)/[^\s'"`,;:()<>\[\]{}]+"""
_CLOCK = r"\d\d:\d\d:\d\d"
_WEEKDAY_DATE = rf"\b[A-Z][a-z]{{2}},[ ]\d{{1,2}}[ ][A-Z][a-z]{{2}}[ ]\d{{4}}[ ]{_CLOCK}(?:[ ](?:GMT|UTC))?"
_CODE_WORD = r"(?i:http|https|status|status_code|code|error|err|errno|winerror|exit|signal|close|closed)"
_KNOWN_WORD = (
    r"(?i:utf|iso|latin|cp|sha|md|int|uint|float|double|base|ipv|oauth|x86|amd|arm|python|py|http|tls|ssl|rfc|v|h)"
)
_NAMING_WORD = (
    r"(?:(?<![A-Za-z])(?i:id|pk|uid|pid|user|order|session|account|tenant|thread|worker|item|row|line)|(?<=[a-z])Id)"
)


def masked(text: str) -> str:
    """One line with everything that names an instance replaced: ``<uuid>``, ``<time>``, ``<tmp>``, ``#``."""
    return _INSTANCE.sub(_mask, text)


def without_temporary_paths(text: str) -> str:
    return re.sub(_TEMPORARY, "<tmp>", text)


def stand_ins(text: str) -> list[str]:
    """What stands in a masked text for what names an instance, each once: ``<uuid>``, ``#``."""
    return list(dict.fromkeys(_STAND_INS.findall(text)))


_STAND_INS = re.compile("<(?:uuid|time|ip|token|hex|tmp)>|#")


def _mask(match: re.Match[str]) -> str:
    return _MASKS[match.lastgroup or ""](match[0])


def _by(placeholder: str) -> Callable[[str], str]:
    return lambda text: placeholder


def _kept(text: str) -> str:
    return text


def _digits(text: str) -> str:
    return _DIGITS.sub("#", text)


def _port(text: str) -> str:
    return _digits(text) if int(_DIGITS.findall(text)[0]) >= _FIRST_CHOSEN_PORT else text


def _number(text: str) -> str:
    whole, _, fraction = text.partition(".")
    return "#" if max(len(whole), len(fraction)) >= _LONG_NUMBER else text


def _word(text: str) -> str:
    """``user_123`` as ``user_#``, ``pod-7d9f8b6c5-x2x4k`` as ``pod-#-#``; one last digit (``ec2``) stays."""
    if text[:-1].isalpha() and text[-1].isdigit():
        return text
    return "".join(
        "#" if len(_DIGITS.findall(part)) > 1 or re.fullmatch(r"(?=.*\d)[0-9a-f]{6,}", part) else _digits(part)
        for part in re.split(r"([_-])", text)
    )


_ENTRIES: dict[str, tuple[str, Callable[[str], str]]] = {
    "spelled": (r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})", _kept),
    "temporary": (_TEMPORARY, _by("<tmp>")),
    "uuid": (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", _by("<uuid>")),
    "address": (r"(?<=\bat[ ])0[xX][0-9a-fA-F]+|\b0[xX][0-9a-fA-F]{9,}", _by("0x#")),
    "time": (
        _WEEKDAY_DATE
        + r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z\b|[ ]?[+-]\d\d:?\d\d\b)?)?"
        + rf"|\b{_CLOCK}(?:[.,]\d+)?",
        _by("<time>"),
    ),
    "loopback": (r"\b(?:127\.0\.0\.1|0\.0\.0\.0)\b", _kept),
    "ip": (r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\[[0-9a-fA-F]{1,4}:[0-9a-fA-F:.]+\]", _by("<ip>")),
    "named": (_NAMING_WORD + r"""["' =:#(]{1,4}\d+\b(?!-)""", _digits),
    "source line": (r"\.py:\d+", _by(".py:#")),
    "port": (r"(?:(?<=[A-Za-z0-9.>\]-]):|\b(?i:port)[ =:]{1,3})\d{4,5}\b(?![.:]\d)", _port),
    "token": (r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}\b", _by("<token>")),
    "code": (rf"\b{_CODE_WORD}[ _=:(\[#-]{{0,3}}\d{{1,6}}\b(?![.:-]?\d)", _kept),
    "code in capitals": (r"\b(?:[A-Z]+|(?:ORA|ERR|E|HTTP|ISO|UTF|RFC)-)\d{1,6}\b", _kept),
    "known": (rf"\b{_KNOWN_WORD}[/_-]?\d{{1,4}}(?:[._-]\d{{1,4}})*\b", _kept),
    "path segment": (r"(?<=[A-Za-z_])/\d+\b(?!\.)", _by("/#")),
    "hex": (r"\b(?=[0-9a-f]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,}\b", _by("<hex>")),
    "word": (r"\b[A-Za-z_][A-Za-z0-9_-]*\d[A-Za-z0-9_-]*", _word),
    "took": (r"\b\d+\.\d{2,}(?=[ ]?(?:s|ms|us|µs|ns|secs?|seconds?)\b)", _by("#")),
    "number": (r"(?<![A-Za-z0-9_.])\d+(?:\.\d+)?", _number),
}
_NAMES = {f"m{index}": entry for index, entry in enumerate(_ENTRIES)}
_MASKS = {group: _ENTRIES[entry][1] for group, entry in _NAMES.items()}
_INSTANCE = re.compile("|".join(f"(?P<{group}>{_ENTRIES[entry][0]})" for group, entry in _NAMES.items()))
