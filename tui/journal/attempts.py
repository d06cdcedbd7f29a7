"""Which attempt an event is the result of: the one place that counts them besides ``state``."""

from __future__ import annotations

from tui.events import CollectionFailed, Event, TestFinished, TestsBlocked


class Attempts:
    """Numbers the attempts of each test, 1 upwards, as their results come by."""

    def __init__(self) -> None:
        self._count: dict[int, int] = {}

    def of(self, event: Event) -> tuple[int, int] | None:
        """(test, attempt) of an event that is a result and may leave evidence, None for any other.

        Ask once for each event, in order.
        """
        if isinstance(event, TestFinished):
            test = event.test
        elif isinstance(event, CollectionFailed):
            test = event.test.id
        else:
            if isinstance(event, TestsBlocked):
                for test in event.tests:
                    self.next(test)
            return None
        return self.next(test)

    def next(self, test: int) -> tuple[int, int]:
        """(test, attempt) of one more result of a test."""
        self._count[test] = self._count.get(test, 0) + 1
        return test, self._count[test]
