"""Answers in JSON, written the same way by every service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encoded(value: Any) -> bytes:
    """Compact JSON in UTF-8. A lone surrogate (only an error can quote one) is written as an escape."""
    return _encode(value).encode("utf-8", "backslashreplace")


class Json(Response):
    """An answer of JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encoded(content)


def nothing(headers: Mapping[str, str] | None = None, status: int = 204) -> Response:
    """Done, and there is nothing to say."""
    return Response(None, status, headers)
