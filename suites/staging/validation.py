"""What a request's values must be: checked, and told as JSON Schema, from one description.

``check`` returns the value to work with, or raises :class:`Invalid`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from suites.staging.problems import Problem

Schema = dict[str, Any]


class Invalid(Exception):
    """``errors``: JSON pointer and message of each value that is not right."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(errors)
        self.errors = errors


class Field(Protocol):
    """What one value must be."""

    def check(self, value: Any) -> Any:
        """The value to work with. Raises :class:`Invalid`."""

    def schema(self) -> Schema:
        """As JSON Schema."""


@dataclass(frozen=True)
class Text:
    """A string of ``least`` to ``most`` characters, counted after stripping where ``strip``."""

    most: int
    least: int = 1
    strip: bool = False
    pattern: str | None = None

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid(("", "must be a string"))
        text: str = value.strip() if self.strip else value
        if not self.least <= len(text) <= self.most:
            raise Invalid(("", f"must have {self.least} to {self.most} characters"))
        if not storable(text):
            raise Invalid(("", "must be valid Unicode"))
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            raise Invalid(("", f"must match {self.pattern}"))
        return text

    def schema(self) -> Schema:
        schema: Schema = {"type": "string", "minLength": self.least, "maxLength": self.most}
        return schema if self.pattern is None else {**schema, "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True)
class Whole:
    """A whole number from ``least`` to ``most``."""

    least: int
    most: int

    def check(self, value: Any) -> int:
        if type(value) is not int or not self.least <= value <= self.most:
            raise Invalid(("", f"must be a whole number from {self.least} to {self.most}"))
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Choice:
    """One of some strings."""

    of: tuple[str, ...]

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.of:
            raise Invalid(("", "must be one of " + ", ".join(self.of)))
        return value

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.of)}


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Invalid(("", "must be true or false"))
        return value

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Pairs:
    """At most ``most`` pairs of strings."""

    most: int = 16
    key: int = 64
    value: int = 512

    def check(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise Invalid(("", "must be an object"))
        if len(value) > self.most:
            raise Invalid(("", f"must have at most {self.most} pairs"))
        errors = []
        for name, content in value.items():
            if not 1 <= len(name) <= self.key or not storable(name):
                errors.append(("/" + escaped(name), f"the key must have 1 to {self.key} characters"))
            elif not isinstance(content, str) or len(content) > self.value or not storable(content):
                errors.append(("/" + escaped(name), f"must be a string of at most {self.value} characters"))
        if errors:
            raise Invalid(*errors)
        return value

    def schema(self) -> Schema:
        return {
            "type": "object",
            "maxProperties": self.most,
            "propertyNames": {"minLength": 1, "maxLength": self.key},
            "additionalProperties": {"type": "string", "maxLength": self.value},
        }


@dataclass(frozen=True)
class Several:
    """A list of at most ``most`` different items."""

    item: Field
    most: int

    def check(self, value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > self.most:
            raise Invalid(("", f"must be a list of at most {self.most}"))
        errors: list[tuple[str, str]] = []
        items: list[Any] = []
        for place, item in enumerate(value):
            try:
                items.append(self.item.check(item))
            except Invalid as invalid:
                errors += [(f"/{place}{pointer}", message) for pointer, message in invalid.errors]
        if not errors and any(item in items[:place] for place, item in enumerate(items)):
            errors = [("", "must not have an item twice")]
        if errors:
            raise Invalid(*errors)
        return items

    def schema(self) -> Schema:
        return {"type": "array", "maxItems": self.most, "uniqueItems": True, "items": self.item.schema()}


@dataclass(frozen=True)
class Shape:
    """An object with these fields and no other. ``least``: how many of them must be there at all."""

    required: Mapping[str, Field] = field(default_factory=dict)
    optional: Mapping[str, Field] = field(default_factory=dict)
    least: int = 0

    def check(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Invalid(("", "must be an object"))
        errors: list[tuple[str, str]] = [(f"/{name}", "is required") for name in self.required if name not in value]
        checked: dict[str, Any] = {}
        for name, content in value.items():
            what = self.required.get(name) or self.optional.get(name)
            if what is None:
                errors.append((f"/{escaped(name)}", "is not known"))
                continue
            try:
                checked[name] = what.check(content)
            except Invalid as invalid:
                errors += [(f"/{name}{pointer}", message) for pointer, message in invalid.errors]
        if not errors and len(checked) < self.least:
            errors.append(("", "must have one of " + ", ".join((*self.required, *self.optional))))
        if errors:
            raise Invalid(*errors)
        return checked

    def schema(self) -> Schema:
        fields = {**self.required, **self.optional}
        schema: Schema = {
            "type": "object",
            "properties": {name: what.schema() for name, what in fields.items()},
            "additionalProperties": False,
        }
        if self.required:
            schema["required"] = list(self.required)
        if self.least:
            schema["minProperties"] = self.least
        return schema


def checked(shape: Field, value: Any, under: str = "") -> Any:
    """``shape.check(value)``, with what is wrong as a :class:`Problem`; pointers begin with ``under``."""
    try:
        return shape.check(value)
    except Invalid as invalid:
        raise wrong(invalid.errors, under) from None


def wrong(errors: Sequence[tuple[str, str]], under: str = "") -> Problem:
    """The problem of these values."""
    return Problem(
        422,
        "invalid",
        "The request has values that are not right.",
        errors=[{"pointer": under + pointer, "message": message} for pointer, message in errors],
    )


def storable(text: str) -> bool:
    """Whether it is text: JSON can write half of a surrogate pair, which no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escaped(name: str) -> str:
    """A member's name in a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
