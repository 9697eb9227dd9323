"""A customer's own link to their tickets: signed with the hub's secret, good for a time, and revocable."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.sla.held import customer_of
from sync.store.audit import Act
from sync.store.schema import EPOCH
from sync.store.shares import Share

LONGEST = 366
"""Days for which a link is good at most."""
_NOBODYS = Share(id=0, customer="", salt="", who="", made=EPOCH, until=EPOCH, revoked=EPOCH, used=None)


def share(application: Application, customer: str, *, days: int, who: str, place: str = "") -> Share:
    """Make a link for a customer. Raises ConfigError for a customer or a number of days that will not do."""
    customer_of(application, customer)
    if not 1 <= days <= LONGEST:
        raise ConfigError([f"a link is good for 1 to {LONGEST} days, not for {days}"])
    now = application.now()
    made = application.store.shares.add(customer, secrets.token_hex(16), who, now, now + timedelta(days=days))
    said = f"link {made.id}, until {made.until:%Y-%m-%d}"
    _noted(application, "link for customer", customer, said, who=who, place=place)
    return made


def revoke(
    application: Application, *, who: str, customer: str = "", id: int | None = None, place: str = ""
) -> int:
    """Have a link, or all of a customer's, open nothing from this moment on; return how many those were."""
    count = application.store.shares.revoke(application.now(), id=id, customer=customer)
    if count:
        said = f"link {id}" if id is not None else f"{count} links"
        _noted(application, "link revoked", customer, said, who=who, place=place)
    return count


def token_of(application: Application, one: Share) -> str:
    """Return what opens a link."""
    return f"{one.id}-{_signed(application, one)}"


def address_of(application: Application, one: Share) -> str:
    """Return the address that a customer is given: where the hub is reached from outside, if that is said."""
    serve = application.settings.serve
    base = serve.address or f"http://{serve.host}:{serve.port}"
    return f"{base.rstrip('/')}/c/{token_of(application, one)}"


def only_here(application: Application) -> str:
    """Return why the address of a link opens nothing on other machines, and what to do; empty if it does."""
    if application.settings.serve.address:
        return ""
    return "It works on the hub's own machine alone: say in `serve.address` where people reach it."


def opened(application: Application, token: str, at: datetime) -> Share | None:
    """Return the link that a token opens, or None.

    A token that was never made takes as long as one that was: what it says is compared in constant time.
    """
    number, _, signature = token.partition("-")
    known = number.isascii() and number.isdecimal() and len(number) <= 9 and number == str(int(number))
    one = (application.store.shares.get(int(number)) if known else None) or _NOBODYS
    proved = hmac.compare_digest(_signed(application, one).encode(), signature.encode())
    good = one.good(at) and one.customer in application.settings.customers
    return one if proved and good else None


def _signed(application: Application, one: Share) -> str:
    secret = application.settings.hub.secret.get_secret_value().encode()
    until = (one.until - EPOCH) // timedelta(microseconds=1)
    said = "\0".join(("customer's page", str(one.id), one.customer, one.salt, str(until)))
    return urlsafe_b64encode(hmac.digest(secret, said.encode(), sha256)).decode().rstrip("=")


def _noted(application: Application, act: str, customer: str, detail: str, *, who: str, place: str) -> None:
    noted = Act(
        at=application.now(), who=who, act=act, subject=f"customer:{customer}", detail=detail, place=place
    )
    application.store.audit.note(noted)
