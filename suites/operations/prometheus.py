"""A metrics page, read: samples by name and labels, in the text format of Prometheus."""

from __future__ import annotations

import re

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""The value of every sample, by its name and its labels."""

_SAMPLE = re.compile(r"([a-z_]+)\{(.*)\} (\S+)")
_LABEL = re.compile(r'([a-z_]+)="([^"]*)"')


def samples(text: str) -> Samples:
    """The samples of a metrics page, each of which has labels."""
    found: Samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = _SAMPLE.fullmatch(line)
            assert match, f"this is no sample with labels: {line}"
            name, labels, value = match.groups()
            found[name, frozenset(_LABEL.findall(labels))] = float(value)
    return found


def total(found: Samples, name: str, **labels: str) -> float:
    """The sum of the samples of that name that have these labels among theirs."""
    return sum(value for (at, said), value in found.items() if at == name and said >= labels.items())


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    """How much that sum has grown."""
    return total(after, name, **labels) - total(before, name, **labels)
