"""What the hub keeps of a person, as text; what is erased of it, and what people do in the tools."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from sync.store.audit import Act
from sync.store.erasure import Found, Side, Words, erase, find

_BY_HAND = {
    "freshdesk": (
        "delete the contact, then delete it forever (by hand or by DELETE "
        "contacts/ID/hard_delete?force=true); delete what is listed of other people's tickets"
    ),
    "jira": (
        "delete or edit what is listed; an account of the person is erased by Atlassian on request (Cloud), "
        "or made anonymous in the administration of users (Data Center)"
    ),
    "gitlab": (
        "delete or edit what is listed, its history of edits too; an account of the person in the admin area"
    ),
}
"""What a person does in each system: the hub deletes nothing of people's."""
_KEPT = {
    "accounts": "they sign in to the pages: `deskbridge account remove`",
    "editions": "the settings named them while they held: take them out of the settings",
    "meta": "an account of the hub's own is called so",
    "quiets": "what was silenced for a migration is set back by it: `deskbridge migrate quiet off`",
    "statements": "issued to a customer, and frozen",
}


def words_of(said: Collection[str]) -> Words:
    """Return the words for a person. Raises ConfigError for one that would be found everywhere."""
    try:
        return Words(said)
    except ValueError as error:
        raise ConfigError([f"purge: {error}; say the whole name or address"]) from None


def found_in(application: Application, words: Words) -> Found:
    """Return where the store holds data of a person."""
    with application.store.database.reading() as tx:
        return find(tx, words)


def purged(application: Application, found: Found, words: Words) -> list[str]:
    """Erase what was found and compact the store; return what is still to be said."""
    store = application.store
    erase(store.database, found, words)
    store.audit.note(Act(at=application.now(), who="command line", act="purge", detail=_counted(found)))
    lines = [f"Erased from the store: {_counted(found)}."]
    try:
        store.database.compact()
    except OperationalError as error:
        lines.append(
            f"Its file still has room where it stood ({error.orig}): run this again when nobody works."
        )
    lines += [f"Erase it yourself: {path}, an older copy of the store." for path in _copies(application)]
    lines.append("Backups that were made before still hold it.")
    return lines


def lines_of(application: Application, found: Found) -> Iterator[str]:
    """Yield what is told of a person: each side, then what else names them, then what people do."""
    sides = sorted(found.sides.values(), key=lambda side: (side.ref.connection, side.ref.key))
    for side in sides:
        yield f"{side.ref}  {side.url}".rstrip()
        yield f"  {_of(side)}"
    for name, count in sorted(found.rows.items()):
        if count:
            yield f"{name}: {count} more that name them"
    for name, count in sorted(found.kept.items()):
        if count:
            yield f"{name}: {count} that stay; {_KEPT[name]}"
    systems = {name: one.system for name, one in application.settings.connections.items()}
    for connection in sorted({side.ref.connection for side in sides} & systems.keys()):
        yield f"In {connection}, first: {_BY_HAND[systems[connection]]}"


def json_of(found: Found) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "sides": [
            {
                "connection": side.ref.connection,
                "key": side.ref.key,
                "url": side.url,
                "theirs": side.theirs,
                "texts": sorted(side.texts),
                "named": sorted(side.named),
                "files": sorted(side.files),
            }
            for side in found.sides.values()
        ],
        "rows": {name: count for name, count in found.rows.items() if count},
        "kept": {name: count for name, count in found.kept.items() if count},
    }


def _of(side: Side) -> str:
    told = ["their ticket"] if side.theirs else []
    told += [f"{len(side.texts)} texts of theirs"] if side.texts else []
    told += [f"named in {len(side.named)} texts"] if side.named else []
    told += [f"files: {', '.join(sorted(side.files))}"] if side.files else []
    return "; ".join(told)


def _counted(found: Found) -> str:
    theirs = sum(side.theirs for side in found.sides.values())
    texts = sum(len(side.texts) + len(side.named) for side in found.sides.values())
    return f"{theirs} sides of their tickets, {texts} texts, {found.rows.total()} other rows"


def _copies(application: Application) -> list[Path]:
    address = application.store.database.address
    if not isinstance(address, Path):
        return []
    return sorted(address.parent.glob(f"{address.name}.before-*"))
