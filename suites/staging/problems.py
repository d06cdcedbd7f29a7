"""Errors as answers: ``application/problem+json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from suites.staging.answers import encoded
from suites.staging.config import PROBLEMS


class Problem(Exception):
    """What a client did wrong, or cannot have now. The front of each service makes an answer of it.

    ``slug`` is what programs look at, ``detail`` is one sentence for people, ``errors`` are ``{"pointer", "message"}``.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.slug, self.detail = status, slug, detail
        self.headers = dict(headers or {})
        self.errors = errors

    def answer(self, path: str, request_id: str) -> Response:
        """The response to the request for ``path``."""
        body: dict[str, Any] = {
            "type": PROBLEMS + self.slug,
            "title": self.slug.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "instance": path,
            "request_id": request_id,
        }
        if self.errors is not None:
            body["errors"] = list(self.errors)
        return Response(encoded(body), self.status, self.headers, media_type="application/problem+json")


def unauthenticated() -> Problem:
    """There is no credential."""
    return Problem(
        401, "unauthenticated", "This needs a bearer token, and there is none.", headers={"www-authenticate": "Bearer"}
    )


def invalid_token(reason: str) -> Problem:
    """There is a credential, and it is no good."""
    return Problem(
        401,
        "invalid-token",
        f"The token was refused: {reason}.",
        headers={"www-authenticate": 'Bearer error="invalid_token"'},
    )


def forbidden(detail: str = "Your role does not allow this.") -> Problem:
    """Known, and not allowed."""
    return Problem(403, "forbidden", detail)


def not_found(what: str = "There is nothing here.") -> Problem:
    """Not there, or not for this user to know of."""
    return Problem(404, "not-found", what)


def unavailable(what: str, retry_after: int = 1) -> Problem:
    """Something this needs is down. ``retry_after``: whole seconds."""
    return Problem(503, "dependency-unavailable", what, headers={"retry-after": str(retry_after)})


def invalid(message: str, pointer: str = "") -> Problem:
    """One value that is not right."""
    return Problem(
        422, "invalid", "The request has values that are not right.", errors=[{"pointer": pointer, "message": message}]
    )
