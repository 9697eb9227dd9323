"""What was sent to the fields and tags of a side, as it is kept until its answer is on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import NativeValue
from mappings.ticket import Field, Ref


@dataclass(frozen=True, slots=True)
class Sent:
    """What one write was to give a side. The hub's own clocks are left out: no side's people decide those."""

    at: datetime
    """When it was about to be sent; later, when it was certainly not sent any more."""
    values: Mapping[Field, NativeValue] = field(default_factory=dict)
    """As later reads show them."""
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    said: Mapping[Ref, Mapping[Field, NativeValue]] = field(default_factory=dict)
    """What the sides that it comes from said then, of these fields."""
    open: bool = True
    """Whether no look since has settled what it was about; else it only may arrive late."""

    def kept(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return {
            "at": self.at.isoformat(),
            "values": dict(self.values),
            "add": sorted(self.add),
            "remove": sorted(self.remove),
            "said": [[ref.connection, ref.key, dict(native)] for ref, native in self.said.items()],
            "open": self.open,
        }


Notes = Mapping[Ref, tuple[Sent, ...]]
"""What was sent to each side and not heard of, oldest first."""


def sent_of(kept: Mapping[str, Any]) -> Sent:
    """Return what the store kept."""
    return Sent(
        datetime.fromisoformat(kept["at"]),
        kept["values"],
        frozenset(kept["add"]),
        frozenset(kept["remove"]),
        {
            Ref(connection, key): {n: tuple(v) if isinstance(v, list) else v for n, v in native.items()}
            for connection, key, native in kept["said"]
        },
        kept["open"],
    )
