"""A first table of people, from the mail addresses that the connections show or find."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from connectors.survey import people
from deskbridge.bootstrap import Now
from deskbridge.init import Found, config_of
from deskbridge.people import PERSON


def with_people(found: list[Found], environ: Mapping[str, str], now: Now) -> list[Found]:
    """Return the same with whom each connection knows of those whose address another one shows."""
    everybody = {person.email.casefold(): None for one in found for person in one.has.people}
    addresses = list(everybody)[:_ASKED]
    return [_knowing(one, addresses, environ, now) for one in found]


def _knowing(one: Found, addresses: list[str], environ: Mapping[str, str], now: Now) -> Found:
    shown = {person.email.casefold() for person in one.has.people}
    missing = [address for address in addresses if address not in shown]
    more = people(one.wanted.system, config_of(one.wanted, environ, now), missing)
    return replace(one, has=replace(one.has, people=(*one.has.people, *more)))


_ASKED = 200
"""Mail addresses that are asked for in each system, a call or two each."""
PEOPLE = "people.csv"
"""The table of people, beside the settings."""


def people_text(found: list[Found]) -> str:
    """Return a first table of people: who shows the same mail address in several tools; empty if none do."""
    names = [one.wanted.name for one in found]
    keys: dict[str, dict[str, str]] = {}
    called: dict[str, str] = {}
    for one in found:
        # The hub's own accounts are nobody.
        for person in (p for p in one.has.people if one.account.name != p.name):
            address = person.email.casefold()
            keys.setdefault(address, {}).setdefault(one.wanted.name, person.key)
            called.setdefault(address, person.name)
    known = [address for address, theirs in keys.items() if len(theirs) > 1]
    twice = Counter(called[address].casefold() for address in known)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([PERSON, *names])
    for address in sorted(known, key=lambda one: (called[one].casefold(), one)):
        name = called[address] if twice[called[address].casefold()] == 1 else f"{called[address]} ({address})"
        writer.writerow([name, *(keys[address].get(connection, "") for connection in names)])
    return table.getvalue() if known else ""
