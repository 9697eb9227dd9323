"""Finds the rule for a path by its parts, in time that doesn't grow with the number of rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deskbridge.sandbox.jira.wire import Rule


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    rules: dict[str, Rule] = field(default_factory=dict)


class Paths:
    """A tree of paths' parts; a part written out goes before a variable one."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._root = _Node()
        for rule in rules:
            self._add(rule)

    def _add(self, rule: Rule) -> None:
        node = self._root
        for part in rule.path.strip("/").split("/"):
            if part.startswith("{"):
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.literal.setdefault(part, _Node())
        node.rules.setdefault(rule.method, rule)

    def find(self, method: str, path: str) -> tuple[Rule, dict[str, str]] | None:
        """Return the rule for a call, with the variable parts by name."""
        parts = path.strip("/").split("/")
        wanted = "GET" if method == "HEAD" else method
        for node in _nodes(self._root, parts, 0):
            rule = node.rules.get(wanted)
            if rule is not None:
                return rule, _values(rule, parts)
        return None

    def methods(self, path: str) -> set[str]:
        """Return the methods that any rule has for a path."""
        parts = path.strip("/").split("/")
        return {method for node in _nodes(self._root, parts, 0) for method in node.rules}


def _nodes(node: _Node, parts: list[str], at: int) -> Iterator[_Node]:
    if at == len(parts):
        if node.rules:
            yield node
        return
    literal = node.literal.get(parts[at])
    if literal is not None:
        yield from _nodes(literal, parts, at + 1)
    if node.any is not None and parts[at]:
        yield from _nodes(node.any, parts, at + 1)


def _values(rule: Rule, parts: list[str]) -> dict[str, str]:
    names = rule.path.strip("/").split("/")
    return {name[1:-1]: part for name, part in zip(names, parts, strict=True) if name.startswith("{")}
