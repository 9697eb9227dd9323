"""Holidays out of iCalendar feeds that calendars name: read within limits, kept on when a feed is down.

An address is an administrator's own choice, an answer is not: it leads nowhere, is small, and comes soon.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from connectors.bounds import Bounds
from connectors.errors import ConfigError, HubError
from connectors.session import Session
from deskbridge.agreed import FEED, YEARS
from deskbridge.lines import placed
from deskbridge.parts import Settings
from sync.sla.holidays import holidays_of_feed
from sync.store.editions import Editions

BOUNDS = Bounds(answer=1 << 20, first=30.0, slowest=1 << 20)
"""Of what is believed of an answer: a feed of ten countries over fifty years is a tenth of it."""
_PIECE = 64 * 1024
_TIMEOUT = 10.0
"""Seconds that a server may be silent."""


class Unread(HubError):
    """A feed was not read; says why in a person's words, and never what stood there."""


@dataclass(frozen=True)
class Feeds:
    """The feeds of some settings, which stand in the file `path`."""

    settings: Settings
    path: Path

    def problems(self) -> list[str]:
        """Return a line for each feed that cannot be read now, beginning with its place in the settings."""
        found = []
        for feed, places in self.named.items():
            try:
                read(feed, self.path.parent)
            except Unread as error:
                found += [f"{place}: {error}" for place in places]
        return found

    def keep(self, editions: Editions, at: datetime, *, fresh: bool) -> list[str]:
        """Read the feeds that are not kept yet, or with `fresh` all; return what could not be read anew.

        Days that are over stay as they were kept: what was counted is not moved. Raises ConfigError for
        feeds of which nothing is kept.
        """
        kept, problems, stale = editions.holidays(), list[str](), list[str]()
        for feed, places in self.named.items():
            old = kept.get((FEED, feed))
            if old is None or fresh:
                why = self._kept(editions, feed, old, at)
                told = [f"{place}: {why}" for place in places] if why else []
                problems += told if old is None else []
                stale += told if old is not None else []
        if problems:
            raise ConfigError(placed(self.path, problems))
        return stale

    def refreshed(self, editions: Editions, at: datetime) -> list[tuple[str, str]]:
        """Read all feeds anew; return where the settings name one that is not as it should be, and why.

        That is one that could not be read, or that names no day any more from now on: what it told before
        holds, and somebody must see to it before the next holiday.
        """
        kept, found = editions.holidays(), list[tuple[str, str]]()
        for feed, places in self.named.items():
            why = self._kept(editions, feed, kept.get((FEED, feed)), at)
            if not why and not any(day > at.date() for day in editions.holidays()[FEED, feed]):
                why = "it names no day from now on: is it still looked after?"
            found += [(place, why) for place in places] if why else []
        return found

    def _kept(self, editions: Editions, feed: str, old: Collection[date] | None, at: datetime) -> str:
        """Read a feed and keep what it tells; return why that was not done, if it was not."""
        why, today = "", at.date()
        try:
            new = read(feed, self.path.parent)
        except Unread as error:
            why = str(error)
        else:
            if old is not None and any(day > today for day in old) and not any(day > today for day in new):
                why = "it names no day from now on, and did before"
            else:
                editions.put_holidays((FEED, feed), merged(old, new, today))
        return f"{why}; the dates of earlier hold" if why and old is not None else why

    @cached_property
    def named(self) -> dict[str, list[str]]:
        """Feed -> where the settings name it."""
        found: dict[str, list[str]] = {}
        for place, feed in _places(self.settings):
            found.setdefault(feed, []).append(place)
        return found


def merged(old: Collection[date] | None, new: Collection[date], today: date) -> frozenset[date]:
    """Return the dates to keep: until today those that held, from then on those that are told now."""
    if old is None:
        return frozenset(new)
    return frozenset({d for d in old if d <= today} | {d for d in new if d > today})


def read(feed: str, folder: Path, bounds: Bounds = BOUNDS) -> frozenset[date]:
    """Return the whole days in a feed: a file, or what an address answers. Raises Unread."""
    try:
        text = _fetched(feed, bounds) if "://" in feed else _file(folder / feed, bounds)
        return holidays_of_feed(text.decode(), YEARS)
    except UnicodeDecodeError:
        raise Unread("it is not UTF-8") from None
    except ValueError as error:
        raise Unread(str(error)) from None


def _places(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, calendar in settings.calendars.items():
        for place, hours in (
            (f"calendars.{name}.feed", calendar),
            *((f"calendars.{name}.edits.{n}.feed", edit) for n, edit in enumerate(calendar.edits)),
        ):
            if hours.feed:
                yield place, hours.feed


def _file(path: Path, bounds: Bounds) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(bounds.answer + 1)
    except OSError as error:
        raise Unread(f"the file cannot be read ({error.strerror})") from None
    if len(content) > bounds.answer:
        raise Unread(f"it is larger than {bounds.answer} bytes")
    return content


def _fetched(address: str, bounds: Bounds) -> bytes:
    import requests
    import urllib3

    try:
        with (
            Session(bounds) as session,
            session.begin("GET", address, (_TIMEOUT, _TIMEOUT)) as answer,
        ):
            if answer.status_code != 200:
                way = "; write the address that it leads to" if answer.is_redirect else ""
                raise Unread(f"the server answered {answer.status_code}{way}")
            content = b""
            while piece := answer.raw.read1(_PIECE, decode_content=True):
                content += piece
                if len(content) > bounds.answer:
                    raise Unread(f"it is larger than {bounds.answer} bytes")
            return content
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Unread(f"there is no answer, or none within reason ({type(error).__name__})") from None
