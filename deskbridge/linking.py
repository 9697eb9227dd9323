"""Many links at once: those of another tool, from a file, or the hub's own that were lost."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.base import Presence
from connectors.errors import ConfigError, Gone, HubError
from deskbridge.bootstrap import Application
from deskbridge.report import complaint
from deskbridge.words import nearest, say, unread
from mappings.ticket import Ref
from sync.rules import Role

_CSV, _LINKS, _FIELD = "csv:", "remote-links:", "field:"
_KINDS = "csv:FILE, remote-links:CONNECTION or field:CONNECTION.FIELD"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tickets that are to be linked, and where that was said."""

    one: Ref
    other: Ref
    where: str


@dataclass(frozen=True, slots=True)
class Ways:
    """Where pairs are to be found."""

    file: Path | None = None
    connection: str = ""
    """Whose tickets are read for what another tool left on them."""
    field: str = ""
    """The tool's field that says where else a ticket is; empty: its links do."""
    rebuild: bool = False


def asked(
    one: str | None, other: str | None, *, adopt: str | None, rebuild: bool, apply: bool
) -> Ways | None:
    """Return where pairs are to be found; None if two tickets were named. Raises ConfigError for neither."""
    if adopt is None and not rebuild:
        if one is None or other is None:
            raise ConfigError(["name two tickets, or say --adopt csv:FILE or --rebuild"])
        if apply:
            raise ConfigError(["--apply goes with --adopt and --rebuild; two tickets are linked at once"])
        return None
    if one is not None or (adopt is not None and rebuild):
        raise ConfigError(["name two tickets, or say --adopt csv:FILE, or --rebuild: one of them"])
    if adopt is None:
        return Ways(rebuild=True)
    kind, _, rest = adopt.partition(":")
    connection, _, field = rest.partition(".")
    if not rest.strip() or f"{kind}:" not in (_CSV, _LINKS, _FIELD) or (f"{kind}:" == _FIELD and not field):
        raise ConfigError([f"--adopt {adopt}: write {_KINDS}"])
    if f"{kind}:" == _CSV:
        return Ways(file=Path(rest))
    return Ways(connection=rest) if f"{kind}:" == _LINKS else Ways(connection=connection, field=field)


def link_many(application: Application, ways: Ways, *, prefer: str | None, history: bool, apply: bool) -> int:
    """Link each pair that is found, or say what would be linked; return the exit code."""
    if ways.file:
        pairs: Iterable[Pair] = pairs_in(ways.file, application)
    else:
        pairs = pointed(application, ways) if ways.connection else _lost(application)
    linked = failed = 0
    for pair in pairs:
        try:
            application.links.link(
                pair.one, pair.other, prefer=prefer, history=history or ways.rebuild, record=apply
            )
        except HubError as error:
            failed += 1
            say(f"{pair.where}: {pair.one} = {pair.other}: not linked: {complaint(error)}")
        else:
            linked += 1
            say(f"{pair.one} = {pair.other}")
    verb = "linked; the next sync looks at them" if apply else "to be linked; say --apply"
    say(f"{linked} {verb}" + (f", {failed} not" if failed else ""))
    return 4 if failed else 0


def pairs_in(path: Path, application: Application) -> list[Pair]:
    """Return the pairs in a file. Raises ConfigError with every line that cannot be read."""
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: {unread(error)}"]) from None
    except csv.Error as error:
        raise ConfigError([f"{path}: this is no table of comma-separated values ({error})"]) from None
    names = [name.strip() for name in rows[0]] if rows else []
    problems = list(_headed(path, names, application))
    pairs: list[Pair] = []
    first: dict[Ref, int] = {}
    for number, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != 2 or not all(cells):
            problems.append(f"{path}: line {number}: write two keys, one for each connection")
            continue
        if problems:
            continue
        one, other = (Ref(name, key) for name, key in zip(names, cells, strict=True))
        front = one if application.settings.connections[one.connection].role is Role.FRONT else other
        if (before := first.setdefault(front, number)) != number:
            problems.append(f"{path}: line {number}: {front} stands in line {before} already")
        pairs.append(Pair(one, other, f"{path}: line {number}"))
    if problems:
        raise ConfigError(problems)
    return pairs


def _headed(path: Path, names: list[str], application: Application) -> Iterator[str]:
    """Yield what is wrong with the first line."""
    known = application.settings.connections
    if len(names) != 2:
        yield f"{path}: line 1: name two connections, as in desk,jira"
        return
    unknown = [name for name in names if name not in known]
    yield from (f"{path}: line 1: no connection is called {name!r}{nearest(name, known)}" for name in unknown)
    if not unknown and {known[name].role for name in names} != {Role.FRONT, Role.WORK}:
        yield f"{path}: line 1: one must be a front and the other a work side"


def pointed(application: Application, ways: Ways) -> Iterator[Pair]:
    """Yield the pairs that another tool left on the tickets of a connection that are not linked.

    Raises ConfigError for a connection there is not, and WireError.
    """
    roles = {name: c.role for name, c in application.settings.connections.items()}
    if ways.connection not in roles:
        raise ConfigError([f"no connection is called {ways.connection!r}{nearest(ways.connection, roles)}"])
    here, bundles = application.connectors[ways.connection], application.store.bundles
    others = [c for name, c in application.connectors.items() if roles[name] is not roles[ways.connection]]
    for hint in here.walk():
        ref = Ref(ways.connection, hint.key)
        known = bundles.load(bundles.subject(ref))
        # What is linked, or what a person parted, is left alone.
        if hint.presence is not Presence.PRESENT or len(known.refs) > 1 or known.former:
            continue
        try:
            texts = here.pointers(hint.key, ways.field)
        except Gone:
            continue
        keys = ((other.name, other.meant(text)) for text in texts for other in others)
        found = [Ref(name, key) for name, key in keys if key is not None]
        yield from (Pair(ref, other, str(ref)) for other in dict.fromkeys(found))


def _lost(application: Application) -> Iterator[Pair]:
    for front, work in application.recovery.lost():
        yield Pair(front, work, "found")
