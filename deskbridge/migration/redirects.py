"""Old numbers and addresses -> new ones, for all that is linked: as a list, or one of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from connectors.base import Connector
from deskbridge.parts import Settings
from sync.store import Store
from sync.store.moved import Moved

HEAD = ("connection", "number", "old_url", "new_connection", "new_key", "new_url")


def csv_rows(found: Iterable[Moved]) -> Iterator[str]:
    """Yield the list as comma-separated values, a line at a time."""
    yield _line(HEAD)
    for one in found:
        yield _line(_row(one))


def json_rows(found: Iterable[Moved]) -> Iterator[str]:
    """Yield the list as one JSON array, a row at a time."""
    between = "[\n"
    for one in found:
        yield between + json.dumps(dict(zip(HEAD, _row(one), strict=True)))
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def went(
    store: Store, connectors: Mapping[str, Connector], settings: Settings, asked: str, source: str = ""
) -> list[Moved]:
    """Return where the ticket went that an old number or address means; of one connection, or of any.

    Only addresses that the store holds, on the connections' own hosts, are ever among them. One that stands
    on the target of the migration comes first. No system is asked.
    """
    found: list[Moved] = []
    for name, connector in connectors.items():
        if source and name != source:
            continue
        by_address = asked.startswith(("http://", "https://"))
        key = connector.meant(asked) if by_address else None
        for called in dict.fromkeys(filter(None, (key, None if by_address else asked))):
            found += store.movings.of(called, name)
        if not found and not by_address and (meant := connector.meant(asked)):
            found += store.movings.of(meant, name)
    first = target_of(settings)
    ours = [one for one in found if own(settings, one.new_url)]
    return sorted(dict.fromkeys(ours), key=lambda one: one.new.connection != first)


def own(settings: Settings, url: str) -> bool:
    """Whether an address is on the host of one of the connections, by the same scheme."""
    asked = urlsplit(url)
    known = {urlsplit(connection.url)[:2] for connection in settings.connections.values()}
    return (asked.scheme, asked.netloc) in known and asked.scheme in ("http", "https")


def target_of(settings: Settings) -> str:
    """Return the connection that the migration writes to; empty where none is said."""
    place = settings.places.get(settings.migration.to)
    return place.connection if place else ""


def _row(one: Moved) -> tuple[str, ...]:
    old, new = one.old, one.new
    return (old.connection, old.key, one.old_url, new.connection, new.display or new.key, one.new_url)


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
