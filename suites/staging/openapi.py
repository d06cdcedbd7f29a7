"""A service's table of resources as OpenAPI 3.1: what is published is what is routed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from suites.staging.resources import ANYBODY, Action, Resource

_PART = re.compile(r"\{(\w+)\}")
_PROBLEM = {
    "description": "A problem.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

COMPONENTS: dict[str, Any] = {
    "securitySchemes": {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "client": {"type": "http", "scheme": "basic"},
    },
    "schemas": {
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "instance", "request_id"],
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "instance": {"type": "string"},
                "request_id": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["pointer", "message"],
                        "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    },
}


def paths(table: Sequence[Resource]) -> dict[str, Any]:
    """The ``paths`` of a document: every resource that clients may use, with every method."""
    return {
        resource.path: {
            method.lower(): _operation(resource, method, action) for method, action in resource.actions.items()
        }
        for resource in table
        if not resource.path.startswith("/internal/")
    }


def document(all_paths: dict[str, Any]) -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Staging", "version": "1"},
        "paths": all_paths,
        "components": COMPONENTS,
    }


def _operation(resource: Resource, method: str, action: Action) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(action.status).phrase}
    if action.status != HTTPStatus.NO_CONTENT:
        success["content"] = {action.media_type: {}}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{resource.path}").strip("_"),
        "summary": action.summary,
        "responses": {str(action.status): success, "default": _PROBLEM},
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PART.findall(resource.path)
    ]
    parameters += [{"name": name, "in": "query", "required": False, "schema": {}} for name in action.query]
    if parameters:
        operation["parameters"] = parameters
    if action.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": action.body.schema()}},
        }
    if action.needs != ANYBODY:
        operation["security"] = [{"bearer": []}]
    elif action.basic:
        operation["security"] = [{"client": []}]
    return operation
