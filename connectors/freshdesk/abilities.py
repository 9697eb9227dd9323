"""What can be done with a Freshdesk ticket, what it causes, and who reads each field. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.base import ConnectionConfig
from connectors.capabilities import QUIET, FieldAbility, Grain, Mails, Part, PlaceAbilities
from connectors.freshdesk import wire
from connectors.freshdesk.form import slots
from connectors.freshdesk.translate import fields
from mappings.ticket import Audience, Field

_STATUS = replace(QUIET, mails_for={"resolved": Mails.IF_CONFIGURED, "closed": Mails.IF_CONFIGURED})
"""The bulk call silences the closing mail; a rule of the account's own may still send one (4.5)."""
_DUE = FieldAbility(Mails.NEVER, {}, asynchronous=True, grain=Grain.SECOND, audience=None)
_KINDS: Mapping[Field, FieldAbility] = {"status": _STATUS, "first_response_due": _DUE, "due": _DUE}
"""The fields that are not simply quiet."""
_FORM: Mapping[Field, str] = {
    "subject": "default_subject",
    "status": "default_status",
    "priority": "default_priority",
    "type": "default_ticket_type",
    "assignee": "default_agent",
}
"""The types that the form's own fields have (freshdesk-api 6.5)."""
_AGENTS: tuple[Field, ...] = ("tags", "sla", "first_response_due", "due")
"""What no portal shows: these are on no ticket form."""


def abilities(config: ConnectionConfig, form: Iterable[wire.TicketField]) -> PlaceAbilities:
    """Return what is possible; `form` says which fields the portal shows to customers.

    A field that the form does not tell of counts as shown.
    """
    return PlaceAbilities(
        fields=_fields(config, list(form)),
        internal_comments=True,
        # The requester of what we create is our own account; nobody else is told.
        create_mails=Mails.NEVER,
        internal_comment_mails=Mails.NEVER,
        public_comment_mails=Mails.ALWAYS,
        # Of the history only the last changes of status; all else is in a daily export of the account (6.22).
        parts=frozenset(Part),
        bulk=1,
        adds_participants=None,  # who is in copy is said when a ticket is created, and never after (4.1)
    )


def _fields(config: ConnectionConfig, form: list[wire.TicketField]) -> dict[Field, FieldAbility]:
    own, custom = {field.type: field for field in form}, slots(form)
    found = {name: own.get(type) for name, type in _FORM.items()}
    found |= {name: custom[native][0] for name, native in config.fields.items() if native in custom}

    def audience(name: Field) -> Audience:
        there = found.get(name)
        hidden = name in _AGENTS or (there is not None and there.displayed_to_customers is False)
        return Audience.STAFF if hidden else Audience.CUSTOMER

    return {name: replace(_KINDS.get(name, QUIET), audience=audience(name)) for name in fields(config)}
