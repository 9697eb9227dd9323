"""The freshly set-up instance: a group, two projects, accounts, no issue; labels unless it is to be empty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from deskbridge.sandbox.gitlab.places import Group, Label, Level, Project, Token, User
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.world import World

_LABELS = {
    "priority::1": "#dc143c",
    "priority::2": "#ed9121",
    "priority::3": "#eee600",
    "priority::4": "#808080",
    "status::blocked": "#c21e56",
    "status::dev": "#6699cc",
    "status::in-progress": "#009966",
    "status::waiting-customer": "#9400d3",
    "type::bug": "#cd5b45",
    "type::incident": "#ff0000",
    "type::question": "#36454f",
}
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The tokens of the people, drawn once: they outlive a reset."""

    hub: str
    developer: str
    owner: str
    guest: str
    bot_suffix: str


def draw(world: World) -> Secrets:
    """Return tokens of the right form, drawn from the world's chance."""
    hub, developer, owner, guest = ("glpat-" + "".join(world.rng.choices(_ALPHABET, k=20)) for _ in range(4))
    return Secrets(hub, developer, owner, guest, world.token(12))


def fill(site: Site, secrets: Secrets) -> None:
    """Put the fresh instance into an empty site."""
    born = site.now() - timedelta(days=365)
    dana, lee, guest, hub = _people(site, secrets, born)
    harbour = Group(31, "Harbour", "harbour", born, {lee: Level.OWNER, hub: Level.MAINTAINER})
    site.groups[harbour.id] = harbour
    for id, name, desk in ((101, "Firmware", False), (102, "Portal", True)):
        project = Project(id, name, name.lower(), harbour, born, site.changes, desk)
        project.members = {hub: Level.MAINTAINER, dana: Level.DEVELOPER, guest: Level.GUEST}
        site.projects[id] = project
    for label, color in ({} if site.world.empty else _LABELS).items():
        id = site.next("label")
        site.labels[id] = Label(id, label, harbour, color, created_at=born)
    attach(site, secrets)


def _people(site: Site, secrets: Secrets, born: datetime) -> tuple[User, User, User, User]:
    host = "noreply.gitlab.example"
    site.users[1] = User(1, "ghost", "Ghost User", f"ghost@{host}", born, "ghost")
    site.users[2] = User(2, "support-bot", "GitLab Support Bot", f"support@{host}", born, "support")
    dana = User(11, "dana", "Dana Novak", "dana.novak@harbour.example", born)
    lee = User(12, "lee", "Lee Okafor", "lee.okafor@harbour.example", born)
    guest = User(13, "guest", "Gil Guest", "gil.guest@visitor.example", born)
    bot = f"project_101_bot_{secrets.bot_suffix}"
    hub = User(21, bot, "deskbridge", f"{bot}@{host}", born, "bot")
    for user in (dana, lee, guest, hub):
        site.users[user.id] = user
    return dana, lee, guest, hub


def attach(site: Site, secrets: Secrets) -> None:
    """Give the people of the instance their tokens."""
    born = site.now() - timedelta(days=365)
    values = {11: secrets.developer, 12: secrets.owner, 13: secrets.guest, 21: secrets.hub}
    for id, (owner, value) in enumerate(values.items(), start=301):
        user, expires = site.users[owner], (site.now() + timedelta(days=364)).date()
        token = Token(id, value, user, user.name, ("api",), born, expires)
        site.tokens[value] = token
    bot = site.tokens[secrets.hub]
    bot.owner, bot.level = site.projects.get(101), Level.MAINTAINER
