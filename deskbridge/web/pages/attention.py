"""What waits for a person, and what a person does about it."""

from __future__ import annotations

from collections import Counter

from starlette.responses import RedirectResponse, Response

from deskbridge.web.pages.rendering import query
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import Refused, Shown, Visit, number_of
from mappings.ticket import Ref
from sync.store import Store
from sync.store.audit import Act
from sync.store.findings import Finding

_LINES = 100
_REASON = 2000
"""Characters by which one reason is told from another."""
_SEARCHED = 2000
"""Parked tickets among whose names words are looked for."""


def parked(site: Site, visit: Visit) -> Shown:
    """List the tickets that were set aside, by reason."""
    store, reason = site.application.store, _one_line(visit.asked("reason", _REASON))
    rows = store.inbox.parked()
    reasons = Counter(_one_line(row.parked) for row in rows)
    said = visit.asked("q")
    meant = [row for row in rows if not reason or _one_line(row.parked) == reason]
    if said:
        meant = [
            row for row in meant[:_SEARCHED] if _said(said, f"{row.parked} {_named(store, row.subject)}")
        ]
    return Shown(
        "parked.html",
        {
            "reason": reason,
            "said": said,
            "reasons": sorted(reasons.items(), key=lambda one: (-one[1], one[0])),
            "rows": [(row, _card(store, row.subject)) for row in meant[:_LINES]],
            "left": max(0, len(meant) - _LINES),
        },
    )


def findings(site: Site, visit: Visit) -> Shown:
    """List what was not done, or was contradictory, and why; the most urgent first."""
    store, said = site.application.store, visit.asked("q").lower()
    severity = visit.asked("severity")
    found = [
        one
        for one in store.findings.open()
        if (not severity or one.severity.value == severity) and (not said or said in _words(one))
    ]
    rows = [(one, _card(store, one.subject)) for one in found[:_LINES]]
    return Shown(
        "findings.html",
        {"rows": rows, "left": max(0, len(found) - _LINES), "said": visit.asked("q"), "severity": severity},
    )


def _one_line(reason: str | None) -> str:
    """Return a reason as a form gives it back: browsers write ends of lines in their own way."""
    return " ".join((reason or "").split())[:_REASON]


def _words(finding: Finding) -> str:
    return f"{finding.target} {finding.what} {finding.reason}".lower()


def _said(words: str, text: str) -> bool:
    return all(word in text.lower() for word in words.lower().split())


def _named(store: Store, subject: str) -> str:
    refs, said = _card(store, subject)
    return " ".join((said, *map(str, refs)))


def _card(store: Store, subject: str) -> tuple[tuple[Ref, ...], str]:
    """Return the sides of what an inbox name means, and its subject; nothing for what is no ticket."""
    if not subject.startswith(("bundle:", "ref:")):
        return (), ""
    refs = store.bundles.load(subject).refs
    cards = store.lists.cards(refs)
    return refs, next((card.subject for card in cards if card.subject), "")


# -- acts


def retry(site: Site, visit: Visit) -> Response:
    """Have a parked ticket looked at again."""
    return _retry(site, visit, allowed=False)


def allow(site: Site, visit: Visit) -> Response:
    """Have written, once, what a guard or fuse had stopped."""
    return _retry(site, visit, allowed=True)


def _retry(site: Site, visit: Visit, *, allowed: bool) -> Response:
    subject, inbox = visit.said("subject"), site.application.store.inbox
    row = inbox.row(subject)
    if row is None or not inbox.retry(subject, visit.at, allowed=allowed):
        raise Refused("It is not parked any more: somebody else was quicker, or it changed in its tool.")
    _note(site, visit, "allow" if allowed else "retry", subject, row.parked or "")
    site.wake()
    return _back(visit, "retried")


def retry_all(site: Site, visit: Visit) -> Response:
    """Have all that was parked for one reason looked at again."""
    reason, inbox = _one_line(visit.said("reason", _REASON)), site.application.store.inbox
    meant = [row for row in inbox.parked() if _one_line(row.parked) == reason]
    tried = [row.subject for row in meant if inbox.retry(row.subject, visit.at)]
    if not tried:
        raise Refused("Nothing is parked for that reason any more.")
    for subject in tried:
        _note(site, visit, "retry", subject, reason)
    site.wake()
    return RedirectResponse("/parked?done=retried", 303)


def dismiss(site: Site, visit: Visit) -> Response:
    """Take a ticket off the list of what is parked."""
    subject, why, store = visit.said("subject"), visit.said("why", 500), site.application.store
    row = store.inbox.row(subject)
    if row is None or row.parked is None:
        raise Refused("It is not parked any more.")
    if not why:
        raise Refused("Say why it is fine as it is; that is kept with the ticket.")
    store.dismiss(row, f"{why} ({_who(visit)})", visit.at)
    _note(site, visit, "dismiss", subject, why)
    return _back(visit, "dismissed")


def answer(site: Site, visit: Visit) -> Response:
    """Settle a finding with what a person says to it."""
    number, said = number_of(visit.said("finding")), visit.said("answer", 500)
    if number is None or not said:
        raise Refused("Say something to it; that is kept with the finding.")
    settled = site.application.store.answer(number, said, visit.at)
    if settled is None:
        raise Refused("It was settled meanwhile.")
    _note(site, visit, "answer", settled.subject, f"finding {settled.id}: {said}")
    site.wake()
    return _back(visit, "answered")


def _who(visit: Visit) -> str:
    return visit.who.name if visit.who else ""


def _note(site: Site, visit: Visit, act: str, subject: str, detail: str) -> None:
    noted = Act(at=visit.at, who=_who(visit), act=act, subject=subject, detail=detail, place=visit.address)
    site.application.store.audit.note(noted)


def _back(visit: Visit, done: str) -> Response:
    """Send somebody back to where they acted, which tells that it was done."""
    path = visit.said("back", 500)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return RedirectResponse(query(path.partition("?")[0] if ours else "/", {"done": done}), 303)
