"""What Jira can hold and what writing to it causes."""

from __future__ import annotations

from collections.abc import Mapping
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
    Signed,
)
from connectors.jira.side import Service, Side
from mappings.ticket import Audience, Field, RelationKind

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


def capabilities(config: ConnectionConfig, service: Service) -> Capabilities:
    """Return what the projects can hold, of which `service` are service projects.

    Mails of other projects go to Jira's own users, who are staff; a service project mails its customers
    about replies and statuses as its own settings say, which no API tells.
    """
    side = Side(config.name, config.url, config.fields, config.vocabularies, me="")
    mails = Mails.NEVER if service is Service.NONE else Mails.IF_CONFIGURED
    by_day = FieldAbility(Mails.NEVER, {}, asynchronous=False, grain=Grain.DAY)
    status = FieldAbility(mails, {}, asynchronous=False, grain=Grain.SECOND)
    special: Mapping[Field, FieldAbility] = {"due": by_day, "status": status}
    return Capabilities(
        system="jira",
        fields={field: special.get(field, QUIET) for field in side.holds},
        dues_together=False,
        vocabularies=config.vocabularies,
        internal_comments=service is Service.ALL,
        create_mails=Mails.NEVER,  # a new request is reported by ourselves
        internal_comment_mails=Mails.NEVER,
        public_comment_mails=Mails.IF_CONFIGURED,
        edits_comments=True,
        files=FilePlace.TICKET,
        max_text=30_000,  # of 32,767: wiki markup escapes, and how Jira counts is not documented (jira-api 5)
        max_file=MAX_FILE,
        file_hosts=FILE_HOSTS,
        kinds=KINDS,
        parts=frozenset(Part) - ({Part.RATINGS} if service is Service.NONE else set()),
        books_time=True,
        relates=RELATES,
        bulk=BULK,
        webhooks=Signed.HMAC,
        settle=timedelta(seconds=60),
        index_lag=INDEX_LAG,
    )
