"""Who is on duty, as the settings and the swaps in the store say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.sla.amending import who_asks
from deskbridge.sla.rotas import rotas_of
from deskbridge.sla.spans import day_of
from deskbridge.words import nearest
from sync.sla.duty import Rota, Turn, swapped


def rota_of(application: Application, name: str | None) -> Rota:
    """Return the rota of a name, or the only one. Raises ConfigError."""
    rotas = rotas_of(application.settings)
    if not rotas:
        raise ConfigError(["nobody is on duty: the settings have no [duty.NAME]"])
    if name is None and len(rotas) == 1:
        return next(iter(rotas.values()))
    if name not in rotas:
        said = f"no rota {name!r}{nearest(name, rotas)}" if name else "which rota? name one with --rota"
        raise ConfigError([f"{said}; there are {', '.join(rotas)}"])
    return rotas[name]


def turns(application: Application, rota: Rota, weeks: int) -> tuple[Turn, ...]:
    """Return who is on duty in the present week and the next ones."""
    begin = rota.week(application.now()).start
    return rota.turns(begin, begin + timedelta(days=7 * weeks), application.store.swaps.of(rota.name))


def swap(
    application: Application,
    rota: Rota,
    day: str,
    other: str | None,
    *,
    to: str | None,
    reason: str,
    by: str | None,
) -> list[Turn]:
    """Have two people take each other's week, or give one week away; return the turns as they are now.

    Raises ConfigError with all that is wrong.
    """
    problems, days = [], list[datetime]()
    for option, text in (("DAY", day), ("OTHER", other)):
        try:
            if text is not None:
                begin = day_of(option, text, zone=rota.zone).astimezone(rota.zone)
                after = (begin + timedelta(days=1)).astimezone(UTC)  # the next midnight, 23 hours later or 25
                days.append(after - timedelta(seconds=1))
        except ConfigError as error:
            problems += error.problems
    if (other is None) == (to is None):
        problems.append("say with which other day the turn is swapped, or --to whom it is given")
    if not reason.strip():
        problems.append("--reason is empty: say why")
    if to is not None and to not in rota.people:
        problems.append(f"--to {to!r}: the people of {rota.name} are {', '.join(rota.people)}")
    if problems:
        raise ConfigError(problems)
    kept = application.store.swaps.of(rota.name)
    try:
        made = list(_made(rota, days, to, kept))
    except ValueError as error:
        raise ConfigError([f"nothing to swap: {error}"]) from None
    application.store.swaps.add(rota.name, made, who_asks(by), reason.strip(), application.now())
    return made


def _made(rota: Rota, days: Sequence[datetime], to: str | None, kept: Sequence[Turn]) -> tuple[Turn, ...]:
    if to is None:
        return swapped(rota, days[0], days[1], kept)
    week = rota.week(days[0])
    if rota.on(days[0], kept) == to:
        raise ValueError(f"that turn is {to}'s")
    return (Turn(week.start, week.end, to),)


def turn_line(rota: Rota, turn: Turn, at: datetime) -> str:
    """Return one line for a turn; the present one is marked."""
    begin, end = (moment.astimezone(rota.zone) for moment in (turn.start, turn.end))
    mark = "*" if turn.start <= at < turn.end else " "
    why = f"  {turn.why}" if turn.why else ""
    return f"{mark} {begin:%a %Y-%m-%d %H:%M} - {end:%a %Y-%m-%d %H:%M %Z}  {turn.person}{why}"


def turn_json(rota: Rota, turn: Turn) -> dict[str, str]:
    """Return a turn as data."""
    begin, end = turn.start.isoformat(), turn.end.isoformat()
    return {"rota": rota.name, "start": begin, "end": end, "person": turn.person, "why": turn.why}
