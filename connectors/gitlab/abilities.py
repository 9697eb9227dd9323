"""What is possible in a GitLab project, and what it causes there."""

from __future__ import annotations

from dataclasses import replace

from connectors.base import ConnectionConfig
from connectors.capabilities import QUIET, FieldAbility, Grain, Mails, Part, PlaceAbilities
from mappings.ticket import Field

_DAY = FieldAbility(Mails.NEVER, {}, asynchronous=False, grain=Grain.DAY, audience=None)
PARTS = frozenset({Part.PARTICIPANTS, Part.TIME, Part.RELATIONS, Part.HISTORY})
"""Issues are not rated."""


def abilities(config: ConnectionConfig) -> PlaceAbilities:
    """Return what is possible in an ordinary project: internal notes; all fields are its readers' to see.

    GitLab mails customers ordinary notes of a Service Desk and nothing else (reference 7.3).
    """
    fields: dict[Field, FieldAbility] = {"subject": QUIET, "assignee": QUIET, "due": _DAY, "tags": QUIET}
    return PlaceAbilities(
        fields=fields | dict.fromkeys(config.vocabularies, QUIET),
        internal_comments=True,
        create_mails=Mails.NEVER,
        internal_comment_mails=Mails.NEVER,
        public_comment_mails=Mails.IF_CONFIGURED,
        parts=PARTS,
        bulk=1,
        adds_participants=None,
    )


def served(here: PlaceAbilities) -> PlaceAbilities:
    """Return what is possible where the Service Desk is on, which mails whoever joins from 17.0 on (7.3)."""
    return replace(here, adds_participants=Mails.IF_CONFIGURED)
