"""Emoji given to issues and notes, one of a kind for each person (4.6)."""

from __future__ import annotations

from deskbridge.sandbox.gitlab import webhooks
from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.records import Award, Issue, Note
from deskbridge.sandbox.gitlab.site import Site


def given(user: User, thing: Issue | Note, name: str) -> Award | None:
    """Return the emoji of that name that the user gave, if any."""
    return next((row for row in thing.awards or () if row.name == name and row.user is user), None)


def give(site: Site, user: User, thing: Issue | Note, name: str) -> Award:
    """Add an emoji and tell the hooks."""
    row = Award(site.next("award"), name, user, site.now())
    thing.awards = [*(thing.awards or ()), row]
    _mark(thing)
    webhooks.emoji(site, row, thing, "award")
    return row


def take(site: Site, thing: Issue | Note, row: Award) -> None:
    """Take an emoji away and tell the hooks."""
    thing.awards = [one for one in thing.awards or () if one is not row]
    _mark(thing)
    webhooks.emoji(site, row, thing, "revoke")


def _mark(thing: Issue | Note) -> None:
    if isinstance(thing, Issue):
        thing.mark()
