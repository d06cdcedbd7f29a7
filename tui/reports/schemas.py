"""The JSON Schemas of what is published, made from the types that make the documents.

``python -m tui.reports.schemas`` writes them to ``docs/schemas``; a test fails while they are stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec

from tui.events import Outcome
from tui.reports.comparison import Comparison
from tui.reports.examination import Examination
from tui.reports.past import TestPast
from tui.reports.results_json import Results

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"

_PUBLISHED: dict[str, tuple[str, type]] = {
    "results.json": ("Stagewatch results, version 1", Results),
    "comparison.json": ("Stagewatch comparison of two iterations, version 1", Comparison),
    "examination.json": ("What stagewatch doctor has found, version 1", Examination),
    "past.json": ("What a test has done over the iterations of its project, version 1", TestPast),
}


def schemas() -> dict[str, bytes]:
    """Every published schema, by file name."""
    return {name: _schema(title, document) for name, (title, document) in _PUBLISHED.items()}


def _schema(title: str, document: type) -> bytes:
    (root,), components = msgspec.json.schema_components([document], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": _open(components),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def _open(part: Any) -> Any:
    """A schema in which an outcome may be any string, today's being examples: outcomes may grow within a version."""
    if isinstance(part, dict):
        if set(map(str, part.get("enum", ()))) == set(get_args(Outcome)):
            return {"type": "string", "examples": list(get_args(Outcome))}
        return {key: _open(value) for key, value in part.items()}
    return [_open(value) for value in part] if isinstance(part, list) else part


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / name).write_bytes(schema)


if __name__ == "__main__":
    main()
