"""From the raw tables of a plan file to the model, with an answer to every mistake in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tui.plan.locate import Place
from tui.plan.mistakes import Document, nearest
from tui.plan.model import Action, Cover, GatePolicy, Plan, Quarantined, Suite, Target, Tier, Value
from tui.plan.tables import ACTION, GATE, GENERAL_GATE, QUARANTINE, SUITE, TARGET, TIER, VALUE, WHOLE_RUN, Later
from tui.plan.values import Check, Unexpected, kind, quoted

_TOP = ("extends", "target", "run", "gate", "tier", "suite", "quarantine", "action")


class Reader:
    """Turns raw TOML into the model, with the place of everything at hand."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def plan(self, raw: Mapping[str, Any], source: str) -> Plan:
        """The whole of it. Raises StagewatchError with the first mistake, in the order of the model."""
        self._only_known(raw, _TOP, (), "the plan")
        target = self._table(raw.get("target", {}), ("target",), TARGET, "[target]", "[target]")
        run = self._table(raw.get("run", {}), ("run",), WHOLE_RUN, "[run]", "[run]")
        gate = self._table(raw.get("gate", {}), ("gate",), GENERAL_GATE, "[gate]", "[gate]")
        tiers = [self._tier(each, index) for index, each in self._tables(raw, "tier")]
        suites = [self._suite(each, index) for index, each in self._tables(raw, "suite")]
        actions = [self._action(each, index) for index, each in self._tables(raw, "action")]
        self._unique([tier.id for tier in tiers], "tier")
        self._unique([suite.id for suite in suites], "suite")
        self._unique([action.key for action in actions], "action", "key")
        self._unique([action.title for action in actions], "action", "title")
        self._joined(tiers, suites)
        self._named(run, "tiers", "tier", [tier.id for tier in tiers])
        self._named(run, "suites", "suite", [suite.id for suite in suites])
        return Plan(
            source=source,
            target=Target(**target),
            valid_for=gate.pop("valid_for", None),
            gate=GatePolicy(**gate),
            quarantine=tuple(self._quarantined(each, index) for index, each in self._tables(raw, "quarantine")),
            tiers=tuple(tiers),
            suites=tuple(suites),
            actions=tuple(actions),
            confirm=run.pop("confirm", "when-disagreed"),
            run=Cover(**run),
        )

    def _tier(self, raw: Mapping[str, Any], index: int) -> Tier:
        place: Place = ("tier", index)
        name = _label("tier", raw, index)
        plain = {key: value for key, value in raw.items() if key not in ("gate", "value")}
        self._only_known(raw, (*TIER, "gate", "value"), place, name)
        values = self._values(plain, place, TIER, name)
        self._required(raw, ("id",), place, name)
        gate = self._table(raw.get("gate", {}), (*place, "gate"), GATE, "gate = { … }", f"gate of {name}")
        return Tier(
            **{"order": index + 1, **values}, gate=GatePolicy(**gate), value=self._value(raw, place, name)
        )  # fmt: skip

    def _suite(self, raw: Mapping[str, Any], index: int) -> Suite:
        place: Place = ("suite", index)
        name = _label("suite", raw, index)
        plain = {key: value for key, value in raw.items() if key != "value"}
        self._only_known(raw, (*SUITE, "value"), place, name)
        values = self._values(plain, place, SUITE, name)
        self._required(raw, ("id", "tier"), place, name)
        return Suite(**values, value=self._value(raw, place, name))

    def _quarantined(self, raw: Mapping[str, Any], index: int) -> Quarantined:
        place: Place = ("quarantine", index)
        name = f"quarantine {index + 1}"
        values = self._table(raw, place, QUARANTINE, "[[quarantine]]", name)
        self._required(raw, tuple(QUARANTINE), place, name)
        return Quarantined(**values)

    def _action(self, raw: Mapping[str, Any], index: int) -> Action:
        place: Place = ("action", index)
        name = _label("action", raw, index, "key")
        values = self._table(raw, place, ACTION, "[[action]]", name)
        self._required(raw, ("key", "title", "command"), place, name)
        return Action(**values)

    def _value(self, raw: Mapping[str, Any], place: Place, name: str) -> Value | None:
        if "value" not in raw:
            return None
        place, name = (*place, "value"), f"value of {name}"
        values = self._table(raw["value"], place, VALUE, "value = { … }", name)
        self._required(values, tuple(VALUE), place, name)
        return Value(**values)

    def _table(
        self, raw: object, place: Place, fields: Mapping[str, Check | Later], written: str, name: str
    ) -> dict[str, Any]:
        if not isinstance(raw, dict):
            found = "an array of tables ([[…]])" if isinstance(raw, list) else kind(raw)
            raise self._document.mistake(place, f"{name}: expected a table {written}, found {found}")
        self._only_known(raw, fields, place, name)
        return self._values(raw, place, fields, name)

    def _tables(self, raw: Mapping[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
        tables = raw.get(key, [])
        if not isinstance(tables, list):
            found = f"one table [{key}]" if isinstance(tables, dict) else kind(tables)
            raise self._document.mistake((key,), f"{key}: expected tables [[{key}]], found {found}")
        for index, each in enumerate(tables):
            if not isinstance(each, dict):
                raise self._document.mistake(
                    (key, index), f"{key}: expected tables [[{key}]], found {kind(each)} among them"
                )
        return list(enumerate(tables))

    def _values(
        self, raw: Mapping[str, Any], place: Place, fields: Mapping[str, Check | Later], name: str
    ) -> dict[str, Any]:
        values = {}
        for key, value in raw.items():
            check = fields[key]
            if isinstance(check, Later):
                raise self._document.mistake(
                    (*place, key), f"{key} of {name}: {key} is not supported yet; take it out for now"
                )
            try:
                values[key] = check(value)
            except Unexpected as wrong:
                inside = _dotted((key, *wrong.inside))
                raise self._document.mistake(
                    (*place, key, *wrong.inside),
                    f"{inside} of {name}: expected {wrong.expected}, found {wrong.found}",
                ) from None
        return values

    def _only_known(self, raw: Mapping[str, Any], known: Collection[str], place: Place, name: str) -> None:
        for key in raw:
            if key not in known:
                raise self._document.mistake(
                    (*place, key), f"unknown key {quoted(key[:64])} in {name}; {nearest(key, known)}"
                )

    def _required(self, raw: Mapping[str, Any], keys: Collection[str], place: Place, name: str) -> None:
        for key in keys:
            if key not in raw:
                raise self._document.mistake(place, f"{key} of {name}: expected one, found none")

    def _unique(self, ids: list[str], what: str, key: str = "id") -> None:
        first: dict[str, int] = {}
        for index, each in enumerate(ids):
            if each in first:
                before = self._document.line((what, first[each], key))
                raise self._document.mistake(
                    (what, index, key),
                    f"{key} of {what} {quoted(each)}: expected {'an id' if key == 'id' else f'a {key}'} of its own, "
                    f"found that of the {what} in line {before}",
                )
            first[each] = index

    def _joined(self, tiers: list[Tier], suites: list[Suite]) -> None:
        known = [tier.id for tier in tiers]
        for index, suite in enumerate(suites):
            if suite.tier not in known:
                raise self._document.mistake(
                    ("suite", index, "tier"),
                    f"tier of suite {quoted(suite.id)}: expected the id of a [[tier]], found "
                    f"{quoted(suite.tier)}; {nearest(suite.tier, known)}",
                )
        named = {suite.tier for suite in suites}
        for index, tier in enumerate(tiers):
            if tier.id not in named:
                raise self._document.mistake(
                    ("tier", index, "id"),
                    f"id of tier {quoted(tier.id)}: expected a tier that at least one [[suite]] names, "
                    "found one that none does",
                )

    def _named(self, run: Mapping[str, Any], key: str, what: str, known: list[str]) -> None:
        """What ``[run]`` names has to be there."""
        for index, name in enumerate(run.get(key, ())):
            if name not in known:
                raise self._document.mistake(
                    ("run", key, index),
                    f"{key}[{index + 1}] of [run]: expected the id of a [[{what}]], found "
                    f"{quoted(name[:64])}; {nearest(name, known)}",
                )


def _label(what: str, raw: Mapping[str, Any], index: int, key: str = "id") -> str:
    """How a sentence calls a table: by its id, or by its place when that is no good."""
    id = raw.get(key)
    return f"{what} {quoted(id)}" if isinstance(id, str) and 0 < len(id) <= 40 else f"{what} {index + 1}"


def _dotted(place: Place) -> str:
    """``credentials.user``, ``paths[2]`` (counted from 1, as people do)."""
    words = ""
    for part in place:
        words += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if words else ''}{part}"
    return quoted(words)[1:-1]
