"""From the settings, which people write, to the desk, which the sync reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deskbridge.agreed import Stored, policy_of, rules_of, steps_of, table_of
from deskbridge.parts import CustomerSettings, PlaceSettings, RouteSettings, Settings
from deskbridge.sla.editions import Promised
from deskbridge.sla.rotas import rotas_of
from mappings.boards import STAFF, UNDECLARED, BoardSpec, Place, Readers
from mappings.ticket import Field as FieldName
from mappings.ticket import Status
from sync.fuses import Fuses
from sync.operations import Withdrawal
from sync.routing import Customer, Desk, Route, Where
from sync.rules import FIELD_RULES, HANDOVER, FieldRule, Handover, Publish, Receipt, Role, Rules, Table
from sync.sla.policy import Policy, Rulebook
from sync.sla.steps import Step


def desk_of(settings: Settings, holidays: Stored | None = None, promised: Promised | None = None) -> Desk:
    """Return customers, routes, promises and rules as the settings say.

    Of countries that are not in `holidays` the dates are computed anew. What was `promised` before an edit
    holds for what began before it; without it, nothing was ever edited.
    """
    places = {name: _place(settings, name) for name in settings.places}
    policies = _policies(settings, holidays)
    desk = Desk(
        rules=_rules(settings, tuple(places.values())),
        customers=tuple(_customer(settings, key, c) for key, c in settings.customers.items()),
        routes=tuple(route_of(r, places[r.to]) for r in settings.routes),
        policies=policies,
        steps=_steps(settings, policies),
        rotas=rotas_of(settings),
    )
    return _as_edited(desk, promised) if promised else desk


def fuses_of(settings: Settings) -> Fuses:
    """Return how much may be written before a person is asked."""
    return Fuses(**settings.fuses.model_dump())


def projects_of(settings: Settings, connection: str) -> tuple[str, ...]:
    """Return the projects that a connection polls: those of its places."""
    keys = (p.key for p in settings.places.values() if p.connection == connection and p.key)
    return tuple(dict.fromkeys(keys))


def places_of(settings: Settings, connection: str) -> list[Place]:
    """Return the places that the settings name on a connection."""
    return [_place(settings, n) for n, p in settings.places.items() if p.connection == connection]


def boards_of(settings: Settings) -> dict[str, tuple[str, BoardSpec]]:
    """Return name -> (connection, board) of every board in the settings."""
    boards = {}
    for name, board in settings.boards.items():
        place, customer = settings.places[board.place], settings.customers[board.customer]
        spec = BoardSpec(
            customer=board.customer,
            name=board.name,
            project=place.key,
            label=label_of(board.customer, customer),
            whole=owner_of(settings, place) == board.customer,
            columns=board.columns,
            served=customer.name,
            contacts=customer.contacts,
            kind=place.kind,
        )
        boards[name] = (place.connection, spec)
    return boards


def _place(settings: Settings, name: str) -> Place:
    place = settings.places[name]
    customer = place.readers.removeprefix("customer:")
    readers = {"staff": STAFF, "": UNDECLARED}.get(place.readers, Readers(customer))
    return Place(place.connection, place.key, readers, place.kind)


def _rules(settings: Settings, places: tuple[Place, ...]) -> Rules:
    handover = {way: dict(table) for way, table in HANDOVER.items()}
    for way, table in (
        ((Role.WORK, Role.FRONT), settings.handover.work_to_front),
        ((Role.FRONT, Role.WORK), settings.handover.front_to_work),
    ):
        given: dict[Status, Handover] = {s: Handover(h.status, h.note) for s, h in table.items()}
        handover[way] |= given
    return Rules(
        roles={name: c.role for name, c in settings.connections.items()},
        trust=tuple(dict.fromkeys((*settings.trust, *settings.connections))),
        places=places,
        fields=_field_rules(settings),
        asks=frozenset(name for name, rule in settings.fields.items() if rule.conflict == "ask"),
        handover=handover,
        reopen_work=settings.handover.reopen_work,
        control_tags=frozenset(tag for route in settings.routes for tag in route.tags),
        customer_labels=frozenset(label_of(key, c) for key, c in settings.customers.items()),
        may_mail=settings.may_mail,
        long=settings.texts.long,
        deleted=Withdrawal(settings.texts.deleted),
        publish=_publish(settings),
        receipt=_receipt(settings),
        keep_private=settings.texts.keep_private or "",
        relay=settings.relay,
        tells_assignee=frozenset(name for name, c in settings.connections.items() if c.notify == "assignee"),
        tells_group=frozenset(name for name, c in settings.connections.items() if c.notify == "group"),
        people=tuple(person.keys for person in settings.people),
        named={person.name.casefold(): person.keys for person in settings.people},
        mentions=settings.mention,
    )


def _field_rules(settings: Settings) -> tuple[FieldRule, ...]:
    """Return the default rules, with what the settings say of a field and direction in place of its own."""
    said = {
        (name, *way): when
        for name, rule in settings.fields.items()
        for way, when in (
            ((Role.FRONT, Role.WORK), rule.front_to_work),
            ((Role.WORK, Role.FRONT), rule.work_to_front),
            ((Role.WORK, Role.WORK), rule.work_to_work),
        )
        if when is not None
    }
    kept = (rule for rule in FIELD_RULES if (rule.field, rule.source, rule.target) not in said)
    own = (FieldRule(*way, when) for way, whens in said.items() for when in sorted(whens))
    return (*kept, *own)


def _publish(settings: Settings) -> Publish | None:
    rule = settings.publish
    if rule is None:
        return None
    works = frozenset(name for name, c in settings.connections.items() if c.role is Role.WORK)
    return Publish(sign=rule.sign, sender=rule.sender, connections=rule.connections or works, link=rule.link)


def _receipt(settings: Settings) -> Receipt | None:
    said = settings.receipt
    if said is None:
        return None
    return Receipt(
        connections=said.connections,
        since=said.enforce_from,
        text=said.text,
        sender=said.sender,
        link=said.link,
        numbers=said.numbers,
        most=said.most,
    )


def route_of(route: RouteSettings, place: Place) -> Route:
    """Return a route of the settings that leads to a place."""
    said = route.where
    values: dict[FieldName, frozenset[str]] = {
        "priority": frozenset(said.priority),
        "impact": frozenset(said.impact),
        "urgency": frozenset(said.urgency),
        "component": said.component,
        "version": said.version,
    }
    where = Where(
        values={name: words for name, words in values.items() if words},
        subject_has=said.subject_has,
        requesters=frozenset(address.lower() for address in said.requester),
        without_tags=said.without_tags,
    )
    return Route(
        route.name, route.tags, route.types, route.customers, place, route.statuses, route.fronts, where
    )


def _customer(settings: Settings, key: str, customer: CustomerSettings) -> Customer:
    def by_side(claimed: Mapping[str, frozenset[str]]) -> frozenset[tuple[str, str]]:
        return frozenset((side, name) for side, names in claimed.items() for name in names)

    return Customer(
        key=key,
        name=customer.name,
        domains=frozenset(domain.lower() for domain in customer.domains),
        organisations=by_side(customer.organisations),
        label=label_of(key, customer),
        zone=customer.zone,
        policy=_policy_name(customer),
        projects=by_side(customer.projects),
        components=by_side(customer.components),
        labels=by_side(customer.labels),
        tier=customer.tier,
        table=_table(settings, customer),
        dris=tuple(customer.dris.items()),
    )


def _table(settings: Settings, customer: CustomerSettings) -> Table | None:
    if customer.priorities is None:
        return None
    return table_of(settings.priorities[customer.priorities], customer.vips)


def owner_of(settings: Settings, place: PlaceSettings) -> str | None:
    """Return the customer whose the whole project of a place is, if it is said to be one's."""
    for key, customer in settings.customers.items():
        if place.key.lower() in {p.lower() for p in customer.projects.get(place.connection, ())}:
            return key
    reader = place.readers.removeprefix("customer:")
    return reader if reader and reader != place.readers else None


def label_of(key: str, customer: CustomerSettings) -> str:
    """Return what marks a customer's tickets on work sides."""
    return customer.label or f"customer-{key}"


def _policies(settings: Settings, holidays: Stored | None) -> dict[str, Policy | Rulebook]:
    """Return the policies by name, and those of customers who have several by all their names."""
    found = {name: policy_of(name, p, settings.calendars, holidays) for name, p in settings.policies.items()}
    for customer in settings.customers.values():
        if (name := _policy_name(customer)) is not None and name not in found:
            found[name] = rules_of(customer.policies, found)
    return found


def _steps(settings: Settings, made: Mapping[str, Policy | Rulebook]) -> dict[str, tuple[Step, ...]]:
    """Return what is done as clocks run out, by the same names as the policies."""
    found = {name: steps_of(p, made[name], settings.notify) for name, p in settings.policies.items()}
    for customer in settings.customers.values():
        if (name := _policy_name(customer)) is not None and name not in found:
            found[name] = tuple(step for one in customer.policies for step in found[one])
    return {name: steps for name, steps in found.items() if steps}


def _policy_name(customer: CustomerSettings) -> str | None:
    return ", ".join(customer.policies) or None


def _as_edited(desk: Desk, promised: Promised) -> Desk:
    """Return a desk whose customers have what was promised to each of them, in all its versions."""
    policies, steps = dict(desk.policies), dict(desk.steps)
    customers = []
    for customer in desk.customers:
        rules, name = promised.policies(customer.key), customer.policy
        if rules is not None and (name is None or policies[name] != rules):
            name = f"{name or 'nothing any more'} ({customer.key})"
            policies[name] = rules
            if (own := steps.get(customer.policy or "")) is not None:
                steps[name] = own
        customers.append(replace(customer, policy=name))
    said = promised.editions[-1].said
    return replace(desk, customers=tuple(customers), policies=policies, steps=steps, promises=said)
