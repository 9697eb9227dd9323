"""Tokens of programs: made once, shown once, known again by a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConfigError
from deskbridge.accounts import known, noted
from deskbridge.bootstrap import Application
from deskbridge.words import nearest
from sync.store import Store
from sync.store.accounts import Role
from sync.store.tokens import Token

_MARK = "dbt"
"""What every token begins with, so that a search for leaked secrets finds it."""
DAYS, _MOST = 90, 366
"""For how many days a token is good if nothing is said, and at most."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who asks by a token."""

    name: str
    role: Role
    token: Token


def make(
    application: Application, account: str, *, role: Role | None, days: int, purpose: str
) -> tuple[str, Token]:
    """Make a token of an account; return it, which nobody can do again, and what is kept of it.

    Raises ConfigError.
    """
    whose, said = known(application, account), " ".join(purpose.split())
    problems = []
    if role is not None and not whose.role.includes(role):
        problems.append(f"{whose.name} is {whose.role} and cannot have a token that is {role}")
    if not 1 <= days <= _MOST:
        problems.append(f"--days {days}: a token is good for 1 to {_MOST} days")
    if len(said) > _LONGEST or not said.isprintable():
        problems.append(f"--for: say what it is for in up to {_LONGEST} letters that can be seen")
    if problems:
        raise ConfigError(problems)
    id_, now = secrets.token_hex(6), application.now()
    text = f"{_MARK}_{id_}_{secrets.token_urlsafe(32)}"
    kept = Token(
        id=id_,
        hash=_hash(text),
        account=whose.name,
        role=role or whose.role,
        purpose=said,
        created=now,
        expires=now + timedelta(days=days),
    )
    application.store.tokens.add(kept)
    noted(application, "token add", whose.name, f"{id_} {kept.role} {days} days {said}".strip())
    return text, kept


def remove(application: Application, id_: str) -> Token:
    """Take a token back and return what it was. Raises ConfigError."""
    found = application.store.tokens.find(id_)
    if found is None or not application.store.tokens.remove(id_):
        near = nearest(id_, [one.id for one in application.store.tokens.all()])
        raise ConfigError([f"no token {id_!r}{near}; `deskbridge account token list` tells all"])
    noted(application, "token remove", found[0].account, id_)
    return found[0]


def recognise(store: Store, text: str, at: datetime) -> Bearer | None:
    """Return who asks by a token, and note its use; None if it opens nothing, for whatever reason.

    It takes as long for a token that nobody has as for one whose secret is wrong, but for one query.
    """
    mark, _, rest = text.partition("_")
    id_, _, secret = rest.partition("_")
    found = store.tokens.find(id_) if mark == _MARK and secret else None
    fits = hmac.compare_digest(_hash(text), found[0].hash if found else _hash(""))
    if found is None or not fits or at >= found[0].expires:
        return None
    token, now = found
    store.tokens.use(token, at)
    return Bearer(token.account, min(token.role, now, key=list(Role).index), token)


def _hash(text: str) -> str:
    # The secret has 256 random bits, which nobody tries through: a slow hash would protect nothing more.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
