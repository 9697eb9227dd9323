"""Priority from impact and urgency: a customer's table, people who go before others, and the reason kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mappings.ticket import Impact, Priority, Urgency


@dataclass(frozen=True, slots=True)
class Judged:
    """A priority with the reason for it, which is recorded."""

    priority: Priority
    reason: str


@dataclass(frozen=True)
class Matrix:
    """How soon a matter must be served, by how many people it stops and how badly."""

    table: Mapping[tuple[Impact, Urgency], Priority]
    vips: frozenset[str] = frozenset()
    """Mail addresses of people whose matters are at least `vip`, in small letters."""
    vip: Priority = Priority.MEDIUM
    otherwise: Priority = Priority.MEDIUM
    """Where impact or urgency is not said."""

    def __post_init__(self) -> None:
        lacking = [f"{i} x {u}" for i in Impact for u in Urgency if (i, u) not in self.table]
        if lacking:
            raise ValueError(f"no priority for {', '.join(lacking)}")

    def judged(
        self,
        impact: Impact | None,
        urgency: Urgency | None,
        requester: str = "",
        said: Priority | None = None,
        by: str = "",
    ) -> Judged:
        """Return the priority of a matter. What support has said goes before the table and the people."""
        if said is not None:
            return Judged(said, f"set by {by}" if by else "set by support")
        if impact is None or urgency is None:
            found = Judged(self.otherwise, f"{'impact' if impact is None else 'urgency'} is not said")
        else:
            found = Judged(self.table[impact, urgency], f"{impact} x {urgency}")
        if requester.lower() in self.vips and rank(found.priority) < rank(self.vip):
            return Judged(self.vip, f"{found.reason}, raised for {requester.lower()}")
        return found


def rank(priority: Priority) -> int:
    """Return by what priorities are ordered: what must be served sooner is higher."""
    return list(Priority).index(priority)


def matrix(rows: Mapping[Impact, tuple[Priority, Priority, Priority]], **more: object) -> Matrix:
    """Return a table out of rows for each impact, from low to high urgency; `more` as in `Matrix`."""
    table = {(i, u): p for i, row in rows.items() for u, p in zip(Urgency, row, strict=True)}
    return Matrix(table, **more)  # type: ignore[arg-type]
