"""Fields that GitLab keeps in labels: status, priority, type, sla. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from connectors.base import ConnectionConfig
from connectors.capabilities import PlaceAbilities
from connectors.gitlab.abilities import abilities, served
from connectors.gitlab.wire import CLOSED, OPENED
from mappings.ticket import Field
from mappings.vocabulary import NOTHING, Native, Vocabulary

STATUS = "status"
"""What the settings call the field of paid tiers: ``fields = { status = "status" }``."""
CATEGORY = "category:"
"""How a vocabulary names whichever status a group has of a category."""
_CLOSING = ("done", "canceled")
"""Categories whose statuses close an issue (reference 3.8)."""


@dataclass(frozen=True, slots=True)
class LabelField:
    """A field that is kept in labels: its lens, and which labels are its own.

    Besides the lens' words these are all labels of the same scopes: ``priority::9`` is a priority that
    nobody translates, not a tag. On Free nothing makes a scope exclusive (reference 6.1).
    """

    lens: Vocabulary[StrEnum]
    words: frozenset[str]
    scopes: frozenset[str]

    @classmethod
    def of(cls, lens: Vocabulary[StrEnum], *, scoped: bool = False) -> LabelField:
        """Return the field of a lens; `scoped` says that words without a scope are no labels."""
        known = {word for word in (*lens.reads, *lens.writes.values()) if not word.startswith(CATEGORY)}
        known -= {NOTHING, OPENED, CLOSED}
        words = frozenset(word for word in known if not scoped or _scope(word))
        return cls(lens, words, frozenset(scope for word in words if (scope := _scope(word))))

    def owns(self, label: str) -> bool:
        """Whether a label says something about this field."""
        return label in self.words or _scope(label) in self.scopes

    def label(self, labels: Iterable[str]) -> str | None:
        """Return the label that speaks for the field, one that the lens reads before any other."""
        own = sorted(label for label in labels if self.owns(label))
        return next((label for label in own if label in self.lens.reads), own[0] if own else None)


@dataclass(frozen=True, slots=True)
class Side:
    """What translating needs to know about a connection."""

    connection: str
    url: str
    labels: Mapping[Field, LabelField]
    """The fields that are kept in labels; status among them, if it is translated at all."""
    abilities: PlaceAbilities
    """What is possible in an ordinary project."""
    served: PlaceAbilities
    """What is possible where the Service Desk is on."""
    states: bool = False
    """Whether issues' *status* field is read and written, which paid tiers have (reference 3.8)."""

    @classmethod
    def of(cls, config: ConnectionConfig) -> Side:
        """Return the side of a connection."""
        states = config.fields.get("status") == STATUS
        fields = {
            field: LabelField.of(lens, scoped=states and field == "status")
            for field, lens in config.vocabularies.items()
        }
        here = abilities(config)
        return cls(config.name, config.url, fields, here, served(here), states)

    def is_tag(self, label: str) -> bool:
        """Whether a label belongs to no field."""
        return not any(field.owns(label) for field in self.labels.values())

    def native(self, field: Field, labels: Iterable[str], status: Native) -> Native | None:
        """Return the native word of a field that is kept in labels, beside the status that no label says."""
        kept = self.labels[field]
        if field == "status":
            label = None if is_closed(status) else kept.label(labels)
            return Native(label) if label else status
        word = kept.label(labels) or (NOTHING if NOTHING in kept.lens.reads else None)
        return Native(word) if word else None


def is_closed(status: Native) -> bool:
    """Whether an issue of this status is closed."""
    return status.word == CLOSED or status.category in _CLOSING


def _scope(label: str) -> str:
    """Return the scope of a label: ``a::b`` of ``a::b::c``, empty if it has none (reference 6.1)."""
    return label.rpartition("::")[0]
