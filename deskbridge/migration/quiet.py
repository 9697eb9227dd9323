"""Silence in the places that a migration writes to: turned on, proved, and taken back exactly.

What a place was set to stands in the store before it is changed, so that a kill between the two loses
nothing: whoever comes next compares what is with what was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from connectors.base import CommentDraft, Connector, Snapshot
from connectors.customers import customers
from connectors.errors import ConfigError, Gone, HubError, Rejected, Unauthorised, UnsafePlan, WireError
from connectors.quiet import Switch, Switches, switches
from deskbridge.bootstrap import Application, config_of
from deskbridge.migration.building import mailing
from deskbridge.migration.desk import targets_of
from deskbridge.migration.opening import refuse_two
from mappings.boards import Place
from mappings.provenance import Marker
from mappings.ticket import Audience, Ref, Status
from sync.store.quiets import Quiet, QuietState
from sync.wording import told

_WAIT = "Wait a quarter of an hour, look into their mailbox, then: `deskbridge migrate quiet confirm`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How quiet a place is."""

    place: Place
    known: Quiet | None
    present: Switch | None
    """What it is set to now; None where the system has no such switch, or does not say."""
    mails: tuple[str, ...]
    """Writes of a run that may mail a customer there."""
    steps: tuple[str, ...]
    """What a person must do, because nobody else may."""
    beside: tuple[str, ...]
    error: str = ""

    @property
    def silent(self) -> bool:
        """Whether staff is told of nothing, and a customer of nothing either, as far as was proved."""
        return self.turned and (not self.mails or self.confirmed)

    @property
    def turned(self) -> bool:
        """Whether it is set to silence by us, now."""
        on = self.known is not None and self.known.state is QuietState.ON
        return on and self.present is not None and self.present.silent

    @property
    def confirmed(self) -> bool:
        """Whether somebody said that nothing came to the canary's mailbox."""
        return self.known is not None and self.known.confirmed is not None

    def __str__(self) -> str:
        return f"{self.place.connection} {self.place.key}"


def standings(application: Application) -> list[Standing]:
    """Return how quiet each place of the migration is; asks the live systems. Raises ConfigError."""
    return [_standing(application, place) for place in _places(application)]


def silenced(application: Application) -> frozenset[str]:
    """Return the connections on which it is proved that nobody is told, in every place of the migration.

    Nobody is asked where no mailbox was ever looked into.
    """
    if not any(one.confirmed for one in application.store.quiets.all()):
        return frozenset()
    found = standings(application)
    loud = {one.place.connection for one in found if not one.silent}
    return frozenset({one.place.connection for one in found} - loud)


def turn_on(application: Application, who: str) -> Iterator[str]:
    """Silence every place of the migration, telling each. Raises UnsafePlan with the way by hand.

    Nothing is changed anywhere while one of them cannot be silenced.
    """
    found = standings(application)
    if stuck := [f"{one}: {why}" for one in found for why in (*one.steps, *filter(None, [one.error]))]:
        raise UnsafePlan("; ".join(stuck))
    for one in found:
        if one.present is None:
            yield f"{one}: has no notifications that a call could switch"
        else:
            yield _turned_on(application, one, one.present, who)
        yield from (f"{one}: by hand: {line}" for line in one.beside)
        if one.mails and not one.confirmed:
            yield (
                f"{one}: {', '.join(one.mails)} may still mail a customer there. Write a request in it as a"
                " customer whose mailbox is yours, then: `deskbridge migrate quiet canary KEY`"
            )


def turn_off(application: Application, who: str) -> Iterator[str]:
    """Give every place back what it had, telling each. What people changed meanwhile stays as they want.

    One that refuses keeps none of the others quiet; its error is raised at the end. Raises UnsafePlan while
    a run is at work: what it writes would be mailed from then on.
    """
    for run in application.store.runs.all():
        refuse_two(application, run)
    first: HubError | None = None
    for known in application.store.quiets.all():
        if known.state is QuietState.OFF:
            continue
        try:
            yield _turned_off(application, known, who)
        except Gone as error:
            application.store.quiets.turn(known, QuietState.OFF, application.now())
            way = f"if it is only hidden from the hub's account, set it to {known.before_name!r} by hand"
            yield f"{known.connection} {known.project}: is not there any more ({error.text}); {way}"
        except HubError as error:
            first = first or error
            yield f"{known.connection} {known.project}: still quiet: {error}"
    if first is not None:
        raise first


def give_canary(application: Application, key: str, who: str, invite: str = "") -> Iterator[str]:
    """Write on a customer's request what a run would, for its customer's mailbox to be looked into.

    For an address to `invite` an account is made as a run makes them: an invitation would come there.
    Raises ConfigError where no place of the migration has such a ticket, UnsafePlan before `turn_on`.
    """
    place, connector, side = _found(application, key)
    known = application.store.quiets.find(place.connection, place.key)
    if known is None or known.state is not QuietState.ON:
        raise UnsafePlan(f"{place.connection} {place.key} is not quiet yet: `deskbridge migrate quiet on`")
    at = application.now()
    note = replace(known, canary=str(side.ref), asked=at, confirmed=None, confirmed_by="", who=who)
    application.store.quiets.put(replace(note, invited=""))
    if invite:
        _invited(application, place, invite)
        application.store.quiets.put(replace(note, invited=invite))
        yield f"{place.connection}: an account was made for {invite}"
    for audience in (Audience.STAFF, Audience.CUSTOMER):
        token = application.signer.write(_marker(application, side.ref, audience, at.isoformat()))
        words = "deskbridge tries out whether anybody is mailed about this"
        draft = CommentDraft(markdown=told(words, side.ref, side.url, token), audience=audience)
        connector.add_comment(side.ref.key, draft)
        yield f"{side.ref}: a text was written that {audience} reads"
    before = side.ticket.status
    if isinstance(before, Status) and "status" in side.abilities.fields:
        yield f"{side.ref}: {_moved(connector, side, before)}"
    yield _WAIT


def _moved(connector: Connector, side: Snapshot, before: Status) -> str:
    """Have a canary's status change, and change back; return what came of it."""
    other = Status.RESOLVED if not before.done else Status.OPEN
    try:
        connector.set_fields(side, {"status": other})
    except Rejected as error:
        return f"its status could not be changed ({error.text})"
    try:
        connector.set_fields(connector.fetch(side.ref.key), {"status": before})
    except Rejected as error:
        return f"its status went to {other} and not back to {before}; set it by hand ({error.text})"
    return f"its status went to {other} and back to {before}"


def _invited(application: Application, place: Place, mail: str) -> None:
    """Make a customer's account. Raises ConfigError where that proves nothing."""
    settings, name = application.settings, place.connection
    config = config_of(settings, name, application.now, application.budgets[name], {})
    reach = customers(settings.connections[name].system, config)
    if reach is None or not reach.has_portal(place.key):
        raise ConfigError([f"{name} {place.key}: nobody is given an account there"])
    found = reach.account(place.key, mail, mail)
    if found is None or not found.made:
        raise ConfigError([f"{mail} has an account already: name an address that has none"])


def confirm(application: Application, who: str) -> Iterator[str]:
    """Record that nothing came into the canary's mailbox. Raises UnsafePlan where nothing was tried out."""
    waiting = [one for one in standings(application) if one.mails]
    for one in waiting:
        if not one.turned:
            raise UnsafePlan(f"{one} is not quiet: `deskbridge migrate quiet on`")
        if one.known is None or one.known.asked is None:
            way = "write a request as a customer, then `deskbridge migrate quiet canary KEY`"
            raise UnsafePlan(f"{one}: no mailbox was tried out; {way}")
    at = application.now()
    for one in waiting:
        if one.known is not None:
            application.store.quiets.put(replace(one.known, confirmed=at, confirmed_by=who))
            also = f", and no invitation to {one.known.invited}" if one.known.invited else ""
            yield f"{one}: {who} says that nothing came to the customer of {one.known.canary}{also}"
    if not waiting:
        yield "Nothing that a run writes mails a customer: there is nothing to confirm."


def standing_lines(found: list[Standing]) -> Iterator[str]:
    """Yield how quiet each place is, and what is missing."""
    for one in found:
        set_to = f"set to {one.present.name!r}" if one.present else "without a switch"
        yield f"{one}: {'quiet' if one.silent else 'not quiet'}, {set_to}"
        if one.error:
            yield f"  {one.error}"
        if one.known and one.known.state is not QuietState.OFF:
            yield f"  before {one.known.at:%Y-%m-%d %H:%M} UTC it was set to {one.known.before_name!r}"
        if one.mails:
            proof = (
                f"confirmed by {one.known.confirmed_by}" if one.known and one.confirmed else "not confirmed"
            )
            yield f"  {', '.join(one.mails)} may mail a customer: {proof}"
        yield from (f"  by hand: {line}" for line in (*one.steps, *one.beside))


def standing_json(found: list[Standing]) -> list[dict[str, object]]:
    """Return the same as data."""
    return [
        {
            "connection": one.place.connection,
            "project": one.place.key,
            "quiet": one.silent,
            "set_to": one.present.name if one.present else None,
            "before": one.known.before_name if one.known and one.known.state is not QuietState.OFF else None,
            "may_mail": list(one.mails),
            "confirmed_by": one.known.confirmed_by or None if one.known else None,
            "by_hand": [*one.steps, *one.beside],
        }
        for one in found
    ]


def _places(application: Application) -> list[Place]:
    """Return each project that a run writes to once, whatever kinds of tickets go there."""
    found = {(place.connection, place.key): place for place in targets_of(application.settings)}
    return list(found.values())


def _switches(application: Application, connection: str) -> Switches | None:
    settings = application.settings
    budget = application.budgets[connection]
    config = config_of(settings, connection, application.now, budget, {})
    return switches(settings.connections[connection].system, config)


def _standing(application: Application, place: Place) -> Standing:
    known = application.store.quiets.find(place.connection, place.key)
    every = [one for one in targets_of(application.settings) if (one.connection, one.key) == _of(place)]
    mails: dict[str, None] = {}
    for one in every:
        mails |= dict.fromkeys(mailing(application.connectors[place.connection].abilities(one)))
    present, steps, beside, error = None, tuple[str, ...](), tuple[str, ...](), ""
    turning = _switches(application, place.connection)
    if turning is not None:
        steps, beside = tuple(turning.steps(place.key)), tuple(turning.beside(place.key))
        try:
            present = turning.present(place.key)
        except (Gone, Rejected, Unauthorised) as refused:
            error = "" if steps else f"its notifications cannot be read: {refused.text}"
    return Standing(
        place=place,
        known=known,
        present=present,
        mails=tuple(mails),
        steps=steps,
        beside=beside,
        error=error,
    )


def _of(place: Place) -> tuple[str, str]:
    return place.connection, place.key


def _turned_on(application: Application, one: Standing, present: Switch, who: str) -> str:
    store, known = application.store.quiets, one.known
    turning = _switches(application, one.place.connection)
    if turning is None:
        return f"{one}: has no notifications that a call could switch"
    if one.turned:
        return f"{one}: is quiet already"
    begun = known is not None and known.state is not QuietState.OFF
    if known is None or not begun:
        silent = turning.silence()
        known = Quiet(
            connection=one.place.connection,
            project=one.place.key,
            before=present.id,
            before_name=present.name,
            silent=silent.id,
            state=QuietState.TURNING_ON,
            who=who,
            at=application.now(),
        )
        store.put(known)  # before the write: a kill between the two must not lose what it was
    elif present.id not in (known.before, known.silent):
        raise UnsafePlan(f"{one}: somebody set it to {present.name!r} meanwhile; `migrate quiet off` first")
    if present.id != known.silent:
        turning.turn(one.place.key, known.silent)
    now = turning.present(one.place.key)
    if now.id != known.silent or not now.silent:
        raise UnsafePlan(f"{one}: it is set to {now.name!r}, which is not silent")
    store.turn(known, QuietState.ON, application.now())
    return f"{one}: quiet; it was set to {known.before_name!r} and will be again"


def _turned_off(application: Application, known: Quiet, who: str) -> str:
    where, store = f"{known.connection} {known.project}", application.store.quiets
    turning = _switches(application, known.connection)
    if turning is None:
        raise ConfigError([f"{where}: its connection has no such switch any more; set it by hand"])
    present = turning.present(known.project)
    if present.id not in (known.silent, known.before):
        store.turn(known, QuietState.OFF, application.now())
        return f"{where}: somebody set it to {present.name!r} meanwhile; it stays so"
    if present.id != known.before:
        store.turn(known, QuietState.TURNING_OFF, application.now())
        turning.turn(known.project, known.before)
        present = turning.present(known.project)
        if present.id != known.before:
            raise UnsafePlan(f"{where}: it is still set to {present.name!r}; set it to {known.before_name!r}")
    store.put(replace(known, state=QuietState.OFF, who=who, at=application.now(), confirmed=None))
    return f"{where}: set to {known.before_name!r} again, as before"


def _found(application: Application, key: str) -> tuple[Place, Connector, Snapshot]:
    for place in _places(application):
        connector = application.connectors[place.connection]
        try:
            side = connector.fetch(connector.meant(key) or key)
        except WireError:
            continue
        if side.place.lower() == place.key.lower():
            return place, connector, side
    raise ConfigError([f"no place of the migration has a ticket {key!r}"])


def _marker(application: Application, ref: Ref, audience: Audience, at: str) -> Marker:
    return Marker(
        hub=application.store.hub(),
        number=0,
        target=ref.connection,
        target_key=ref.key,
        origin=ref.connection,
        origin_key=ref.key,
        origin_id=f"hub:canary-{audience}-{at}",
        revision="",
    )
