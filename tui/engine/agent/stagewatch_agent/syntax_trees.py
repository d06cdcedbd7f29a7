"""pytest parses a whole file for each entry of each traceback, and walks all of its tree: once a file is enough.

That was two thirds of a worker's time for ten failed tests of one large file. What pytest makes of a tree stays its
own; it only gets the same one again for the same text.
"""

from __future__ import annotations

import ast
from typing import Any

import _pytest._code.source as statements

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
            self._nodes[id(tree)] = list(ast.walk(tree))
        return tree

    def walk(self, node: ast.AST) -> Any:
        """In the order of ``ast.walk``."""
        known = self._nodes.get(id(node))
        return ast.walk(node) if known is None else known


def remember_trees() -> None:
    """In this process, from now on."""
    if getattr(statements, "ast", None) is ast:
        statements.ast = RememberedTrees()  # type: ignore[assignment]
