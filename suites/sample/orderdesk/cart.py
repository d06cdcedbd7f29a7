"""A cart: items by name, with how many."""

from __future__ import annotations

from orderdesk.prices import discounted

CATALOGUE = {"tea": 450, "pot": 2900, "cup": 795, "tin": 1249}
MOST_OF_ONE = 20


class Cart:
    def __init__(self) -> None:
        self.items: dict[str, int] = {}
        self.percent_off = 0

    def add(self, name: str, count: int = 1) -> None:
        if name not in CATALOGUE:
            raise KeyError(name)
        if not 0 < self.items.get(name, 0) + count <= MOST_OF_ONE:
            raise ValueError(f"from 1 to {MOST_OF_ONE} of {name}, please")
        self.items[name] = self.items.get(name, 0) + count

    def remove(self, name: str) -> None:
        del self.items[name]

    def voucher(self, code: str) -> None:
        """Vouchers look like ``SPRING-10``: the number is the percentage."""
        word, _, percent = code.partition("-")
        if word != "SPRING" or percent not in ("10", "20"):
            raise ValueError(f"{code} is not a voucher of ours")
        self.percent_off = int(percent)

    @property
    def total(self) -> int:
        """Cents, without shipping."""
        return discounted(sum(CATALOGUE[name] * count for name, count in self.items.items()), self.percent_off)
