"""Who of staff has which account in which tool: found by mail address, for the table of people.

Nobody is ever taken for somebody else because of a name: equal names are only offered to a person.
"""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import ConfigError, Gone
from connectors.past import Past, past
from connectors.survey import PersonFound, people, staff
from deskbridge.bootstrap import Application, config_of
from deskbridge.words import nearest
from sync.migrate.estimate import written_by_staff

_KEY = {"user id", "userid", "account id", "accountid", "atlassian account id", "user key", "id"}
_MAIL = {"email", "e-mail", "mail", "email address", "emailaddress"}
_NAME = {"user name", "name", "full name", "display name", "displayname"}
_STATE = {"user status", "status", "active", "account status"}
_ACTIVE = {"", "active", "true", "yes", "1"}
_ASKED = 2000
"""Addresses that are asked for in each system, a call each."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of staff on the source."""

    key: str
    """How the table names them there."""
    name: str
    email: str
    former: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Who was found where."""

    source: str
    people: tuple[Person, ...]
    theirs: Mapping[str, Mapping[str, str]]
    """Connection -> mail address, folded -> key there."""
    namesakes: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Connection -> name, folded -> keys of everybody who is called so there."""
    twice: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Connection -> addresses that several accounts have, so that nobody is taken."""


def gathered(
    application: Application,
    source: str,
    exports: Sequence[str],
    *,
    former: int,
    tell: Callable[[str], None] = lambda text: None,
) -> Accounts:
    """Ask every connection for its people, and read what an admin exported. Raises ConfigError, WireError.

    With `former`, so many tickets are looked into for people who have left.
    """
    settings = application.settings
    configs = {
        name: config_of(settings, name, application.now, application.budgets[name], {})
        for name in settings.connections
    }
    given = dict(_export(text, settings.connections) for text in exports)
    mine = [
        Person(who.key, who.name, who.email)
        for who in staff(settings.connections[source].system, configs[source])
    ]
    if former:
        tell(f"reading the lists of {source}, then {former:,} tickets, for agents who have left")
        mine += _former(past(settings.connections[source].system, configs[source]), former)
    addresses = [person.email for person in mine if person.email][:_ASKED]
    found = {}
    for name in settings.connections:
        if name != source:
            system = settings.connections[name].system
            shown = [*given.get(name, ()), *staff(system, configs[name])]
            seen = {who.email.casefold() for who in shown}
            missing = [address for address in addresses if address.casefold() not in seen]
            found[name] = [*shown, *people(system, configs[name], missing)]
    ours = set(_addresses_of_the_hub(application, found))
    return Accounts(
        source=source,
        people=tuple(person for person in mine if person.email.casefold() not in ours),
        theirs={name: _by_mail(whom) for name, whom in found.items()},
        namesakes={name: _by_name(whom) for name, whom in found.items()},
        twice={name: _twice(whom) for name, whom in found.items()},
    )


def _addresses_of_the_hub(
    application: Application, found: Mapping[str, Sequence[PersonFound]]
) -> Iterator[str]:
    """Yield the addresses of our own accounts: nobody is to own a ticket because the hub did."""
    for name, whom in found.items():
        me = application.connectors[name].whoami().key
        yield from (who.email.casefold() for who in whom if who.key == me and who.email)


def _former(behind: Past, many: int) -> Iterator[Person]:
    """Yield who owned a ticket, or wrote one's notes and replies, and is no agent any more."""
    agents, requesters, gone = behind.staff(), set[str](), dict[str, None]()
    drawn: list[int] = []
    chance = random.Random(many)  # noqa: S311 - it repeats
    for number, row in enumerate(behind.rows(), start=1):
        requesters.add(row.requester)
        gone[row.assignee] = None
        if len(drawn) < many:
            drawn.append(row.number)
        elif (place := chance.randrange(number)) < many:
            drawn[place] = row.number
    for number in drawn:
        with suppress(Gone):
            gone |= dict.fromkeys(written_by_staff(behind.look(number)))
    for key in gone:
        if key and key not in agents and key not in requesters and (known := behind.named(key)):
            name, email = known
            yield Person(email or key, name, email, former=True)


def exported(path: Path) -> tuple[PersonFound, ...]:
    """Return the active people of a table that an admin exported. Raises ConfigError.

    Columns are known by their heads (``User id``, ``email``, ``User name``, ``User status``), whatever their
    order: what Atlassian's administration exports, and most other tools.
    """
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError([f"{path}: this is no table of people that can be read ({error})"]) from None
    head = [cell.strip().casefold() for cell in rows[0]] if rows else []
    key, mail, name, state = (_column(head, names) for names in (_KEY, _MAIL, _NAME, _STATE))
    if key is None or mail is None:
        raise ConfigError(
            [f"{path}: it needs a column 'User id' and one 'email'; it has {', '.join(head) or 'none'}"]
        )
    found = []
    for row in rows[1:]:
        cells = [cell.strip() for cell in row] + [""] * len(head)
        if cells[key] and cells[mail] and (state is None or cells[state].casefold() in _ACTIVE):
            found.append(PersonFound(cells[key], cells[name] if name is not None else "", cells[mail]))
    return tuple(found)


def _export(text: str, connections: Iterable[str]) -> tuple[str, tuple[PersonFound, ...]]:
    name, parted, file = text.partition("=")
    known = list(connections)
    if not parted or name not in known:
        raise ConfigError([f"--export {text!r}: write CONNECTION=FILE{nearest(name, known)}"])
    return name, exported(Path(file))


def _column(head: Sequence[str], names: set[str]) -> int | None:
    return next((number for number, cell in enumerate(head) if cell in names), None)


def _by_mail(found: Iterable[PersonFound]) -> dict[str, str]:
    keys: dict[str, set[str]] = defaultdict(set)
    for who in found:
        if who.email:
            keys[who.email.casefold()].add(who.key)
    return {email: key for email, (key, *more) in ((e, sorted(k)) for e, k in keys.items()) if not more}


def _twice(found: Iterable[PersonFound]) -> frozenset[str]:
    keys: dict[str, set[str]] = defaultdict(set)
    for who in found:
        keys[who.email.casefold()].add(who.key)
    return frozenset(email for email, held in keys.items() if email and len(held) > 1)


def _by_name(found: Iterable[PersonFound]) -> dict[str, tuple[str, ...]]:
    keys: dict[str, dict[str, None]] = defaultdict(dict)
    for who in found:
        keys[_folded(who.name)][who.key] = None
    return {name: tuple(held) for name, held in keys.items() if name}


def _folded(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip().casefold()


def namesakes(accounts: Accounts, connection: str, person: Person) -> Iterator[str]:
    """Yield who is called the same on a connection: perhaps the same person."""
    yield from accounts.namesakes[connection].get(_folded(person.name), ())
