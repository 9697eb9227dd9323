"""What waits for a person, and what a person has a program do about it.

An act that is asked for twice, because its answer was lost, changes nothing the second time and says so.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from deskbridge.aside import Aside, asides_of, dismissed, lines, retried
from deskbridge.web.api import said, told
from deskbridge.web.api.gate import Asks
from deskbridge.web.api.hub import By, Hub, Of, TicketName, called, sides
from deskbridge.web.api.problems import Refused
from sync.links import NotLinked
from sync.store.accounts import Role
from sync.store.audit import Act
from sync.store.findings import Finding, State


def parked(hub: Of, asked: Annotated[said.ParkedAsked, Query()]) -> told.Parked:
    """List the tickets that were set aside, each with its reason."""
    store = hub.application.store
    meant = [one for one in lines(store) if one.named_by(asked.reason)]
    left = [one for one in meant if asked.cursor is None or one.place > asked.cursor]
    more, left = len(left) > asked.limit, left[: asked.limit]
    items = [
        told.Aside(
            ticket=" = ".join(map(str, one.sides)) or one.subject,
            sides=sides(one.sides),
            reason=one.reason,
            by_a_run=one.item is not None,
        )
        for one in (each.whole(store) for each in left)
    ]
    return told.Parked(items=items, count=len(meant), next=left[-1].place if more else None)


def findings(hub: Of, asked: Annotated[said.FindingsAsked, Query()]) -> told.Findings:
    """List what was not done, or was contradictory, and why, as long as it stands; oldest first."""
    store = hub.application.store
    left = sorted(
        (
            one
            for one in store.findings.open()
            if one.id > (asked.cursor or 0) and asked.severity in (None, one.severity)
        ),
        key=lambda one: one.id,
    )
    more, left = len(left) > asked.limit, left[: asked.limit]
    return told.Findings(items=[_finding(hub, one) for one in left], next=str(left[-1].id) if more else None)


def _finding(hub: Hub, one: Finding) -> told.Finding:
    about = one.subject.startswith(("bundle:", "ref:"))
    refs = hub.application.store.bundles.load(one.subject).refs if about else ()
    names = ("id", "subject", "target", "what", "reason", "found", "severity", "state", "answer")
    return told.Finding(**{name: getattr(one, name) for name in names}, sides=sides(refs))


# -- acts


def retry(hub: Of, by: By, ticket: TicketName, order: said.Retry) -> told.Done:
    """Have a parked ticket looked at again."""
    if order.allow and not by.role.includes(Role.ADMIN):
        raise Refused(403, "only an admin may allow what a guard had stopped", "leave `allow` out")
    found = _asides(hub, ticket)
    if not found:
        return told.Done(changed=False, said=f"{ticket} is not parked")
    words = retried(hub.application, found, allow=order.allow)
    _note(hub, by, "allow" if order.allow else "retry", found[0].subject, found[0].reason)
    hub.wake()
    return told.Done(changed=True, said=words)


def dismiss(hub: Of, by: By, ticket: TicketName, order: said.Dismiss) -> told.Done:
    """Take a ticket off the list of what is parked; it is looked at again when it changes."""
    found = _asides(hub, ticket)
    if not found:
        return told.Done(changed=False, said=f"{ticket} is not parked")
    dismissed(hub.application, found, f"{order.reason} ({by.who})")
    _note(hub, by, "dismiss", found[0].subject, order.reason)
    return told.Done(changed=True, said=f"{ticket} is off the list")


def answer(hub: Of, by: By, finding: said.Number, order: said.Answering) -> told.Done:
    """Settle a finding with what a person says to it."""
    store = hub.application.store
    settled = store.answer(finding, order.answer, by.at)
    if settled is None:
        known = next((one for one in store.findings.all() if one.id == finding), None)
        if known is None:
            raise Refused(404, f"there is no finding {finding}", "GET /api/v1/findings lists them")
        if known.state is State.ANSWERED and known.answer != order.answer:
            raise Refused(409, f"it was answered before: {known.answer}", "read it; it need not be settled")
        return told.Done(changed=False, said=f"finding {finding} is settled")
    _note(hub, by, "answer", settled.subject, f"finding {finding}: {order.answer}")
    hub.wake()
    return told.Done(changed=True, said=f"finding {finding} is settled")


def link(hub: Of, by: By, order: said.Linking) -> told.Done:
    """Make two tickets that lived on their own sides of one; the next look keeps them the same.

    Both are read in their tools. Nothing that stands on them is rewritten, unless `prefer` names the side
    to follow.
    """
    app, one, other = hub.application, called(hub, order.one), called(hub, order.other)
    before = app.store.bundles.load(app.store.bundles.subject(one))
    if before.id is not None and {one, other} <= set(before.refs):
        return told.Done(changed=False, said=f"{one} and {other} are linked")
    subject = app.links.link(one, other, prefer=order.prefer, history=order.history)
    _note(hub, by, "link", subject, f"{one} = {other}")
    hub.wake()
    return told.Done(changed=True, said=f"{one} and {other} are linked")


def unlink(hub: Of, by: By, ticket: TicketName) -> told.Done:
    """Take one side out: nothing passes between it and the others any more. What was written stays."""
    ref = called(hub, ticket)
    subject = hub.application.store.bundles.subject(ref)
    try:
        hub.application.links.unlink(ref)
    except NotLinked:
        if subject.startswith("bundle:"):
            raise
        return told.Done(changed=False, said=f"{ref} is on its own")
    _note(hub, by, "unlink", subject, str(ref))
    return told.Done(changed=True, said=f"{ref} is on its own now")


def _asides(hub: Hub, ticket: str) -> list[Aside]:
    store = hub.application.store
    return asides_of(store, store.bundles.subject(called(hub, ticket)))


def _note(hub: Hub, by: Asks, act: str, subject: str, detail: str) -> None:
    who = f"{by.who} (token {by.token})"
    noted = Act(at=by.at, who=who, act=act, subject=subject, detail=detail, place=by.address)
    hub.application.store.audit.note(noted)
