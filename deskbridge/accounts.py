"""Making, changing and removing who may sign in to the pages; each is noted."""

from __future__ import annotations

from collections.abc import Callable

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.passwords import hashed, problem
from deskbridge.sla.amending import who_asks
from deskbridge.words import nearest
from sync.store.accounts import Account, Role
from sync.store.audit import Act

_LONGEST = 100


def role_named(name: str) -> Role:
    """Return a role. Raises ConfigError."""
    try:
        return Role(name.lower())
    except ValueError:
        known = [role.value for role in Role]
        told = f"no role {name!r}{nearest(name, known)}; there are {', '.join(known)}"
        raise ConfigError([told]) from None


def add(application: Application, name: str, role: Role, password: Callable[[], str] | None) -> str:
    """Make an account and return its name. Raises ConfigError for a name or password that will not do."""
    name = name.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise ConfigError([f"the name must have 1 to {_LONGEST} letters that can be seen"])
    if application.store.accounts.find(name) is not None:
        raise ConfigError([f"there is an account {name!r} already; `deskbridge account role` changes it"])
    kept = "" if password is None else _kept(password(), name)
    if not application.store.accounts.add(name, role, kept, application.now()):
        raise ConfigError([f"somebody else has just made an account {name!r}"])
    noted(application, "account add", name, role.value)
    return name


def change(
    application: Application,
    name: str,
    *,
    role: Role | None = None,
    password: Callable[[], str] | None = None,
) -> str:
    """Give an account another role or password, sign them out, and return its name. Raises ConfigError."""
    account = known(application, name)
    kept = None if password is None else _kept(password(), account.name)
    application.store.accounts.change(account.name, role=role, password=kept)
    noted(application, "account role" if role else "account password", account.name, role or "")
    return account.name


def remove(application: Application, name: str) -> str:
    """Take an account away and return its name. Raises ConfigError."""
    account = known(application, name)
    application.store.accounts.remove(account.name)
    noted(application, "account remove", account.name, account.role.value)
    return account.name


def known(application: Application, name: str) -> Account:
    """Return an account by its name. Raises ConfigError."""
    account = application.store.accounts.find(name.strip())
    if account is None:
        names = [one.name for one in application.store.accounts.all()]
        raise ConfigError([f"no account {name!r}{nearest(name, names)}; `deskbridge account list` tells all"])
    return account


def _kept(password: str, name: str) -> str:
    if why := problem(password, name):
        raise ConfigError([why])
    return hashed(password)


def noted(application: Application, act: str, name: str, detail: str) -> None:
    """Keep that somebody at the command line did something to an account."""
    who = f"{who_asks(None)} (command line)"
    application.store.audit.note(
        Act(at=application.now(), who=who, act=act, subject=f"account:{name}", detail=detail)
    )
