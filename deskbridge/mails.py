"""What mails whom: if a person or the hub does X in tool Y, who gets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.base import Connector
from connectors.capabilities import Mails, PlaceAbilities
from connectors.errors import WireError
from deskbridge.desk import desk_of, places_of
from deskbridge.parts import Settings
from mappings.boards import UNDECLARED, Place, Readers
from mappings.ticket import Audience, Status
from sync.routing import Desk
from sync.rules import Handover, Role

_SAID = {
    Mails.NEVER: "nobody is mailed",
    Mails.IF_CONFIGURED: "the customer is mailed if the tool is set up so",
    Mails.ALWAYS: "the customer is mailed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that is done in a tool, and who gets it."""

    connection: str
    place: str
    """The project; empty for what is so anywhere on the connection."""
    by: str
    """``people`` or ``the hub``."""
    act: str
    readers: str
    mails: Mails
    then: str = ""
    """What else comes of it."""

    def __str__(self) -> str:
        where = f"{self.connection} {self.place}".rstrip()
        more = f"; {self.then}" if self.then else ""
        return f"{where}: if {self.by} {self.act}, {self.readers} can read it, {_SAID[self.mails]}{more}"


def effects(settings: Settings, connectors: Mapping[str, Connector]) -> tuple[list[Effect], list[WireError]]:
    """Return what mails whom on every connection, and the errors of those that could not be asked."""
    desk, found, failed = desk_of(settings), list[Effect](), list[WireError]()
    for name, connector in connectors.items():
        found += _kinds(desk, name, connector)
        for place in everywhere(settings, name):
            try:
                can = connector.abilities(place)
            except WireError as error:
                failed.append(error)
                continue
            found += _in_place(desk, place, can)
    return list(dict.fromkeys(found)), failed


def everywhere(settings: Settings, connection: str) -> list[Place]:
    """Return the places of a connection; the whole account where the settings name none."""
    return places_of(settings, connection) or [Place(connection, "", UNDECLARED)]


def unproved(settings: Settings, place: Place, can: PlaceAbilities) -> list[str]:
    """Return what the hub might write in a place that mails a customer by a switch that no call shows."""
    allowed = place.connection in settings.may_mail
    acts = [e.act for e in _in_place(desk_of(settings), place, can, every=True) if _unsure(e)]
    if not acts:
        return []
    where = f"{place.connection} {place.key}".rstrip()
    way = (
        "may_mail allows it, so see to the switches"
        if allowed
        else f'it is not done; once you know that it does not, add may_mail = ["{place.connection}"]'
    )
    return [f"{where}: no call tells whether a customer is mailed when the hub {', '.join(acts)}; {way}"]


def _unsure(effect: Effect) -> bool:
    return effect.by == _HUB and effect.mails is Mails.IF_CONFIGURED


_HUB, _PEOPLE = "the hub", "people"


def _kinds(desk: Desk, name: str, connector: Connector) -> Iterator[Effect]:
    """Yield what comes of each native kind of text, whoever writes it."""
    to_work = desk.rules.roles[name] is Role.FRONT
    for kind, said in connector.capabilities.kinds.items():
        travels = said.audience is not Audience.RESTRICTED
        sides = "the work sides" if to_work else "the front"
        then = f"the hub copies it to {sides}, for staff" if travels else "the hub copies it nowhere"
        yield Effect(
            connection=name,
            place="",
            by=_PEOPLE,
            act=f"write {kind if str(kind).startswith('anything') else f'a {kind}'}",
            readers=str(said.audience) if said.audience is not Audience.CUSTOMER else "the customer",
            mails=said.mails,
            then=then,
        )


def _in_place(desk: Desk, place: Place, can: PlaceAbilities, *, every: bool = False) -> Iterator[Effect]:
    """Yield what the hub does in a place; with `every`, also what it would do if mails were allowed."""
    role = desk.rules.roles[place.connection]
    readers = _readers(role, place)
    allowed = every or place.connection in desk.rules.may_mail

    def effect(act: str, reader: str, mails: Mails) -> Effect:
        barred = mails is Mails.ALWAYS or (mails is Mails.IF_CONFIGURED and not allowed)
        return Effect(
            connection=place.connection,
            place=place.key,
            by=_HUB,
            act=act,
            readers=reader,
            mails=mails,
            then="so it does not do it" if barred else "",
        )

    if role is Role.WORK:
        yield effect("creates a ticket", readers, can.create_mails)
    if can.internal_comments or place.readers.customer is None:
        yield effect("copies a text", "staff", can.internal_comment_mails)
    if (receipt := desk.rules.receipt) is not None and place.connection in receipt.connections:
        yield Effect(
            connection=place.connection,
            place=place.key,
            by=_HUB,
            act="sends a receipt",
            readers=readers,
            mails=can.public_comment_mails,
        )
    status_here = can.fields.get("status")
    if role is Role.FRONT and desk.closes and status_here is not None:
        mailed = status_here.mails_when(Status.CLOSED)
        yield effect("closes a ticket whose customer has not answered", readers, mailed)
    for status, given in _given(desk, role):
        ability = can.fields.get("status")
        if ability is not None and given is not None:
            yield effect(f"sets the status to {given} ({status})", readers, ability.mails_when(given))
    for name, ability in can.fields.items():
        if name != "status" and ability.mails is not Mails.NEVER:
            yield effect(f"sets {name}", readers, ability.mails)


def _given(desk: Desk, role: Role) -> Iterator[tuple[str, Status | None]]:
    """Yield the statuses that the rules give to sides of a role, each with what it comes from."""
    other = Role.WORK if role is Role.FRONT else Role.FRONT
    table: Mapping[Status, Handover] = desk.rules.handover.get((other, role), {})
    yield from ((f"a {other} side became {status}", given.status) for status, given in table.items())
    if role is Role.WORK and sum(r is Role.WORK for r in desk.rules.roles.values()) > 1:
        yield from ((f"another work side became {status}", status) for status in Status)


def _readers(role: Role, place: Place) -> str:
    if role is Role.FRONT:
        return "staff" if place.readers == Readers(None) else "the ticket's customer"
    return str(place.readers)
