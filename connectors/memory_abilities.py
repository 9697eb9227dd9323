"""What the reference connector can hold, and what writing to it causes, unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connectors.capabilities import (
    QUIET,
    Capabilities,
    FilePlace,
    Mails,
    NativeKind,
    Part,
    PlaceAbilities,
    Signed,
)
from connectors.memory_desk import FIELDS
from mappings.ticket import Audience, Field, RelationKind, TextFormat
from mappings.vocabulary import Vocabularies

_STAFF: tuple[Field, ...] = ("component", "assignee", "tags", "sla")
"""The fields that the desk shows to no customer."""


def capabilities(words: Vocabularies, lag: timedelta) -> Capabilities:
    """Return what a desk can hold whose index needs `lag` to find what was written."""
    return Capabilities(
        system="memory",
        fields=FIELDS,
        dues_together=False,
        vocabularies=words,
        edits_comments=True,
        files=FilePlace.TICKET,
        text_format=TextFormat.MARKDOWN,
        max_text=1_000_000,
        max_file=20_000_000,
        file_hosts=(),
        kinds={
            "answer": NativeKind(Audience.CUSTOMER, Mails.ALWAYS),
            "note": NativeKind(Audience.STAFF, Mails.NEVER),
        },
        tells_staff=True,
        books_time=True,
        max_time_text=1_000_000,
        relates=frozenset(RelationKind) - {RelationKind.MERGED_INTO, RelationKind.MOVED_TO},
        webhooks=Signed.HMAC,
        counts_up=False,
        settle=timedelta(0),
        index_lag=lag,
        histories=frozenset({"status", "priority"}),
        lists_ratings=True,
    )


def abilities() -> PlaceAbilities:
    """Return what is possible in every project of the desk."""
    return PlaceAbilities(
        fields=dict.fromkeys(FIELDS, QUIET) | dict.fromkeys(_STAFF, replace(QUIET, audience=Audience.STAFF)),
        internal_comments=True,
        create_mails=Mails.NEVER,
        internal_comment_mails=Mails.NEVER,
        public_comment_mails=Mails.ALWAYS,
        parts=frozenset(Part),
        bulk=10,
        adds_participants=Mails.ALWAYS,
    )
