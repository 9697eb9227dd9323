"""What a Freshdesk account has that settings can be written from (freshdesk-api 6.5)."""

from __future__ import annotations

from connectors.base import ConnectionConfig
from connectors.freshdesk.connector import form_of, people_of
from connectors.freshdesk.form import STATUS, words
from connectors.survey import PersonFound, Survey

_TEXTS = frozenset({"custom_text", "custom_dropdown"})


def survey(config: ConnectionConfig) -> Survey:
    """Return the statuses of the account's ticket form, the custom fields on it, and the agents."""
    form = form_of(config).read()
    statuses = next((words(field) for field in form if field.type == STATUS), {})
    fields = [(field.name, field.label or field.name) for field in form if field.type in _TEXTS]
    agents = [(who.name or "", who.email or "") for who in people_of(config).agents()]
    people = tuple(PersonFound(email, name or email, email) for name, email in agents if email)
    return Survey(statuses=tuple(statuses.items()), fields=tuple(fields), people=people)
