"""What a side can hold, and what writing to it causes: declared or read, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from mappings.ticket import Audience, Field, RelationKind, TextFormat
from mappings.vocabulary import Vocabularies


class Mails(StrEnum):
    """Whether a write makes the tool mail a customer."""

    NEVER = "never"
    IF_CONFIGURED = "if_configured"
    ALWAYS = "always"


class Grain(StrEnum):
    """How finely a side keeps a point in time."""

    SECOND = "second"
    DAY = "day"


class FilePlace(StrEnum):
    """What a file belongs to on a side."""

    TICKET = "ticket"
    """Files are uploaded to the ticket, and a text names them."""
    COMMENT = "comment"
    """Files are sent with the text that they belong to."""


class Part(StrEnum):
    """What `fetch` reads beyond the conversation, because it costs calls of its own."""

    PARTICIPANTS = "participants"
    TIME = "time"
    RELATIONS = "relations"
    RATINGS = "ratings"
    HISTORY = "history"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class NativeKind:
    """Who reads a kind of text in a tool, and whether the tool mails a customer about a new one."""

    audience: Audience
    mails: Mails


class Signed(StrEnum):
    """How a webhook of a system proves where it comes from."""

    HMAC = "hmac"
    """Over the raw bytes."""
    TOKEN = "token"  # noqa: S105 - a kind, not a token
    """A secret in a header."""


@dataclass(frozen=True, slots=True)
class FieldAbility:
    """What a side can do with one field of a ticket in one place."""

    mails: Mails
    """Whether writing it may mail a customer."""
    mails_for: Mapping[str, Mails]
    """Values for which `mails` differs (``resolved`` may mail where ``open`` never does)."""
    asynchronous: bool
    """Whether the answer to a write may still show the old value for some seconds."""
    grain: Grain
    """For points in time; SECOND for everything else."""
    audience: Audience | None
    """Who reads it: STAFF or CUSTOMER where the tool shows the field to them and nobody else; None where
    whoever reads the place does."""

    def mails_when(self, value: object) -> Mails:
        """Return whether writing this value may mail a customer."""
        return self.mails_for.get(str(value), self.mails)


QUIET = FieldAbility(Mails.NEVER, {}, asynchronous=False, grain=Grain.SECOND, audience=None)
"""A field whose writing mails nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAbilities:
    """What is possible in one place, and what it causes there: what may differ from project to project."""

    fields: Mapping[Field, FieldAbility]
    """What can be done with each field of `Capabilities.fields`."""
    internal_comments: bool
    """Whether there is a text that staff alone read even where a customer reads the place."""
    create_mails: Mails
    internal_comment_mails: Mails
    public_comment_mails: Mails
    parts: frozenset[Part]
    """What `fetch` can read beyond the conversation."""
    adds_participants: Mails | None
    """Whether being added by `add_participants` may mail a customer; None where it does not work."""
    bulk: int
    """How many tickets `create_many` sends in one call; 1 where there is no bulk create."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a system can hold, wherever on it. Nothing here has a default: a gap is a mistake."""

    system: str
    fields: tuple[Field, ...]
    """The fields that can be written. A field that is absent cannot be held."""
    dues_together: bool
    """Whether `first_response_due` and `due` are only written both at once, the former before the latter."""
    vocabularies: Vocabularies
    edits_comments: bool
    files: FilePlace
    text_format: TextFormat
    """The markup in which texts are written, and measured."""
    max_text: int
    """Characters that a text may have."""
    max_file: int
    """Bytes that a file may have."""
    file_hosts: tuple[str, ...]
    """The vendor's file hosts beside the connection's own; no credential goes to them."""
    kinds: Mapping[str, NativeKind]
    """Who reads each native kind of text, and what mails: the table that `mails` prints."""
    tells_staff: bool
    """Whether `CommentDraft.tells` has the tool mail staff; elsewhere it tells assignees by itself."""
    books_time: bool
    """Whether `add_time` works."""
    max_time_text: int
    """Characters that the text of booked time may have; what is longer is cut."""
    relates: frozenset[RelationKind]
    """The relations that `add_relation` can make."""
    webhooks: Signed | None
    """How webhooks are signed; None where the system sends none that an API can set up."""
    counts_up: bool
    """Whether tickets are numbered from one without gaps, so that a gap among them is a ticket that no list
    shows: archived, or purged."""
    settle: timedelta
    """How long after its own stamp a row must be read before its version may be trusted."""
    index_lag: timedelta
    """How long a look-up may miss what was written."""
    histories: frozenset[Field]
    """Fields of which `Part.HISTORY` tells when they changed, the last time at least."""
    lists_ratings: bool
    """Whether `ratings` tells every customer's; then nobody need ask for each ticket's."""
