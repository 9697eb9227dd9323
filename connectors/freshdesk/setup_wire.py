"""The parts of answers about how an account is set up that are read (freshdesk-api 6.7, 6.8); see `wire`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Part(BaseModel):
    """What is read of an answer; the rest is left out."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


def _tables(found: object) -> object:
    """Return what is a table in a table, and leave the rest out."""
    return (
        {key: row for key, row in found.items() if isinstance(row, dict)} if isinstance(found, dict) else {}
    )


def _rows(found: object) -> object:
    return [] if found is None else found


class Day(Part):
    """The hours of a weekday, as ``8:00 am`` or ``08:00:00 am``."""

    start: str = Field("", alias="start_time")
    end: str = Field("", alias="end_time")


class Hours(Part):
    """Business hours; a weekday without work is missing, and holidays are told by no call."""

    id: int
    name: str = ""
    default: bool = Field(default=False, alias="is_default")
    zone: str = Field("", alias="time_zone")
    days: Annotated[dict[str, Day], BeforeValidator(_tables)] = Field({}, alias="business_hours")


class Target(Part):
    """What is promised for a priority, in seconds."""

    respond_within: int | None = Field(None, ge=0)
    next_respond_within: int | None = Field(None, ge=0)
    resolve_within: int | None = Field(None, ge=0)
    business_hours: bool = False
    escalation_enabled: bool = False


Numbers = Annotated[list[int], BeforeValidator(_rows)]


class Applicable(Part):
    """Which tickets a policy is for: all that is named must hold, and one of each list."""

    companies: Numbers = Field([], alias="company_ids")
    groups: Numbers = Field([], alias="group_ids")
    sources: Numbers = []
    products: Numbers = Field([], alias="product_ids")
    types: Annotated[list[str], BeforeValidator(_rows)] = Field([], alias="ticket_types")


class Policy(Part):
    """An SLA policy; the first that fits counts, by position, the default one last."""

    id: int
    name: str = ""
    active: bool = True
    default: bool = Field(default=False, alias="is_default")
    position: int = 0
    targets: Annotated[dict[str, Target], BeforeValidator(_tables)] = Field({}, alias="sla_target")
    applicable: Annotated[Applicable, BeforeValidator(lambda found: found or {})] = Field(
        default_factory=lambda: Applicable.model_validate({}), alias="applicable_to"
    )
