"""Counts and durations of a process, and their text for Prometheus (0.0.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Labels = tuple[str, ...]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Family:
    """One metric with its labels; ``kind``: ``counter`` or ``gauge``."""

    def __init__(self, name: str, kind: str, text: str, labels: Labels) -> None:
        self.name, self.kind, self.text, self.labels = name, kind, text, labels
        self._values: dict[Labels, float] = {}

    def add(self, *labels: str, by: float = 1) -> None:
        """One more (or ``by`` more) of these labels."""
        self._values[labels] = self._values.get(labels, 0) + by

    def put(self, value: float, *labels: str) -> None:
        """What a gauge stands at."""
        self._values[labels] = value

    def lines(self, instance: str) -> Iterable[str]:
        """The samples."""
        for labels, value in self._values.items():
            yield f"{self.name}{{{_pairs(self.labels, labels, instance)}}} {_number(value)}"


class Durations(Family):
    """A histogram of seconds."""

    def __init__(self, name: str, text: str, labels: Labels) -> None:
        super().__init__(name, "histogram", text, labels)
        self._seen: dict[Labels, list[float]] = {}

    def seen(self, seconds: float, *labels: str) -> None:
        """One that took so long."""
        if (row := self._seen.get(labels)) is None:
            row = self._seen[labels] = [0.0] * (len(_BUCKETS) + 2)
        for place, most in enumerate(_BUCKETS):
            if seconds <= most:
                row[place] += 1
                break
        row[-2] += 1
        row[-1] += seconds

    def lines(self, instance: str) -> Iterable[str]:
        for labels, row in self._seen.items():
            pairs = _pairs(self.labels, labels, instance)
            count = 0.0
            for most, more in zip(_BUCKETS, row, strict=False):
                count += more
                yield f'{self.name}_bucket{{{pairs},le="{most}"}} {_number(count)}'
            yield f'{self.name}_bucket{{{pairs},le="+Inf"}} {_number(row[-2])}'
            yield f"{self.name}_sum{{{pairs}}} {row[-1]:.6f}"
            yield f"{self.name}_count{{{pairs}}} {_number(row[-2])}"


class Metrics:
    """All of a process. Requests are counted by the front; a service adds families of its own."""

    def __init__(self, service: str, instance: str) -> None:
        self.service, self.instance = service, instance
        self._families: list[Family] = []
        self._before: list[Callable[[], None]] = []
        labels = ("service", "method", "route")
        self._requests = self.family(
            "http_requests_total", "counter", "Requests answered.", "service", "method", "route", "status"
        )
        self._durations = Durations("http_request_duration_seconds", "How long requests took.", labels)
        self._families.append(self._durations)

    def family(self, name: str, kind: str, text: str, *labels: str) -> Family:
        """A new family of the service's own."""
        self._families.append(family := Family(name, kind, text, labels))
        return family

    def before(self, look: Callable[[], None]) -> None:
        """Have ``look`` called before the text is made: for gauges that are looked up rather than kept."""
        self._before.append(look)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was."""
        self._requests.add(self.service, method, route, str(status))
        self._durations.seen(seconds, self.service, method, route)

    def text(self) -> str:
        """For Prometheus."""
        for look in self._before:
            look()
        lines: list[str] = []
        for family in self._families:
            lines += (f"# HELP {family.name} {family.text}", f"# TYPE {family.name} {family.kind}")
            lines += family.lines(self.instance)
        return "\n".join(lines) + "\n"


def merged(texts: Iterable[str]) -> str:
    """The texts of several processes as one, each family once with all its samples."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for text in texts:
        name = ""
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                heads.setdefault(name, [line])
            elif line.startswith("# TYPE "):
                if len(heads[name]) == 1:
                    heads[name].append(line)
            elif line:
                samples.setdefault(name, []).append(line)
    return "".join(line + "\n" for name, head in heads.items() for line in (*head, *samples.get(name, ())))


def _pairs(names: Labels, values: Labels, instance: str) -> str:
    pairs = [f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)]
    return ",".join((*pairs, f'instance="{instance}"'))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
