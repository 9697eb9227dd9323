"""Old numbers and addresses -> new ones, for all that is linked: as a list, or one of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from connectors.base import Connector
from deskbridge.bootstrap import Application
from deskbridge.migration.estimating import source_of
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
    if asked.startswith(("http://", "https://")):
        found = by_address(store, connectors, asked, source)
    else:
        number = asked.removeprefix("#")
        found = [*store.movings.of(asked, source), *store.movings.of(number, source)]
    first = target_of(store, settings)
    old = (one for one in found if source or one.old.connection != first)
    ours = [one for one in old if own(settings, one.new_url)]
    return sorted(dict.fromkeys(ours), key=lambda one: one.new.connection != first)


def by_address(store: Store, connectors: Mapping[str, Connector], asked: str, source: str) -> list[Moved]:
    """Return what stood at an old address: as a tool reads it; as the store does, where the tool is gone."""
    found = list(store.movings.of(asked, source))
    for name, connector in connectors.items():
        if source in ("", name) and (key := connector.meant(asked)):
            found += store.movings.of(key, name)
    there = urlsplit(asked)
    last = there.path.rstrip("/").rpartition("/")[2]
    told = store.movings.of(last, source) if last else []
    return found + [one for one in told if urlsplit(one.old_url)[:2] == there[:2]]


def own(settings: Settings, url: str) -> bool:
    """Whether an address is on the host of one of the connections, by the same scheme."""
    asked = urlsplit(url)
    known = {urlsplit(connection.url)[:2] for connection in settings.connections.values()}
    return (asked.scheme, asked.netloc) in known and asked.scheme in ("http", "https")


def left(application: Application, name: str | None) -> str:
    """Return the connection that is left, or was: the named one, that of the switch, or of [migration].

    One that has left the settings is known by the store. Raises ConfigError.
    """
    begun = application.store.cutovers.newest()
    if begun is not None and name in (None, begun.source):
        return begun.source
    return source_of(application, name)


def target_of(store: Store, settings: Settings) -> str:
    """Return the connection that the switch or the migration goes to; empty where none is said."""
    begun = store.cutovers.newest()
    if begun is not None:
        return str(begun.detail.get("target", ""))
    place = settings.places.get(settings.migration.to)
    return place.connection if place else ""


def _row(one: Moved) -> tuple[str, ...]:
    old, new = one.old, one.new
    return (old.connection, old.key, one.old_url, new.connection, new.display or new.key, one.new_url)


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
