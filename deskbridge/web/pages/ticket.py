"""One ticket: its conversation on all sides, its clocks, what the hub did, what it did not do, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import RedirectResponse, Response

from deskbridge.drafts import Draft, drafts
from deskbridge.sla.held import Held
from deskbridge.sla.told import Clocks, clocks_json
from deskbridge.story import Story, fields_of, state_of
from deskbridge.web.pages.clocking import clock_name, shown
from deskbridge.web.pages.moved import now_at
from deskbridge.web.pages.rendering import ticket_path
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.timeline import Event, Text, conversation, events
from deskbridge.web.pages.visit import NoSuch, Shown, Visit
from deskbridge.web.pages.wording import html
from mappings.ticket import Ref
from sync.rules import Role
from sync.sla.cycle import ClockState, Cycle
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.decisions import CARRIED_OUT, Decision
from sync.store.findings import State
from sync.store.lists import Card

_TEXTS = 100
"""Texts of a conversation on one page; the others are a page away."""
_WRITES = 100


@dataclass(frozen=True, slots=True)
class Sides:
    """One ticket of a bundle: its front side, or several where they share the work that is looked at."""

    bundle: Bundle
    refs: tuple[Ref, ...]
    cards: tuple[Card, ...]
    """The front sides, as they are kept."""


def ticket(site: Site, visit: Visit) -> Shown | Response:
    """Show a ticket by any of its sides; one of a tool that was left is shown where it is now."""
    app, store = site.application, site.application.store
    connection, key = (visit.request.path_params[name] for name in ("connection", "key"))
    left = connection not in app.settings.connections
    if left and (there := now_at(app, key, connection)) is not None:
        return RedirectResponse(ticket_path(there), 303)
    sides = _sides(site, visit)
    bundle, subject = sides.bundle, sides.bundle.subject
    decisions, findings = store.decisions.of(subject), store.findings.of(subject)
    waiting, held = store.inbox.row(subject), Held(app)
    if bundle.id is None and not (sides.cards or decisions or findings or waiting):
        raise NoSuch(f"The hub knows no ticket {visit.request.path_params['key']} there.")
    story = Story(bundle=bundle, decisions=decisions, findings=findings, waiting=waiting)
    told = held.told([card.ref for card in sides.cards])
    first = sides.cards[0] if sides.cards else None
    texts, happened, earlier = _timeline(store, sides, visit)
    words = _words(store, texts)
    return Shown(
        "ticket.html",
        {
            "title": _title(sides),
            "card": first,
            "cards": sides.cards,
            "running": [shown(held, clock, visit.at) for clock in first.clocks] if first else [],
            "sides": [
                {
                    "ref": ref,
                    "url": bundle.urls.get(ref) or next((c.url for c in sides.cards if c.ref == ref), ""),
                    "state": state_of(bundle, ref).strip(" ()"),
                    "fields": fields_of(story, ref),
                    "role": app.settings.connections[ref.connection].role.value
                    if ref.connection in app.settings.connections
                    else "",
                }
                for ref in sides.refs
            ],
            "clocks": list(_clocks(told)),
            "rated": [one for ref in sides.refs for one in store.ratings.of(ref)],
            "drafts": _drafts(first),
            "waiting": waiting,
            "subject": subject,
            "findings": [finding for finding in findings if finding.state is State.OPEN],
            "settled": [finding for finding in findings if finding.state is State.ANSWERED],
            "timeline": sorted([*texts, *happened], key=lambda one: (one.at, isinstance(one, Text))),
            "words": words,
            "earlier": earlier,
            "shown": visit.asked("texts") == "all",
            "skipped": _once(d for d in decisions if d.kind in ("skip", "conflict")),
            "failed": [d for d in decisions if d.result not in (*CARRIED_OUT, "skipped")],
            "writes": [d for d in decisions if d.result in CARRIED_OUT][-_WRITES:],
            "written": sum(d.result in CARRIED_OUT for d in decisions),
            "acts": [act for _, act in store.audit.newest(20, subject=subject)],
        },
    )


def _drafts(card: Card | None) -> list[Draft]:
    if card is None:
        return []
    return drafts(
        requester=card.requester,
        reference=card.ref.display or card.ref.key,
        subject=card.subject,
        status=card.status,
        running={clock.clock for clock in card.clocks},
    )


def _clocks(told: Iterable[Clocks]) -> Iterator[dict[str, object]]:
    """Yield each clock as data, with its name and due times as people read them."""
    for one in told:
        for clock, data in zip(one.asked, clocks_json(one), strict=True):
            cycles = [
                {
                    **cycle,
                    "due_shown": f"{was.due.astimezone(one.zone):%Y-%m-%d %H:%M}" if was.due else "",
                    "missed": was.breached is not None or _overdue(was, one.at),
                }
                for was, cycle in zip(clock.cycles, data["cycles"], strict=True)  # type: ignore[call-overload]
            ]
            yield {**data, "called": clock_name(clock.name.value), "cycles": cycles}


def _overdue(cycle: Cycle, at: datetime) -> bool:
    """Whether a promise is being broken at this moment."""
    return cycle.state is ClockState.RUNNING and cycle.due is not None and cycle.due <= at


def _sides(site: Site, visit: Visit) -> Sides:
    app, params = site.application, visit.request.path_params
    if params["connection"] not in app.settings.connections:
        raise NoSuch(f"There is no connection {params['connection']}.")
    asked = Ref(params["connection"], params["key"])
    store, roles = app.store, app.desk.rules.roles
    bundle = store.bundles.load(store.bundles.subject(asked))
    fronts = [ref for ref in bundle.refs if roles.get(ref.connection) is Role.FRONT]
    refs = bundle.refs
    if asked in fronts:
        # Other tickets that share the work have pages of their own.
        refs = tuple(ref for ref in bundle.refs if ref == asked or ref not in fronts)
    cards = store.lists.cards([ref for ref in refs if ref in fronts] or [asked])
    known = {card.ref: card.ref for card in cards}
    return Sides(bundle, tuple(known.get(ref, ref) for ref in refs), tuple(cards))


def _title(sides: Sides) -> str:
    said = next((card.subject for card in sides.cards if card.subject), "")
    for ref in sides.refs:
        seen = sides.bundle.seen.get(ref)
        said = said or (str(seen.native.get("subject") or "") if seen else "")
    return said or str(sides.refs[0])


def _timeline(store: Store, sides: Sides, visit: Visit) -> tuple[list[Text], list[Event], int]:
    """Return the newest texts, what happened in their time, and how many texts came before them."""
    names = {ref.connection: ref for ref in sides.refs}
    messages = {ref: store.messages.of(ref) for ref in sides.refs}
    every = conversation(sides.bundle, messages, names)
    told = {ref: facts for ref in sides.refs if (facts := sides.bundle.timeline.get(ref))}
    if not told:
        kept = ((card.ref, store.served.ticket(card.ref)) for card in sides.cards)
        told = {ref: one.facts.told for ref, one in kept if one is not None}
    happened = events(told)
    earlier = 0 if visit.asked("texts") == "all" else max(0, len(every) - _TEXTS)
    texts = every[earlier:]
    if earlier:
        happened = [event for event in happened if event.at >= texts[0].at]
    return texts, happened, earlier


def _words(store: Store, texts: Iterable[Text]) -> dict[tuple[Ref, str], object]:
    wanted: dict[Ref, dict[str, list[str]]] = {}
    for text in (text for text in texts if not text.guarded):
        names = [file.name for file in text.message.files if file.inline and file.name]
        wanted.setdefault(text.side, {})[text.message.id] = names
    return {
        (ref, id): html(raw, ids[id])
        for ref, ids in wanted.items()
        for id, raw in store.texts.latest(ref, list(ids)).items()
    }


def _once(decisions: Iterable[Decision]) -> list[Decision]:
    """Return what was not done, the newest word on each thing."""
    found = {(d.target.connection, d.name, d.why): d for d in decisions}
    return sorted(found.values(), key=lambda d: d.at)
