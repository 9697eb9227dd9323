"""The fake GitLab as a whole: its routes, its accounts and what customers do to it."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import io
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from deskbridge.sandbox import kernel
from deskbridge.sandbox.gitlab import (
    api_boards,
    api_graphql,
    api_hooks,
    api_issues,
    api_labels,
    api_members,
    api_notes,
    api_parts,
    api_people,
    api_projects,
    api_tokens,
    api_uploads,
    desk,
    generate,
    page,
    setup,
    snapshot,
    switches,
    tokens,
)
from deskbridge.sandbox.gitlab.addresses import is_address
from deskbridge.sandbox.gitlab.call import Router, is_number
from deskbridge.sandbox.gitlab.limits import Limits
from deskbridge.sandbox.gitlab.places import Project, Status
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.site import STATUSES, Site
from deskbridge.sandbox.gitlab.switches import Switches
from deskbridge.sandbox.world import World

_RESOURCES = (
    *(api_people, api_projects, api_members, api_tokens, api_issues, api_notes, api_parts, api_labels),
    *(api_uploads, api_boards, api_hooks, api_graphql),
)
_LONGEST_URL = 8 * 1024
"""What the web server in front takes; a description belongs into the body (1.2)."""
_CATEGORIES = ("triage", "to_do", "in_progress", "done", "canceled")


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
            "service_desk_unsubscribe": self.service_desk_unsubscribe,
            "service_desk_settings": self.service_desk_settings,
            "configure": self.configure,
            "statuses": self.statuses,
            "warn_of_tokens": self.warn_of_tokens,
            "generate": self.generate,
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

    def dump(self) -> dict[str, Any]:
        """Return everything but tokens and files as JSON, many rows of it by and by."""
        return {"switches": dataclasses.asdict(self.switches)} | snapshot.dump(self.site)

    def restore(self, state: dict[str, Any]) -> None:
        """Take the place of the present state; raises ValueError when it makes no sense."""
        switches.turn(self.switches, state.pop("switches"))
        self._limits.clear()
        snapshot.restore(self.site, state)
        setup.attach(self.site, self.secrets)

    def service_desk_mail(
        self,
        project: str | int,
        email: str,
        name: str,
        subject: str,
        text: str,
        cc: list[str] | None = None,
        files: list[dict[str, str]] | None = None,
        auto_reply: bool = False,
    ) -> dict[str, object]:
        """Let a customer write to a project's Service Desk; returns the ticket that comes of it.

        A file is ``{"name": ..., "content": base64}``. What an auto-responder sends is dropped (7.2).
        """
        place, writer = self._desk(project), _address(email)
        if auto_reply:
            return {"dropped": True, "project": place.full_path}
        issue = desk.mail_in(self.site, place, writer, subject, text + self._attached(place, files), cc or ())
        url = self.site.web_url(issue)
        return {"id": issue.id, "iid": issue.iid, "project": place.full_path, "name": name, "web_url": url}

    def service_desk_reply(
        self,
        project: str | int,
        iid: int,
        email: str,
        text: str,
        cc: list[str] | None = None,
        files: list[dict[str, str]] | None = None,
    ) -> dict[str, object]:
        """Let a customer answer a mail of a ticket; returns the note that comes of it."""
        place = self._desk(project)
        issue = self._ticket(place, iid)
        text += self._attached(place, files)
        if not text.strip():
            raise ValueError("a mail without a text makes no note")
        note = desk.mail_reply(self.site, issue, _address(email), text, cc or ())
        return {"id": note.id, "iid": iid, "project": place.full_path}

    def service_desk_unsubscribe(self, project: str | int, iid: int, email: str) -> dict[str, object]:
        """Let a participant follow the unsubscribe link of a mail."""
        gone = desk.unsubscribe(self.site, self._ticket(self._desk(project), iid), _address(email))
        return {"unsubscribed": gone}

    def service_desk_settings(self, project: str | int, **settings: str | bool) -> dict[str, object]:
        """Set what is on a project's Service Desk page; returns all of it. There is no API for it (7.2)."""
        rules = self._desk(project).desk
        known = {field.name: type(getattr(rules, field.name)) for field in dataclasses.fields(rules)}
        wrong = [name for name, value in settings.items() if type(value) is not known.get(name)]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} cannot be that; there are {', '.join(known)}")
        for name, value in settings.items():
            setattr(rules, name, value)
        return dataclasses.asdict(rules)

    def configure(self, preset: str = "", **given: switches.Value) -> dict[str, object]:
        """Set switches of the instance as its admin would; returns all of them.

        The preset ``gitlab.com`` sets the limits that GitLab.com has.
        """
        if preset not in ("", "gitlab.com"):
            raise ValueError(f"there is no preset {preset!r}, only gitlab.com")
        switches.turn(self.switches, {**(switches.GITLAB_COM if preset else {}), **given})
        self.site.changes.renew()
        return dataclasses.asdict(self.switches)

    def statuses(self, rows: list[dict[str, str]] | None = None) -> dict[str, object]:
        """Give the top-level group statuses of its own, each with a name, a category and a colour (3.8)."""
        made = []
        for number, row in enumerate(rows or (), start=1):
            if row.get("category") not in _CATEGORIES or not row.get("name"):
                raise ValueError(f"a status has a name and a category of {', '.join(_CATEGORIES)}")
            made.append(
                Status(number, row["name"], row["category"], row.get("color", "#737278"), system=False)
            )
        self.site.statuses = made or list(STATUSES)
        return {"statuses": [one.name for one in self.site.statuses]}

    def warn_of_tokens(self) -> dict[str, object]:
        """Run the daily job that tells hooks of access tokens which end within a week (1.1)."""
        return {"warned": tokens.warn(self.site)}

    def generate(
        self, count: int, seed: int = 0, project: str | int = 101, notes: int = 4
    ) -> dict[str, object]:
        """Make many issues of realistic sizes, languages and odd shapes at once, without mails and hooks."""
        return generate.issues(self.site, self._project(project), count=count, seed=seed, notes=notes)

    def _project(self, name: str | int) -> Project:
        """Return a project by number or path; raises ValueError."""
        number = int(name) if is_number(str(name)) else 0
        place = self.site.projects.get(number) or self.site.project_at(str(name))
        if place is None:
            raise ValueError(f"there is no project {name!r}")
        return place

    def _desk(self, name: str | int) -> Project:
        place = self._project(name)
        if not place.service_desk_enabled:
            raise ValueError(f"Service Desk is off in {place.full_path}: the mail bounces")
        return place

    def _ticket(self, place: Project, iid: int) -> Issue:
        issue = place.issues.get(iid)
        if issue is None or issue.reply_to is None:
            raise ValueError(f"{place.full_path} has no ticket {iid}")
        return issue

    def _attached(self, place: Project, files: list[dict[str, str]] | None) -> str:
        """Return the Markdown of a mail's files, which become uploads of the Support Bot."""
        text = ""
        for file in files or ():
            try:
                content = base64.b64decode(file["content"], validate=True)
            except (KeyError, binascii.Error) as error:
                raise ValueError("a file has a name and its content in base64") from error
            bot, name = self.site.support_bot, file.get("name", "")
            stored = api_uploads.store(self.site, bot, place, name, io.BytesIO(content))
            text += f"\n\n{api_uploads.markdown(stored)}"
        return text


def _address(email: str) -> str:
    if not is_address(email):
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
            if len(path) + len(scope["query_string"]) > _LONGEST_URL:
                await PlainTextResponse("414 Request-URI Too Large\n", 414)(scope, receive, send)
                return
        await self._app(scope, receive, send)
