"""Tickets put into a hub's store as a worker keeps them, without any tool behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from deskbridge.bootstrap import Application
from mappings.ticket import Audience, Comment, CommentKind, Person, PersonRole, Raw, Ref, TextFormat
from sync.served import Served
from sync.sla.facts import Fact, FactKind, Facts

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Wrote:
    """One text of a ticket."""

    who: str
    text: str
    role: PersonRole = PersonRole.STAFF
    audience: Audience = Audience.CUSTOMER
    kind: CommentKind = CommentKind.REPLY


def keep(
    app: Application,
    key: str,
    customer: str,
    subject: str,
    *texts: Wrote,
    created: datetime | None = None,
    told: tuple[Fact, ...] = (),
    status: str = "open",
    owner: str = "Staff Secretname",
    connection: str = "desk",
    asked: str = "Kim Park",
    from_customer: bool = True,
    readable: bool = True,
) -> Ref:
    """Keep a ticket of the desk."""
    ref, now = Ref(connection, key, f"#{key}"), app.now()
    begun = created or now - 100 * MINUTE
    subject_ = app.store.bundles.subject(ref)
    app.store.inbox.put(subject_, now, "changed")
    row = app.store.inbox.row(subject_)
    assert row
    taken = app.store.inbox.claim(row, now)
    assert taken
    claim, row = taken
    first = next((fact.value for fact in told if fact.kind is FactKind.CUSTOMER), None)
    facts = Facts(created=begun, told=told, customer=customer if first is None else "")
    served = Served(
        ref=ref,
        customer=customer,
        owner=owner,
        type="incident",
        status=status,
        assumed=(),
        changed=begun + len(key) * MINUTE,
        facts=facts,
        subject=subject,
        url=f"https://desk.example/a/tickets/{key}",
        requester=asked,
        from_customer=from_customer,
        readable=readable,
        priority="high",
    )
    app.store.served.keep(claim, served, [])
    comments = [
        Comment(
            id=f"{key}-{n}",
            author=Person(connection, wrote.who, wrote.who, wrote.role),
            created=begun + n * MINUTE,
            body=Raw(TextFormat.HTML, f"<p>{wrote.text}</p>"),
            audience=wrote.audience,
            kind=wrote.kind,
        )
        for n, wrote in enumerate(texts)
    ]
    app.store.texts.keep(ref, [(one.id, one.body) for one in comments], now)
    app.store.messages.keep(ref, comments, now)
    app.store.inbox.done(row)
    app.store.inbox.release(claim)
    return ref
