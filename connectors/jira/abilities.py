"""What Jira can hold and what writing to it causes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from connectors.base import ConnectionConfig
from connectors.capabilities import (
    QUIET,
    Capabilities,
    FieldAbility,
    FilePlace,
    Grain,
    Mails,
    NativeKind,
    Part,
    PlaceAbilities,
    Signed,
)
from connectors.jira.side import Side
from mappings.ticket import Audience, Field, RelationKind, TextFormat

MAX_FILE = 1_000_000_000
"""Bytes: Cloud's default (jira-api 6); a lower limit answers 413."""
BULK = 50
"""Issues that one call creates at most (jira-api 3.1)."""
FILE_HOSTS = ("api.media.atlassian.com",)
"""Where Cloud redirects to for a file's bytes (jira-api 6: a signed address on another host)."""
INDEX_LAG = timedelta(seconds=60)
"""How long the index usually takes, with room; only GET issue reads what was just written (jira-api 2.1)."""

KINDS: Mapping[str, NativeKind] = {
    "description": NativeKind(Audience.STAFF, Mails.NEVER),
    "comment": NativeKind(Audience.STAFF, Mails.NEVER),
    "comment for a role or a group": NativeKind(Audience.RESTRICTED, Mails.NEVER),
    "worklog": NativeKind(Audience.STAFF, Mails.NEVER),
    "file": NativeKind(Audience.STAFF, Mails.NEVER),
    "service project: request": NativeKind(Audience.CUSTOMER, Mails.IF_CONFIGURED),
    "service project: reply to customer": NativeKind(Audience.CUSTOMER, Mails.IF_CONFIGURED),
    "service project: internal note": NativeKind(Audience.STAFF, Mails.NEVER),
    "service project: file in a reply": NativeKind(Audience.CUSTOMER, Mails.IF_CONFIGURED),
    "service project: file in no reply": NativeKind(Audience.STAFF, Mails.NEVER),
}
"""Who reads what (jira-api 5, 6, 8.6); whether customers are mailed is each service project's own setting."""

RELATES = frozenset(
    {
        RelationKind.RELATES_TO,
        RelationKind.BLOCKS,
        RelationKind.BLOCKED_BY,
        RelationKind.DUPLICATES,
        RelationKind.DUPLICATED_BY,
    }
)
"""What every site can say of any two issues, with the link types that each begins with.

Tracking needs a link type that only some sites have; a parent needs issue types of two levels.
"""


_NATIVE: Mapping[Field, str] = {"tags": "labels", "sla": "labels", "due": "duedate", "type": "issuetype"}
"""What Jira calls the fields that have other names in the forms of requests."""
_PORTAL: tuple[Field, ...] = ("subject", "status")
"""What a portal shows of every request."""
_BY_DAY = FieldAbility(Mails.NEVER, {}, asynchronous=False, grain=Grain.DAY, audience=None)


def capabilities(config: ConnectionConfig) -> Capabilities:
    """Return what Jira can hold."""
    return Capabilities(
        system="jira",
        fields=tuple(_side(config).holds),
        dues_together=False,
        vocabularies=config.vocabularies,
        edits_comments=True,
        files=FilePlace.TICKET,
        text_format=TextFormat.WIKI,
        max_text=30_000,  # of 32,767: wiki markup escapes, and how Jira counts is not documented (jira-api 5)
        max_file=MAX_FILE,
        file_hosts=FILE_HOSTS,
        kinds=KINDS,
        tells_staff=False,
        books_time=True,
        max_time_text=30_000,
        relates=RELATES,
        webhooks=Signed.HMAC,
        counts_up=False,
        settle=timedelta(seconds=60),
        index_lag=INDEX_LAG,
        histories=frozenset({"status", "priority", "type"}),
        lists_ratings=False,
    )


def ordinary(config: ConnectionConfig, *, known: bool) -> PlaceAbilities:
    """Return what is possible in a project without customers; unless its kind is `known`, it may have some.

    Its mails go to Jira's own users, who are staff.
    """
    status = replace(QUIET, mails=Mails.NEVER if known else Mails.IF_CONFIGURED)
    special: Mapping[Field, FieldAbility] = {"due": _BY_DAY, "status": status}
    return PlaceAbilities(
        fields={field: special.get(field, QUIET) for field in _side(config).holds},
        internal_comments=False,
        create_mails=Mails.NEVER,
        internal_comment_mails=Mails.NEVER if known else Mails.IF_CONFIGURED,
        public_comment_mails=Mails.NEVER if known else Mails.IF_CONFIGURED,
        parts=frozenset(Part) - {Part.RATINGS, Part.TEAM},
        bulk=BULK,
        adds_participants=None,  # whoever watches an issue has an account for work, and is no customer
    )


def service(config: ConnectionConfig, shown: frozenset[str] | None, *, portal: bool) -> PlaceAbilities:
    """Return what is possible with an issue of a service project, which the `portal` shows or not.

    `shown` are Jira's names of the fields that forms of requests show; None where nothing told. A service
    project mails its customers about replies and statuses as its own settings say, which no API tells.
    """
    here = ordinary(config, known=True)

    def ability(field: Field) -> FieldAbility:
        native = config.fields.get(field) or _NATIVE.get(field, field)
        seen = field in _PORTAL or shown is None or native in shown
        audience = (Audience.CUSTOMER if seen else Audience.STAFF) if portal else None
        mails = Mails.IF_CONFIGURED if field == "status" else Mails.NEVER
        return replace(here.fields[field], mails=mails, audience=audience)

    return replace(
        here,
        fields={field: ability(field) for field in here.fields},
        internal_comments=True,
        public_comment_mails=Mails.IF_CONFIGURED,
        parts=frozenset(Part) - {Part.TEAM},
        bulk=1 if portal else BULK,
        adds_participants=Mails.IF_CONFIGURED if portal else None,
    )


def _side(config: ConnectionConfig) -> Side:
    return Side(config.name, config.url, config.fields, config.vocabularies, me="")
