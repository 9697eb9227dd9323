"""What every answer is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.named import ref_named
from deskbridge.web.api import said, told
from deskbridge.web.api.gate import Asks
from deskbridge.web.api.problems import Refused
from mappings.ticket import Ref
from sync.store.lists import Card
from sync.store.lists import Side as Beside


@dataclass(frozen=True)
class Hub:
    """An application that programs ask."""

    application: Application
    wake: Callable[[], None]
    """Has the workers look into the inbox at once."""


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def _asks(request: Request) -> Asks:
    asks: Asks = request.scope["state"]["asks"]
    return asks


Of = Annotated[Hub, Depends(_hub)]
By = Annotated[Asks, Depends(_asks)]
TicketName = Annotated[
    said.Name, Path(description="CONNECTION:KEY, or what a tool calls it where that is one ticket's name.")
]


def called(hub: Hub, name: str) -> Ref:
    """Return the side that a program means. Raises Refused where nothing is called so."""
    try:
        return ref_named(hub.application, name)
    except ConfigError as error:
        raise Refused(404, str(error), "GET /api/v1/tickets?q=... finds tickets by their words") from None


def customer(hub: Hub, key: str) -> str:
    """Return the key of a customer. Raises Refused for one that nobody has."""
    if key not in hub.application.settings.customers:
        raise Refused(404, f"there is no customer {key!r}", "GET /api/v1/customers lists them")
    return key


def sides(refs: Iterable[Ref], urls: Callable[[Ref], str] = lambda ref: "") -> list[told.Side]:
    """Return how sides are told."""
    return [told.Side(connection=r.connection, key=r.key, name=r.display, url=urls(r)) for r in refs]


def line(card: Card) -> told.Line:
    """Return how a ticket is told in a list."""
    return told.Line(
        connection=card.ref.connection,
        key=card.ref.key,
        name=card.ref.display,
        clocks=[told.Running.model_validate(clock) for clock in card.clocks],
        sides=[_beside(side) for side in card.sides],
        **{
            name: getattr(card, name)
            for name in ("subject", "customer", "status", "priority", "type", "owner", "requester", "url")
        },
        changed=card.changed,
    )


def _beside(side: Beside) -> told.Side:
    ref = side.ref
    return told.Side(connection=ref.connection, key=ref.key, name=ref.display, url=side.url, gone=side.gone)
