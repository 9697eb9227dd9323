"""Who may sign in to the pages: accounts, sessions, and how often somebody tried in vain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from unicodedata import normalize

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import accounts, attempts, sessions, tokens

_ROUNDED = timedelta(minutes=1)
"""How old the note of a session's last use may become: a look at a page usually writes nothing."""


class Role(StrEnum):
    """What somebody may do on the pages; each may what the former may."""

    VIEWER = "viewer"
    """Reads."""
    AGENT = "agent"
    """Also has tickets tried again, set aside and answered."""
    ADMIN = "admin"
    """Also reads the settings, and who did what."""

    def includes(self, other: Role) -> bool:
        """Whether who has this role may do what the other one may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    name: str
    role: Role
    password: str
    """What the password is checked against; empty where there is none, and a proxy signs them in."""
    created: datetime


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a session ends by itself."""

    idle: timedelta
    """After its last use."""
    longest: timedelta
    """After the sign-in, whatever it was used for."""


def one_name(name: str) -> str:
    """Return a name as it is compared: however its letters are cased or their accents composed."""
    return normalize("NFC", normalize("NFC", name).casefold())


def same_name(one: str, other: str) -> bool:
    """Whether two names are one person's."""
    return one_name(one) == one_name(other)


class Accounts:
    """Names are kept as they were given and found in any case of letters."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._swept: datetime | None = None

    def add(self, name: str, role: Role, password: str, at: datetime) -> bool:
        """Make an account; whether there was none of that name."""
        try:
            with self._db.writing() as tx:
                if any(same_name(name, known) for known in tx.scalars(select(accounts.c.name))):
                    return False
                tx.execute(insert(accounts).values(name=name, role=role, password=password, created=at))
        except IntegrityError:
            return False
        return True

    def find(self, name: str) -> Account | None:
        """Return an account, or None."""
        # Not asked of the database: SQLite knows the case of ASCII letters only.
        return next((account for account in self.all() if same_name(account.name, name)), None)

    def all(self) -> list[Account]:
        """Return every account by its name."""
        with self._db.reading() as tx:
            rows = tx.execute(select(accounts).order_by(accounts.c.name)).all()
        return [Account(row.name, Role(row.role), row.password, row.created) for row in rows]

    def any(self) -> bool:
        """Whether anybody may sign in."""
        with self._db.reading() as tx:
            return tx.execute(select(accounts.c.name).limit(1)).first() is not None

    def change(self, name: str, *, role: Role | None = None, password: str | None = None) -> bool:
        """Give an account another role or password, and end its sessions; whether there is such a one."""
        values = {
            name: value for name, value in (("role", role), ("password", password)) if value is not None
        }
        with self._db.writing() as tx:
            tx.execute(delete(sessions).where(sessions.c.account == name))
            return tx.execute(update(accounts).where(accounts.c.name == name).values(**values)).rowcount == 1

    def remove(self, name: str) -> bool:
        """Take an account away with its sessions and tokens; whether there was one."""
        with self._db.writing() as tx:
            tx.execute(delete(tokens).where(tokens.c.account == name))
            tx.execute(delete(sessions).where(sessions.c.account == name))
            return tx.execute(delete(accounts).where(accounts.c.name == name)).rowcount == 1

    # -- sessions, by the hash of their token

    def begin(self, token: str, account: str, at: datetime) -> None:
        """Begin a session."""
        with self._db.writing() as tx:
            tx.execute(insert(sessions).values(token=token, account=account, begun=at, used=at))

    def session(self, token: str, at: datetime, expiry: Expiry, *, used: bool = True) -> Account | None:
        """Return whose session it is and note its use; None if there is none, or it is over.

        What a page asks for by itself is no use of it: somebody who left goes on being away.
        """
        query = select(sessions, accounts.c.role, accounts.c.password, accounts.c.created).join(accounts)
        with self._db.reading() as tx:
            row = tx.execute(query.where(sessions.c.token == token)).first()
        if row is None:
            return None
        if at - row.used >= expiry.idle or at - row.begun >= expiry.longest:
            self.end(token)
            return None
        if used and at - row.used >= _ROUNDED:
            with self._db.writing() as tx:
                tx.execute(update(sessions).where(sessions.c.token == token).values(used=at))
        return Account(row.account, Role(row.role), row.password, row.created)

    def end(self, token: str) -> None:
        """End a session."""
        with self._db.writing() as tx:
            tx.execute(delete(sessions).where(sessions.c.token == token))

    # -- tries

    def tried(self, whos: Collection[str], at: datetime, forgotten: timedelta) -> dict[str, int]:
        """Count a try of each of these before it is made; return how many each made lately, with this one.

        Whoever did not try for `forgotten` begins anew, and is not kept for much longer: strangers make up
        as many names as they like.
        """
        counts = {}
        with self._db.writing() as tx:
            if self._swept is None or at - self._swept >= forgotten:
                tx.execute(delete(attempts).where(attempts.c.last <= at - forgotten))
                self._swept = at
            for who in sorted(whos):
                row = upsert(tx, attempts).values(who=who, count=1, last=at)
                again = row.on_conflict_do_update(
                    index_elements=["who"],
                    set_={"count": attempts.c.count + 1, "last": at},
                    where=attempts.c.last > at - forgotten,
                ).returning(attempts.c.count)
                count = tx.execute(again).scalar()
                if count is None:
                    tx.execute(update(attempts).where(attempts.c.who == who).values(count=1, last=at))
                counts[who] = count or 1
        return counts

    def tries(
        self, whos: Collection[str], at: datetime, forgotten: timedelta
    ) -> dict[str, tuple[int, datetime]]:
        """Return how often each of these tried lately, and when last."""
        query = select(attempts).where(attempts.c.who.in_(whos), attempts.c.last > at - forgotten)
        with self._db.reading() as tx:
            return {who: (count, last) for who, count, last in tx.execute(query)}

    def forgive(self, whos: Collection[str]) -> None:
        """Forget the tries of whoever proved who they are."""
        with self._db.writing() as tx:
            tx.execute(delete(attempts).where(attempts.c.who.in_(whos)))

    def uncount(self, who: str) -> None:
        """Take one try back: it was none in vain."""
        with self._db.writing() as tx:
            less = update(attempts).where(attempts.c.who == who, attempts.c.count > 0)
            tx.execute(less.values(count=attempts.c.count - 1))

    def prune(self, before: datetime) -> None:
        """Forget sessions and tries that were last used before an instant."""
        with self._db.writing() as tx:
            tx.execute(delete(sessions).where(sessions.c.used < before))
            tx.execute(delete(attempts).where(attempts.c.last < before))
