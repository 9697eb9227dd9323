"""The fake GitLab as a whole: its routes, its accounts and what customers do to it."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from deskbridge.sandbox import kernel
from deskbridge.sandbox.gitlab import (
    api_boards,
    api_issues,
    api_labels,
    api_notes,
    api_parts,
    api_people,
    api_uploads,
    desk,
    page,
    setup,
)
from deskbridge.sandbox.gitlab.call import Router
from deskbridge.sandbox.gitlab.limits import Limits
from deskbridge.sandbox.gitlab.state import Project, Site, Switches
from deskbridge.sandbox.world import World

_RESOURCES = (api_people, api_issues, api_notes, api_parts, api_labels, api_uploads, api_boards)


class GitLab:
    """One instance with the group `harbour`; its state lives in `site`, its settings in `switches`."""

    def __init__(self, world: World, base_url: str, files: Path) -> None:
        self.switches = Switches()
        self.site = Site(world, base_url, files, self.switches)
        self.secrets = setup.draw(world)
        self._limits = Limits()
        setup.fill(self.site, self.secrets)
        router = Router(self.site, self._limits)
        routes = [route for resource in _RESOURCES for route in resource.routes(router)]
        self.app: ASGIApp = _Undecoded(kernel.build("gitlab", world, [*routes, *page.routes(self.site)]))
        self.acts: Mapping[str, Callable[..., dict[str, object]]] = {
            "service_desk_mail": self.service_desk_mail,
            "service_desk_reply": self.service_desk_reply,
            "configure": self.configure,
        }

    def environment(self) -> dict[str, str]:
        """Return the address and the credentials to publish."""
        return {
            "GITLAB_URL": self.site.base_url,
            "GITLAB_TOKEN": self.secrets.hub,
            "GITLAB_DEV_TOKEN": self.secrets.developer,
            "GITLAB_PROJECT": "harbour/firmware",
            "GITLAB_PROJECT2": "harbour/portal",
            "GITLAB_GROUP": "harbour",
        }

    def reset(self) -> None:
        """Go back to the fresh instance; tokens and switches stay as they are."""
        for stored in self.site.uploads.values():
            shutil.rmtree(self.site.files / stored.secret, ignore_errors=True)
        self._limits.clear()
        self.site.clear()
        setup.fill(self.site, self.secrets)

    def service_desk_mail(
        self, project: str | int, email: str, name: str, subject: str, text: str
    ) -> dict[str, object]:
        """Let a customer write to a project's Service Desk; returns the ticket that comes of it."""
        place = self._desk(project)
        writer = _address(email)
        issue = desk.mail_in(self.site, place, writer, subject, text)
        url = self.site.web_url(issue)
        return {"id": issue.id, "iid": issue.iid, "project": place.full_path, "name": name, "web_url": url}

    def service_desk_reply(self, project: str | int, iid: int, email: str, text: str) -> dict[str, object]:
        """Let a customer answer a mail of a ticket; returns the note that comes of it."""
        place = self._desk(project)
        issue = place.issues.get(iid)
        if issue is None or issue.reply_to is None:
            raise ValueError(f"{place.full_path} has no ticket {iid}")
        if not text.strip():
            raise ValueError("a mail without a text makes no note")
        note = desk.mail_reply(self.site, issue, _address(email), text)
        return {"id": note.id, "iid": iid, "project": place.full_path}

    def configure(self, **switches: str | int | bool) -> dict[str, object]:
        """Set switches of the instance as its admin would; returns all of them."""
        known = {field.name for field in dataclasses.fields(self.switches)}
        if unknown := sorted(set(switches) - known):
            raise ValueError(f"there is no switch {', '.join(unknown)}, only {', '.join(sorted(known))}")
        for name, value in switches.items():
            wanted = type(getattr(self.switches, name))
            if not isinstance(value, wanted) or (name == "tier" and value not in ("free", "premium")):
                raise ValueError(f"{name} cannot be {value!r}")
            setattr(self.switches, name, value)
        return dataclasses.asdict(self.switches)

    def _desk(self, name: str | int) -> Project:
        """Return a project with Service Desk by number or path; raises ValueError."""
        number = int(name) if str(name).isdigit() else 0
        place = self.site.projects.get(number) or self.site.project_at(str(name))
        if place is None:
            raise ValueError(f"there is no project {name!r}")
        if not place.service_desk_enabled:
            raise ValueError(f"Service Desk is off in {place.full_path}: the mail bounces")
        return place


def _address(email: str) -> str:
    if not desk.is_address(email):
        raise ValueError(f"{email!r} is no mail address")
    return email


class _Undecoded:
    """Routes by the path as it was sent: servers decode ``%2F``, and ``group%2Fproject`` is one part."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            path = scope["raw_path"].partition(b"?")[0].decode("ascii", "replace")
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)
