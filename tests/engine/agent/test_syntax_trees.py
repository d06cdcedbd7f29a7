"""What pytest makes of a failing line is the same from a remembered tree, and no file is parsed twice."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import _pytest._code.source as statements
import pytest

from tests.engine.agent import alone

_trees = alone.load("syntax_trees")
_FILE = Path(inspect.getsourcefile(pytest.raises) or "")
"""A long one, with every kind of statement."""


def _statements() -> list[tuple[int, int]]:
    source = statements.Source(_FILE.read_text(encoding="utf-8").splitlines())
    lines = range(0, len(source.lines), 7)
    return [statements.getstatementrange_ast(line, source)[1:] for line in lines]


def test_every_line_belongs_to_the_same_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "ast", ast)
    expected = _statements()
    _trees.remember_trees()
    assert isinstance(statements.ast, _trees.RememberedTrees)
    assert _statements() == expected


def test_a_file_is_parsed_once_and_again_when_its_text_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = ast.parse

    def counted(source: str, *how: str) -> ast.AST:
        parsed.append(source)
        return parse(source, *how)

    monkeypatch.setattr(ast, "parse", counted)
    trees = _trees.RememberedTrees()
    first = trees.parse("a = 1\nb = 2\n", "source", "exec")
    assert trees.parse("a = 1\nb = 2\n", "source", "exec") is first
    other = trees.parse("a = 1\n", "source", "exec")
    assert len(list(trees.walk(other))) < len(list(trees.walk(first)))
    assert list(trees.walk(first)) == list(ast.walk(first))
    assert parsed == ["a = 1\nb = 2\n", "a = 1\n"]


def test_no_more_than_a_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = _trees.RememberedTrees()
    for number in range(100):
        trees.walk(trees.parse(f"a = {number}\n", "source", "exec"))
    assert len(trees._trees) == len(trees._nodes) <= 8


def test_what_was_foreseen_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "ast", ast)
    _trees.remember_trees()
    _trees.foresee_failure(pytest.raises)
    monkeypatch.setattr(ast, "parse", None)
    assert _statements()


def test_a_function_without_a_file_is_nobody_s_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = _trees.RememberedTrees()
    monkeypatch.setattr(statements, "ast", trees)
    scope: dict[str, object] = {}
    exec("def made(): pass", scope)
    _trees.foresee_failure(scope["made"])
    _trees.foresee_failure("no function at all")
    assert not trees._trees
    _trees.foresee_failure(pytest.raises)
    assert trees._trees, "one with a file is"
