"""How often a user may: a bucket that holds a minute's worth and is refilled evenly."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

_MINUTE = 60.0
_MOST = 20_000


@dataclass(slots=True)
class Bucket:
    """``size``: what it holds when full; ``content``: what it held at ``at`` (seconds since the epoch)."""

    size: int
    content: float
    at: float

    def fill(self, size: int, now: float) -> None:
        """Bring it up to now. A size that has changed counts at once: what was taken stays taken."""
        self.content = max(0.0, self.content + size - self.size)
        # A clock that was set back takes nothing away.
        self.content = min(size, self.content + max(0.0, now - self.at) * size / _MINUTE)
        self.size, self.at = size, now

    def take(self) -> bool:
        """One out of it, if there is one."""
        if self.content < 1:
            return False
        self.content -= 1
        return True

    @property
    def remaining(self) -> int:
        """How many more can be taken now."""
        return int(self.content)

    @property
    def full_in(self) -> int:
        """Whole seconds until it is full."""
        return ceil((self.size - self.content) * _MINUTE / self.size)

    @property
    def next_in(self) -> int:
        """Whole seconds, 1 or more, until one can be taken."""
        return max(1, ceil((1 - self.content) * _MINUTE / self.size))


class Buckets:
    """A bucket for each user, made full when it is first asked for."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def of(self, user: str, size: int, now: float) -> Bucket:
        """The user's, as it is now."""
        if (bucket := self._buckets.get(user)) is None:
            if len(self._buckets) >= _MOST:
                self._drop_full(now)
            bucket = self._buckets[user] = Bucket(size, size, now)
        else:
            bucket.fill(size, now)
        return bucket

    def _drop_full(self, now: float) -> None:
        """A full bucket is as good as none."""
        self._buckets = {user: bucket for user, bucket in self._buckets.items() if now - bucket.at < _MINUTE}
