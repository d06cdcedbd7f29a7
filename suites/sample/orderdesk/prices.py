"""Prices in whole cents."""

from __future__ import annotations

FREE_SHIPPING_FROM = 5000
SHIPPING = {"DE": 490, "FR": 690, "SE": 890}


def discounted(cents: int, percent: int) -> int:
    """A price less a percentage, rounded to the nearest cent, halves up."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a discount is from 0 to 100 percent, not {percent}")
    return int(cents * (1 - percent / 100))


def shipping(cents: int, country: str) -> int:
    """What sending goods of that price costs."""
    if country not in SHIPPING:
        raise ValueError(f"we do not send to {country}")
    return 0 if cents >= FREE_SHIPPING_FROM else SHIPPING[country]


def printed(cents: int) -> str:
    """A price for people: ``12.30 EUR``."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02} EUR"
