"""What must be known of a connection before anything of it can be translated, and Jira's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mappings.ticket import Field
from mappings.vocabulary import NOTHING, Vocabularies

API = "api/2"
TEXTS = "api/3"
"""The version by which Cloud's texts are read and written: as documents (ADF), not as wiki markup."""

CANONICAL: Mapping[str, Field] = {
    "summary": "subject",
    "labels": "tags",
    "duedate": "due",
    "issuetype": "type",
}
"""Jira's fields whose canonical names differ."""

OWN_FIELDS: tuple[Field, ...] = (
    "component",
    "version",
    "impact",
    "urgency",
    "first_response_due",
    "rating",
)
"""The canonical fields that only a field made for them can hold, named in the settings."""

OWN_WORDS: tuple[Field, ...] = ("impact", "urgency", "rating")
"""Those of them that hold words of a vocabulary."""

SERVICE = "service_desk"
"""The type of a project whose issues are customers' requests."""

_ALWAYS: tuple[Field, ...] = ("subject", "status", "priority", "assignee", "tags", "due")
_WORDED: tuple[Field, ...] = ("type", "sla")


class Service(StrEnum):
    """Which of a connection's projects are service projects."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class DeskFields:
    """The ids of the fields that Service Management puts on issues; empty where the site has none."""

    request_type: str = ""
    """Set on what customers see on the portal, and on nothing else (jira-api 8.6)."""
    organisations: str = ""
    participants: str = ""
    rated: str = ""
    """When the customer rated the request."""

    def all(self) -> list[str]:
        """Return the ids that there are."""
        return [id for id in (self.request_type, self.organisations, self.participants, self.rated) if id]


_DESK = "com.atlassian.servicedesk:"
_KEYS = {
    "request_type": f"{_DESK}vp-origin",
    "organisations": f"{_DESK}sd-customer-organizations",
    "participants": f"{_DESK}sd-request-participants",
    "rated": f"{_DESK}sd-request-feedback-date",
}


def desk_fields(kinds: Mapping[str, str]) -> DeskFields:
    """Return Service Management's fields; `kinds` says of each field's id what kind of custom field it is."""
    ids = {kind: id for id, kind in kinds.items()}
    return DeskFields(**{name: ids.get(kind, "") for name, kind in _KEYS.items()})


@dataclass(frozen=True, slots=True)
class Side:
    """What translating needs to know of a connection."""

    connection: str
    site: str
    """Where people open it."""
    custom: Mapping[Field, str]
    """Canonical field -> the id of the custom field that holds it."""
    lenses: Vocabularies
    me: str
    """Our own account."""
    cloud: bool = True
    """Whether it is Jira Cloud; Data Center else."""
    desk: DeskFields = DeskFields()
    service: Service = Service.NONE

    @property
    def texts(self) -> str:
        """The version of the API that texts are read by; Data Center has version 2 alone (jira-api 5)."""
        return TEXTS if self.cloud else API

    @property
    def holds(self) -> list[Field]:
        """The fields that can be written here."""
        words = [field for field in _WORDED if field in self.lenses]
        own = [field for field in OWN_FIELDS if field in self.custom]
        return [*_ALWAYS, *words, *(f for f in own if f not in OWN_WORDS or f in self.lenses)]

    @property
    def sla_labels(self) -> frozenset[str]:
        """The labels that show the clocks' state; they are no tags."""
        lens = self.lenses.get("sla")
        return frozenset(lens.reads) - {NOTHING} if lens else frozenset()
