"""What a program may say, and how small: the words of the models that check questions."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from mappings.ticket import Status
from sync.operations import Severity

_LINE = r"^[^\x00-\x1f\x7f]*$"
_SOME = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

Line = Annotated[str, StringConstraints(max_length=200, pattern=_LINE)]
"""One line, or nothing."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_SOME)]
"""What a ticket, a customer or a connection is called."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_SOME)]
"""What a person says about something; it is kept."""
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


def _digits(said: object) -> object:
    if isinstance(said, str) and not re.fullmatch(r"-?[0-9]{1,18}", said):
        raise ValueError("a whole number is written in digits alone")
    return said


def _flag(said: object) -> object:
    if isinstance(said, str) and said not in ("true", "false"):
        raise ValueError("write true or false")
    return said


# The bounds stand first: behind a validator the description would not tell them.
Number = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_digits)]
Limit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_digits)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Place = Annotated[
    str,
    StringConstraints(max_length=300, pattern=r"^[0-9]{1,16}:[a-z0-9_-]{1,60}:[^\x00-\x1f\x7f]{1,200}$"),
]
"""Where a list of tickets was left: the `next` of an answer."""


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TicketsAsked(_Query):
    """Which tickets; what is not said restricts nothing."""

    q: Line = Field("", description="Words of the subject, names of people, or any name of the ticket.")
    customer: Line | None = Field(None, description="A customer's key; `-` for nobody's.")
    status: Status | Literal["any"] = Field(
        "any", description="A status; `open` for every one that is not done."
    )
    owner: Line | None = Field(None, description="An owner's name; `-` for nobody's.")
    late: Flag = Field(default=False, description="Only those of which a promise is being broken.")
    limit: Limit = 50
    cursor: Place | None = Field(None, description="The `next` of the answer before.")


class FindingsAsked(_Query):
    """Which findings."""

    severity: Severity | None = None
    limit: Limit = 50
    cursor: Number | None = Field(None, description="The `next` of the answer before.")


class ParkedAsked(_Query):
    """Which parked tickets."""

    reason: Annotated[str, StringConstraints(max_length=500, pattern=_LINE)] = Field(
        "", description="Words that the reason has."
    )
    limit: Limit = 50
    cursor: Line | None = Field(None, description="The `next` of the answer before.")


class ListAsked(_Query):
    """How much of a list."""

    limit: Limit = 50
    cursor: Number | None = Field(None, description="The `next` of the answer before.")


class MetricsAsked(_Query):
    """Over which weeks, and whose; what is not said restricts nothing."""

    weeks: Annotated[int, Field(ge=1, le=52), BeforeValidator(_digits)] = Field(
        13, description="How many, up to the present one."
    )
    customer: Line | None = Field(None, description="A customer's key; `-` for nobody's.")
    team: Line | None = Field(None, description="A group of the desk's; `-` for none.")
    work: Line | None = Field(None, description="A connection where work is done; `-` for none.")


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Retry(_Order):
    """Have what is parked looked at again."""

    allow: bool = Field(
        default=False, description="Carry out, once, what a guard or fuse had stopped; for admins."
    )


class Dismiss(_Order):
    """Take a ticket off the list of what is parked."""

    reason: Words = Field(description="Why it is fine as it is; kept with the ticket.")


class Answering(_Order):
    """Settle a finding."""

    answer: Words = Field(description="What you say to it; kept with the finding.")


class Linking(_Order):
    """Make two tickets sides of one."""

    one: Name = Field(description="A front side's ticket: CONNECTION:KEY, its name, or its address.")
    other: Name = Field(description="A work side's ticket.")
    prefer: Name | None = Field(None, description="The connection whose fields are written to the other.")
    history: bool = Field(default=False, description="Have older texts travel too, for staff.")
