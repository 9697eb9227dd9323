"""Tokens: by which programs ask the hub, each in the name of an account and with no more than its rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from sync.store.accounts import Role
from sync.store.database import Database
from sync.store.schema import accounts, tokens

_ROUNDED = timedelta(minutes=1)
"""How old the note of a token's last use may become: a program that asks often writes seldom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of a token: enough to know it again, and not to use it."""

    id: str
    """The part that is no secret: by it people name the token."""
    hash: str
    """SHA-256 of the whole token, which is random: a store that is read gives nobody a token."""
    account: str
    role: Role
    """What it may do at most; never more than its account may at that moment."""
    purpose: str
    """What it is for, in a person's words."""
    created: datetime
    expires: datetime
    used: datetime | None = None
    """When it was last used, to the minute."""


class Tokens:
    """By the part of each token that is no secret."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, token: Token) -> None:
        """Keep a new token."""
        values = {name: getattr(token, name) for name in Token.__dataclass_fields__}
        with self._db.writing() as tx:
            tx.execute(insert(tokens).values(**values))

    def find(self, id: str) -> tuple[Token, Role] | None:
        """Return a token and what its account may do now; None if there is none of that name."""
        query = select(tokens, accounts.c.role.label("now")).join(accounts).where(tokens.c.id == id)
        with self._db.reading() as tx:
            row = tx.execute(query).first()
        return (_token(row), Role(row.now)) if row else None

    def all(self) -> list[Token]:
        """Return every token, those of one account together, oldest first."""
        query = select(tokens).order_by(tokens.c.account, tokens.c.created, tokens.c.id)
        with self._db.reading() as tx:
            return [_token(row) for row in tx.execute(query)]

    def use(self, token: Token, at: datetime) -> None:
        """Note that a token was used, unless that was noted a moment ago."""
        if token.used is None or at - token.used >= _ROUNDED:
            with self._db.writing() as tx:
                tx.execute(update(tokens).where(tokens.c.id == token.id).values(used=at))

    def remove(self, id: str) -> bool:
        """Have a token open nothing any more, from this moment on; whether there was one."""
        with self._db.writing() as tx:
            return tx.execute(delete(tokens).where(tokens.c.id == id)).rowcount == 1

    def prune(self, before: datetime) -> None:
        """Forget tokens that expired before an instant."""
        with self._db.writing() as tx:
            tx.execute(delete(tokens).where(tokens.c.expires < before))


def _token(row: Row[Any]) -> Token:
    named = {name: getattr(row, name) for name in Token.__dataclass_fields__}
    return Token(**{**named, "role": Role(row.role)})
