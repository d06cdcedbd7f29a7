"""pytest parses a whole file for each entry of each traceback, and looks at all of its tree: once a file is enough.

That was two thirds of a worker's time for ten failed tests of one large file, and of that for one. What pytest makes
of a tree stays its own; it only gets the same one again for the same text.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import Any

import _pytest._code.source as statements
from _pytest._code import Code

_MOST = 8
"""Trees that are kept: a traceback leads through a few files."""


class RememberedTrees:
    """The module ``ast`` as pytest's search for statements sees it, with a memory."""

    def __init__(self) -> None:
        self._trees: dict[tuple[Any, ...], ast.AST] = {}
        self._nodes: dict[int, list[ast.AST]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(ast, name)

    def parse(self, source: Any, *how: Any) -> ast.AST:
        tree = self._trees.get((source, *how))
        if tree is None:
            tree = ast.parse(source, *how)
            if len(self._trees) == _MOST:
                self._trees.clear()
                self._nodes.clear()
            self._trees[(source, *how)] = tree
        return tree

    def walk(self, node: ast.AST) -> Any:
        """In the order of ``ast.walk``. (From pytest 9.2 on it is asked once a tree.)"""
        if not any(node is tree for tree in self._trees.values()):
            return ast.walk(node)
        if id(node) not in self._nodes:
            self._nodes[id(node)] = list(ast.walk(node))
        return self._nodes[id(node)]


def remember_trees() -> None:
    """In this process and its forks, from now on."""
    if getattr(statements, "ast", None) is ast:
        statements.ast = RememberedTrees()  # type: ignore[assignment]


def foresee_failure(function: Any) -> None:
    """Have the tree of a function's file before a fork, where it fails, waits for it."""
    with suppress(Exception):  # whatever is wrong with it, the fork that needs it will say
        code = Code.from_function(function)
        source = code.fullsource
        if source is not None:
            statements.getstatementrange_ast(code.firstlineno, source)
