"""What is wrong between parts of the settings that are each right by themselves. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

from connectors.registry import SYSTEMS
from deskbridge.clashes import Had, clashes
from deskbridge.desk import label_of, owner_of
from deskbridge.parts import BoardSettings, Connection, CustomerSettings, PlaceSettings, Settings
from deskbridge.tables import judged
from deskbridge.words import nearest
from mappings.vocabulary import VocabularyError, vocabularies
from sync.fields import OWN, slug
from sync.rules import Role, When
from sync.sla.tiers import Paying

_TABLES = ("read", "write", "fold")
_WITHOUT_PROJECTS = frozenset({"freshdesk"})
"""Systems whose whole account is one place."""
_MAILS_NOTES = frozenset({"freshdesk"})
"""Systems that mail a note to whoever it names; the others tell people as their own settings say."""
_RESOLVES = frozenset({"jira"})
"""Systems that may ask on a screen how a ticket was solved."""
_WITHOUT_BOARDS = frozenset({"freshdesk"})
"""Systems in which no public call makes what shows one customer's tickets."""

Names = Mapping[str, Collection[str]]
"""Section -> what the file calls its parts, those included that are wrong by themselves."""


def contradictions(s: Settings, names: Names) -> Iterator[str]:
    """Yield what stands against these settings, each line beginning with its place in the file.

    Parts that the file has and `s` has not are known to be wrong already: nothing is said about them.
    """
    yield from _systems(s)
    yield from _roles(s, names)
    yield from _references(s, names)
    yield from _places(s)
    yield from _routes(s)
    yield from _migration(s, names)
    yield from _claimed_twice(s)
    yield from _claimed_nowhere(s)
    yield from _labels(s)
    had = {name: Had(c.policies, c.tier, frozenset(c.dris)) for name, c in s.customers.items()}
    yield from clashes(s.calendars, s.policies, had, names)
    yield from judged(s.priorities, s.customers, names)
    yield from _tiers(s, names)
    yield from _duty(s)
    yield from _boards(s)
    yield from _signs(s)
    yield from _receipt(s)
    yield from _fields(s)


def _tiers(s: Settings, names: Names) -> Iterator[str]:
    for name, tier in s.tiers.items():
        if tier.paying is Paying.HOURS and not tier.hours:
            yield f'tiers.{name}.hours: how many does a month include? write hours = "10h"'
        if tier.paying is not Paying.HOURS and tier.hours:
            yield f'tiers.{name}.hours: they belong to paying = "hours"; leave them out'
    for key, customer in s.customers.items():
        if names["tiers"] and customer.tier and customer.tier not in names["tiers"]:
            why = f"there is no {customer.tier!r} in [tiers]{nearest(customer.tier, names['tiers'])}"
            yield f"customers.{key}.tier: {why}"


def _duty(s: Settings) -> Iterator[str]:
    for name, duty in s.duty.items():
        for number, one in enumerate(duty.overrides):
            if one.end <= one.start:
                yield f"duty.{name}.overrides.{number}.end: it is not after start"


def _fields(s: Settings) -> Iterator[str]:
    """Refuse what no rule can do: the hub decides some fields by itself, and others in another way."""
    for name, rule in s.fields.items():
        place = f"fields.{name}"
        if name in OWN:
            yield f"{place}: the hub's clocks decide it; see [policies]"
            continue
        if name == "status" and (rule.front_to_work is not None or rule.work_to_front is not None):
            yield f"{place}: between front and work a status passes by [handover]; write work_to_work only"
        said = {
            way: when
            for way in ("front_to_work", "work_to_front", "work_to_work")
            if (when := getattr(rule, way)) is not None
        }
        if name == "tags":
            if rule.conflict == "ask":
                yield f"{place}.conflict: tags of all sides are put together, so there is none"
            for way, when in said.items():
                if when - {When.ALWAYS}:
                    yield f"{place}.{way}: tags of all sides are put together; write always or never"
        given = any(when & _GIVEN for when in said.values())
        if name == "assignee" and given and not any(len(person.keys) > 1 for person in s.people):
            yield f'{place}: nobody is known in two tools; name a table of them with people = "people.csv"'
        if name == "subject" and "front_to_work" in said and not said["front_to_work"] & _GIVEN:
            yield f"{place}.front_to_work: no tool makes an issue without one; write create or always"


_GIVEN = frozenset({When.ALWAYS, When.CREATE})


def _signs(s: Settings) -> Iterator[str]:
    rule = s.publish
    if rule is None:
        return
    if rule.sign == s.texts.keep_private:
        yield f"publish.sign: {rule.sign} is also texts.keep_private; nobody can mean both"
    fronts = {name for name, c in s.connections.items() if c.role is Role.FRONT}
    for name in sorted(rule.connections & fronts):
        yield f"publish.connections: {name} is where customers are served; a reply there is public"
    if rule.link and "{key}" not in rule.link:
        yield "publish.link: write {key} where the ticket's key stands"


def _receipt(s: Settings) -> Iterator[str]:
    rule = s.receipt
    if rule is None:
        return
    works = {name for name, c in s.connections.items() if c.role is Role.WORK}
    for name in sorted(rule.connections & works):
        yield f"receipt.connections: no customer is served on {name}; name fronts"
    if "{numbers}" not in rule.text:
        yield "receipt.text: write {numbers} where the ticket's numbers stand"
    for other in sorted(set(re.findall(r"\{\w*\}", rule.text)) - {"{numbers}"}):
        yield f"receipt.text: nothing is known by {other}; only {{numbers}} is put in"
    if rule.link and "{key}" not in rule.link:
        yield "receipt.link: write {key} where the ticket's key stands"


def _systems(s: Settings) -> Iterator[str]:
    for name, connection in s.connections.items():
        if name == "hub":
            yield "connections.hub: 'hub' means the hub itself; choose another name"
        if connection.system not in SYSTEMS:
            yield f"connections.{name}.system: no {connection.system!r}{nearest(connection.system, SYSTEMS)}"
            continue
        if connection.notify == "group" and connection.system not in _MAILS_NOTES:
            why = f"{connection.system} tells people of a note as its own settings say; leave it out"
            yield f"connections.{name}.notify: {why}"
        if connection.resolution and connection.system not in _RESOLVES:
            yield f"connections.{name}.resolution: {connection.system} asks for none; leave it out"
        for field, table in connection.vocabulary.items():
            for part in sorted(set(table) - set(_TABLES)):
                place = f"connections.{name}.vocabulary.{field}.{part}"
                yield f"{place}: there is no such key{nearest(part, _TABLES)}"
        try:
            vocabularies(connection.system, connection.vocabulary)
        except VocabularyError as error:
            yield from (f"connections.{name}.vocabulary: {problem}" for problem in error.problems)


def _roles(s: Settings, names: Names) -> Iterator[str]:
    fronts = [name for name, c in s.connections.items() if c.role is Role.FRONT]
    if not fronts and len(s.connections) == len(names["connections"]):
        yield "connections: none has the role 'front', so no customer is served anywhere"
    if len(s.places) < len(names["places"]):
        return
    used = {place.connection for place in s.places.values()}
    for name, connection in s.connections.items():
        if name not in used and (connection.role is Role.WORK or connection.system not in _WITHOUT_PROJECTS):
            yield f'connections.{name}: no place is on it; add [places.NAME] with connection = "{name}"'


def _references(s: Settings, names: Names) -> Iterator[str]:
    used: list[tuple[str, str, str]] = [
        *((f"places.{n}.connection", p.connection, "connections") for n, p in s.places.items()),
        *((f"places.{n}.readers", c, "customers") for n, p in s.places.items() if (c := _customer(p))),
        *((f"routes.{r.name}.to", r.to, "places") for r in s.routes),
        *((f"routes.{r.name}.fronts", c, "connections") for r in s.routes for c in sorted(r.fronts)),
        *((f"routes.{r.name}.customers", c, "customers") for r in s.routes for c in sorted(r.customers)),
        *((f"customers.{n}.policy", p, "policies") for n, c in s.customers.items() for p in c.policies),
        *(
            (f"customers.{n}.{part}", side, "connections")
            for n, c in s.customers.items()
            for part in ("organisations", "projects", "components", "labels")
            for side in getattr(c, part)
        ),
        *(
            (f"customers.{n}.priorities", c.priorities, "priorities")
            for n, c in s.customers.items()
            if c.priorities
        ),
        *((f"policies.{n}.calendar", p.calendar, "calendars") for n, p in s.policies.items() if p.calendar),
        *((f"boards.{n}.customer", b.customer, "customers") for n, b in s.boards.items()),
        *((f"boards.{n}.place", b.place, "places") for n, b in s.boards.items()),
        *(("trust", name, "connections") for name in s.trust),
        *(("may_mail", name, "connections") for name in sorted(s.may_mail)),
        *(("relay", name, "connections") for name in sorted(s.relay)),
        *(("mention", name, "connections") for name in sorted(s.mention)),
        *(
            ("publish.connections", n, "connections")
            for n in sorted(s.publish.connections if s.publish else ())
        ),
        *(
            (f"receipt.{part}", n, "connections")
            for part in ("connections", "numbers")
            for n in sorted(getattr(s.receipt, part, ()))
        ),
    ]
    for place, name, section in used:
        if name not in names[section]:
            yield f"{place}: there is no {name!r} among the {section}{nearest(name, names[section])}"


def _places(s: Settings) -> Iterator[str]:
    said: dict[tuple[str, str], tuple[str, str]] = {}
    for name, place in s.places.items():
        connection = s.connections.get(place.connection)
        if connection is None:
            continue
        whole = connection.system in _WITHOUT_PROJECTS
        if whole and connection.role is Role.FRONT and place.readers:
            yield f"places.{name}.readers: on the front each customer reads their own tickets; leave it out"
        elif _undeclared(connection, place):
            yield f"places.{name}.readers: {place.readers!r} says not who reads there; {_READERS}"
        if not whole or connection.role is Role.WORK:
            yield from _unnamed(name, place)
        first, readers = said.setdefault((place.connection, place.key), (name, place.readers))
        if readers != place.readers:
            yield f"places.{name}.readers: {first} is the same project and says {readers!r}"
    yield from _both_ways(s)


def _undeclared(connection: Connection, place: PlaceSettings) -> bool:
    """Whether a place does not say who reads it, and must: on the front each customer may read their own."""
    said = place.readers == "staff" or bool(_customer(place))
    return not said and (bool(place.readers) or connection.role is Role.WORK)


def _unnamed(name: str, place: PlaceSettings) -> Iterator[str]:
    if not place.key.strip():
        yield f"places.{name}.key: name the project"


def _both_ways(s: Settings) -> Iterator[str]:
    """Refuse a project that two connections work in: what the hub writes through one is news to the other."""
    owners: dict[tuple[str, str], str] = {}
    for name, place in s.places.items():
        connection = s.connections.get(place.connection)
        if connection and place.key.strip():
            first = owners.setdefault((connection.url, place.key.lower()), place.connection)
            if first != place.connection:
                yield f"places.{name}.connection: {first} works in {place.key} already; one connection does"


_READERS = "write staff, or customer:KEY of the one customer who does"


def _customer(place: PlaceSettings) -> str:
    """Return the customer who reads a place, empty if none is named."""
    return place.readers.removeprefix("customer:") if place.readers.startswith("customer:") else ""


def _routes(s: Settings) -> Iterator[str]:
    seen: set[str] = set()
    for route in s.routes:
        if route.name in seen:
            yield f"routes.{route.name}: there are two of this name"
        seen.add(route.name)
        place = s.places.get(route.to)
        connection = s.connections.get(place.connection) if place else None
        for front in sorted(route.fronts):
            if front in s.connections and s.connections[front].role is Role.WORK:
                yield f"routes.{route.name}.fronts: {front} has the role 'work'; tickets come from fronts"
        if connection and connection.role is Role.FRONT:
            yield f"routes.{route.name}.to: {route.to} is where customers are served; name a place for work"
        if place and (only := _customer(place)) and route.customers != {only}:
            text = f'customer {only} reads {route.to}; take theirs alone with customers = ["{only}"]'
            yield f"routes.{route.name}.to: {text}"
        elif place and (claims := owner_of(s, place)) and route.customers != {claims}:
            text = f'all of {place.key} is {claims}\'s; take theirs alone with customers = ["{claims}"]'
            yield f"routes.{route.name}.to: {text}"


def _migration(s: Settings, names: Names) -> Iterator[str]:
    """Refuse a migration that does not lead from where customers are served to where work is done."""
    said = s.migration
    source = s.connections.get(said.source)
    if said.source and said.source not in names["connections"]:
        yield f"migration.source: there is no {said.source!r}{nearest(said.source, names['connections'])}"
    elif source and source.role is Role.WORK:
        yield f"migration.source: {said.source} has the role 'work'; a front is migrated"
    ways = [("migration.to", said.to)] if said.to else []
    for number, route in enumerate(said.routes):
        ways.append((f"migration.routes.{number}.to", route.to))
        for key in sorted(route.customers - set(names["customers"])):
            where = f"migration.routes.{number}.customers"
            yield f"{where}: there is no {key!r}{nearest(key, names['customers'])}"
    if said.request_types and said.requesters != "accounts":
        yield 'migration.request_types: a portal shows a ticket to its customer: say requesters = "accounts"'
    ways += [(f"migration.request_types.{name}", name) for name in said.request_types]
    for where, name in ways:
        place = s.places.get(name)
        connection = s.connections.get(place.connection) if place else None
        if name not in names["places"]:
            yield f"{where}: there is no {name!r} among the places{nearest(name, names['places'])}"
        elif connection and connection.role is Role.FRONT:
            yield f"{where}: {name} is where customers are served; name a place for work"


def _claimed_twice(s: Settings) -> Iterator[str]:
    """Refuse signs that two customers claim: one would read the other's tickets."""
    owners: dict[tuple[str, str], str] = {}
    for key, customer in s.customers.items():
        for part, sign in _claims(customer):
            place = f"customers.{key}.{part}"
            first = owners.setdefault((part, sign.lower()), place)
            if first != place:
                yield f"{place}: {sign} is also in {first}; it can be one customer's only"


def _claimed_nowhere(s: Settings) -> Iterator[str]:
    """Refuse a customer's project that no place is in: nothing there is read, and nobody would notice."""
    read = {(place.connection, place.key.lower()) for place in s.places.values()}
    for key, customer in s.customers.items():
        for side, projects in customer.projects.items():
            for project in sorted(projects) if side in s.connections else ():
                if (side, project.lower()) not in read:
                    text = f"no place is in {side} {project}, so nothing of it is read"
                    yield f"customers.{key}.projects: {text}"


def _claims(customer: CustomerSettings) -> Iterator[tuple[str, str]]:
    """Yield (key, sign) of everything by which a customer's tickets are recognised."""
    yield from (("domains", domain) for domain in sorted(customer.domains))
    for part in ("organisations", "projects", "components", "labels"):
        claimed: Mapping[str, frozenset[str]] = getattr(customer, part)
        yield from ((part, f"{side} {name}") for side, names in claimed.items() for name in sorted(names))


def _labels(s: Settings) -> Iterator[str]:
    """Refuse labels that tools take for the same: the board of one would show the other's tickets."""
    owners: dict[str, str] = {}
    for key, customer in s.customers.items():
        label = label_of(key, customer)
        also = (name for names in customer.labels.values() for name in names)
        for one in dict.fromkeys((label, *also)):
            first = owners.setdefault(slug(one), key)
            if first != key:
                yield f"customers.{key}.label: {one!r} is also {first}'s; give each their own"


def _boards(s: Settings) -> Iterator[str]:
    for name, board in s.boards.items():
        place = s.places.get(board.place)
        connection = s.connections.get(place.connection) if place else None
        for twice in (status for status, times in Counter(board.columns).items() if times > 1):
            yield f"boards.{name}.columns: {twice} is said twice"
        if connection and connection.system in _WITHOUT_BOARDS:
            yield f"boards.{name}.place: {connection.system} has no boards; name a place elsewhere"
        if place and (only := _customer(place)) not in ("", board.customer):
            yield f"boards.{name}.place: customer {only} reads {board.place}, so it shows no other's tickets"
        elif place and (owner := owner_of(s, place)) not in (None, board.customer):
            yield f"boards.{name}.place: all of {place.key} is {owner}'s, so it shows no other's tickets"
    for (first, one), (second, other) in combinations(s.boards.items(), 2):
        same = [what for what in ("customer", "name") if getattr(one, what) == getattr(other, what)]
        if same and _connection(s, one) == _connection(s, other):
            told = f"the board {first} has the same {same[0]} on the same connection"
            yield f"boards.{second}.{same[0]}: {told}"


def _connection(s: Settings, board: BoardSettings) -> str | None:
    place = s.places.get(board.place)
    return place.connection if place else None
