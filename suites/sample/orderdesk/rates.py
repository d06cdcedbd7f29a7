"""Exchange rates, from a file that accounting keeps."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path


def load_rates(path: Path) -> dict[str, Decimal]:
    """What one euro is worth, by currency. Raises ValueError with the line that makes no sense."""
    rates = {}
    with path.open(newline="") as file:
        for line, row in enumerate(csv.reader(file), start=1):
            if line == 1:
                continue
            rates[row[0]] = _rate(",".join(row[1:]), path.name, line)
    return rates


def converted(cents: int, rate: Decimal) -> int:
    """Cents of euros in another currency, halves up."""
    return int((cents * rate).quantize(Decimal(1), ROUND_HALF_UP))


def _rate(text: str, file: str, line: int) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{file}, line {line}: {text!r} is not a rate") from None
    if rate <= 0:
        raise ValueError(f"{file}, line {line}: a rate is more than nothing")
    return rate
