"""Access tokens as they come and go, and the bots that live by them (1.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from deskbridge.sandbox.gitlab import webhooks
from deskbridge.sandbox.gitlab.places import Level, Owner, Project, Token, User
from deskbridge.sandbox.gitlab.site import Site

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"


def value(site: Site) -> str:
    """Return the text of a new token."""
    return "glpat-" + "".join(site.world.rng.choices(_ALPHABET, k=20))


def _keep(site: Site, token: Token) -> Token:
    site.tokens[token.value] = token
    return token


def personal(site: Site, user: User, name: str, scopes: tuple[str, ...], until: date) -> Token:
    """Make a token of a user."""
    return _keep(site, Token(site.next("token"), value(site), user, name, scopes, site.now(), until))


def for_place(
    site: Site,
    owner: Owner,
    name: str,
    scopes: tuple[str, ...],
    level: Level,
    until: date,
    description: str,
) -> Token:
    """Make a token of a project or group with a bot member that bears its name."""
    kind = "project" if isinstance(owner, Project) else "group"
    username = f"{kind}_{owner.id}_bot_{site.world.token(32)}"
    email = f"{username}@noreply.gitlab.example"
    bot = User(site.next("user"), username, name, email, site.now(), "bot")
    site.users[bot.id] = bot
    owner.members[bot] = level
    token = personal(site, bot, name, scopes, until)
    token.owner, token.level, token.description = owner, level, description
    return token


def rotate(site: Site, old: Token, until: date) -> Token:
    """Replace a token by one of the same rights; the old one ends at once."""
    old.revoked = True
    new = replace(old, id=site.next("token"), value=value(site), revoked=False, expires_at=until)
    new.created_at, new.last_used_at = site.now(), None
    return _keep(site, new)


def revoke(site: Site, token: Token) -> None:
    """End a token. A project's or group's bot is deleted with it: its records go to the Ghost User."""
    token.revoked = True
    others = (one for one in site.tokens.values() if one.user is token.user and not one.revoked)
    if token.owner is None or any(others):
        return
    bot, ghost = token.user, site.ghost
    owners: list[Owner] = [*site.projects.values(), *site.groups.values()]
    for place in owners:
        place.members.pop(bot, None)
    site.users.pop(bot.id, None)
    for issue in site.issues.values():
        if issue.author is bot:
            issue.author = ghost
        issue.assignees = [one for one in issue.assignees if one is not bot]
        issue.involved = [one for one in issue.involved if one is not bot]
        for note in issue.notes.values():
            note.author = ghost if note.author is bot else note.author
        for event in issue.events:
            event.user = ghost if event.user is bot else event.user
    site.changes.renew()


def warn(site: Site) -> list[str]:
    """Tell the hooks of tokens that end within a week, as a daily job does; return their names."""
    today = site.now().date()
    soon = [one for one in site.tokens.values() if one.owner and one.expires_at and not one.revoked]
    due = [one for one in soon if one.expires_at and today < one.expires_at <= today + timedelta(days=7)]
    for one in due:
        webhooks.token(site, one)
    return [one.name for one in due]
