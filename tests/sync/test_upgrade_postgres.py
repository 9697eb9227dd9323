"""A newer program upgrades the database while this one is in the middle of its work."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from connectors.errors import ConfigError
from tests.sync.postgres import Postgres
from tests.sync.world import World

_NEWER = (
    "ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE {table} ALTER COLUMN later DROP DEFAULT",
    "UPDATE alembic_version SET version_num = '9999'",
)
"""A revision to come, in whose tables this program can write no row: harsher than any that there was."""


@pytest.mark.parametrize(("table", "call"), [("mirrors", "add_comment"), ("intents", "fetch")])
def test_a_look_that_is_overtaken_by_an_upgrade_ends_without_harm(
    postgres: Postgres, tmp_path: Path, table: str, call: str
) -> None:
    """Otherwise each upgrade leaves tickets parked for an error that is none of theirs, or texts twice.

    `mirrors` is where a copy is noted that was just written, `intents` where one is that is to be.
    """
    address = postgres.store()
    world = World(tmp_path, address=address)
    key = world.opened("dev", "firmware")
    world.settle()
    world.desk.comment(key, "While it is upgraded", by="kim")
    world.wait(minutes=5)
    server = create_engine(address)

    def upgrade(called: str) -> None:
        if called == call:
            world.jira.before = lambda _: None
            with server.begin() as tx:
                for statement in _NEWER:
                    tx.execute(text(statement.format(table=table)))

    world.jira.before = upgrade
    with pytest.raises(ConfigError, match="go on with that one"):  # one line, for whoever ran a command
        world.sync()
    with server.begin() as tx:
        assert tx.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        # The program to come fills its column; here this one goes on, as if it were that.
        tx.execute(text(f"ALTER TABLE {table} ALTER COLUMN later SET DEFAULT ''"))
    server.dispose()
    assert world.parked() == []
    world.settle()
    assert world.bodies("jira") == world.bodies("gitlab") == ["Help!", "While it is upgraded"]
    assert world.parked() == []
    world.close()
