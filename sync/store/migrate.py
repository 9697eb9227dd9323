"""Brings a store's tables to the shape that this program works on, one revision after the other.

The revisions are the files in ``migrations/versions``; `sync.store.schema` is what they end in. A store
names its revision itself, in the table that Alembic keeps.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from connectors.errors import ConfigError
from sync.store.dialects import READING, Address, alone, back_up, called
from sync.store.schema import bundles, meta

MIGRATIONS = Path(__file__).with_name("migrations")
"""Where the revisions are."""
OUTDATED = "a newer program brought the store up to date: go on with that one"
"""Why a program that is at work ends."""
_TABLE = "alembic_version"


def revisions() -> list[str]:
    """Return every revision that this program knows, oldest first: the numbers of the files."""
    return sorted(path.stem[1:5] for path in (MIGRATIONS / "versions").glob("r[0-9]*.py"))


def migrate(engine: Engine, address: Address) -> str:
    """Make an empty database a store, and a store of an older program one of this program.

    Nothing is asked but the revision if it is the newest. Processes that open a store at once wait for
    the one that migrates. A SQLite file is copied first, as ``NAME.before-REVISION``. Return the revision
    that it is of now. Raises ConfigError, and changes nothing, for what is not a store or was made by a
    newer program.
    """
    known = revisions()
    with engine.execution_options(**READING[engine.dialect.name]).connect() as tx:
        if _revision(tx, address, known) == known[-1]:
            return known[-1]
    with alone(engine) as tx:
        found = _revision(tx, address, known)
        if found == known[-1]:
            return known[-1]
        if found is not None and isinstance(address, Path):
            back_up(address, f"before-{known[known.index(found) + 1]}")
        _upgrade(tx, found)
    return known[-1]


def revision_of(tx: Connection) -> str:
    """Return what revision a store says that it is of."""
    return str(tx.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar())  # noqa: S608 - our own name


def _revision(tx: Connection, address: Address, known: list[str]) -> str | None:
    """Return a store's revision, None for an empty database."""
    tables = set(inspect(tx).get_table_names())
    if not tables:
        return None
    if _TABLE not in tables or not tables >= {meta.name, bundles.name}:
        early = tables >= {meta.name, bundles.name}
        what = (
            "it was made before the first release; begin a new store"
            if early
            else "another program's database"
        )
        raise ConfigError([f"{called(address)}: this is no store of deskbridge: {what}"])
    found = revision_of(tx)
    if found not in known:
        told = f"its tables are at revision {found}, this program knows up to {known[-1]}"
        raise ConfigError([f"{called(address)}: a newer program made this store: {told}; use that program"])
    return found


def _upgrade(tx: Connection, found: str | None) -> None:
    from alembic.migration import MigrationContext  # heavy, and rarely needed
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(MIGRATIONS))
    context = MigrationContext.configure(tx)
    coming = list(scripts.iterate_revisions("head", found or "base"))
    with Operations.context(context):
        for script in reversed(coming):
            script.module.upgrade()
            context.stamp(scripts, script.revision)
