"""The site: everything it holds, how it is looked up, and who sees what."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import uuid
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.model import (
    Attachment,
    Board,
    Comment,
    Component,
    FieldDef,
    Filter,
    Issue,
    IssueLink,
    Json,
    Project,
    Switches,
    Text,
    User,
    Worklog,
)
from deskbridge.sandbox.jira.wiki_read import Names, document
from deskbridge.sandbox.jira.wiki_write import wiki
from deskbridge.sandbox.world import World


class Site:
    """One Jira site. Made empty; `fresh.settle` furnishes it."""

    def __init__(self, world: World, base_url: str, files: Path) -> None:
        self.world, self.base_url, self.files = world, base_url, files
        self.secret = world.token(64).encode()
        self._empty()

    def clear(self) -> None:
        """Forget everything, files included; the switches go back to their defaults."""
        shutil.rmtree(self.files, ignore_errors=True)
        self._empty()

    def _empty(self) -> None:
        self.switches = Switches()
        self.users: dict[str, User] = {}
        self.projects: dict[str, Project] = {}
        self.fields: dict[str, FieldDef] = {}
        self.issues: dict[int, Issue] = {}
        self.keys: dict[str, int] = {}
        self.comments: dict[int, Comment] = {}
        self.attachments: dict[int, Attachment] = {}
        self.worklogs: dict[int, Worklog] = {}
        self.links: dict[int, IssueLink] = {}
        self.filters: dict[int, Filter] = {}
        self.boards: dict[int, Board] = {}
        self._counters: Counter[str] = Counter()

    def next_id(self, kind: str, first: int = 10000) -> int:
        """Return the next number of a kind; Jira counts most things from 10000."""
        self._counters[kind] += 1
        return first + self._counters[kind] - 1

    def new_uuid(self) -> str:
        """Return a uuid that repeats by seed."""
        return str(uuid.UUID(int=self.world.rng.getrandbits(128), version=4))

    def now(self) -> datetime:
        """Return the present instant in whole milliseconds, as Jira keeps it."""
        now = self.world.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    # --- people -----------------------------------------------------------------------------------

    def user(self, account_id: str) -> User:
        """Return a person by account id; KeyError when nobody has it."""
        return self.users[account_id]

    def signed_in(self, authorization: str) -> User | None:
        """Return who a header speaks for, None without a header; refused when it is wrong."""
        if not authorization:
            return None
        kind, _, value = authorization.partition(" ")
        email, token = _basic(value) if kind.lower() == "basic" else ("", "")
        for user in self.users.values():
            if token and user.email.lower() == email.lower() and hmac.compare_digest(user.token, token):
                return user
        raise errors.not_signed_in()

    # --- projects and issues ----------------------------------------------------------------------

    def project(self, caller: User | None, key_or_id: object) -> Project:
        """Return a visible project by id or key."""
        for project in self.projects.values() if caller else ():
            if str(key_or_id).upper() == project.key or str(key_or_id) == project.id:
                return project
        raise errors.refusal(404, f"No project could be found with key '{key_or_id}'.")

    def find_issue(self, id_or_key: object) -> Issue | None:
        """Return an issue by id or by any key it ever had."""
        text = str(id_or_key)
        number = (
            int(text) if text.isascii() and text.isdigit() and len(text) < 19 else self.keys.get(text.upper())
        )
        return None if number is None else self.issues.get(number)

    def issue(self, caller: User | None, id_or_key: object) -> Issue:
        """Return a visible issue; 404 says alike that it is missing and that it is hidden."""
        issue = self.find_issue(id_or_key) if caller else None
        if issue is None:
            raise errors.no_issue()
        return issue

    def component(self, kind: str, project: str, id: str) -> Component | None:
        """Return a component or version (`kind`) of a project by id."""
        return next((c for c in self.parts(kind, project) if c.id == id), None)

    def parts(self, kind: str, project: str) -> list[Component]:
        """Return a project's components or its versions."""
        home = self.projects[project]
        return home.components if kind == "components" else home.versions

    def field_named(self, name: str) -> FieldDef | None:
        """Return the field that JQL means by `name`."""
        wanted = name.lower()
        for field in self.fields.values():
            if wanted in (clause.lower() for clause in field.clauses) or wanted == field.name.lower():
                return field
        return None

    # --- texts ------------------------------------------------------------------------------------

    def names(self, issue: Issue) -> Names:
        """Return what converters need to know about an issue."""
        media = {a.filename: a.media for a in issue.attachments}
        return Names(media, {u.account_id: u.name for u in self.users.values()})

    def text(self, issue: Issue, text: Text | None, version: str) -> Text | None:
        """Return a text as the API version shows it: v2 wiki, v3 a document."""
        if text is None or (isinstance(text, str) and version == "2"):
            return text
        if isinstance(text, str):
            return self.document(issue, text)
        if version == "3":
            return text
        return wiki(text, {a.media: a.filename for a in issue.attachments})

    def document(self, issue: Issue, text: Text) -> Json:
        """Return a text as a document (ADF)."""
        return document(text, self.names(issue)) if isinstance(text, str) else text

    # --- time -------------------------------------------------------------------------------------

    def stamp(self, instant: datetime | None, caller: User | None) -> str | None:
        """Return an instant as Jira writes it: the caller's zone, an offset without a colon."""
        if instant is None:
            return None
        local = instant.astimezone(ZoneInfo(caller.time_zone if caller else "UTC"))
        return (
            local.strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond // 1000:03d}" + local.strftime("%z")
        )

    # --- files ------------------------------------------------------------------------------------

    def media_url(self, attachment: Attachment) -> str:
        """Return a signed address of a file, good for a short while, on the media host.

        The real one is another host (reference, 6), to which clients must not send credentials;
        here it is this machine's other name, so that HTTP clients treat it as such.
        """
        until = int((self.now() + timedelta(seconds=self.switches.media_seconds)).timestamp())
        host = self.base_url.replace("127.0.0.1", "localhost")
        return f"{host}/media/file/{attachment.id}?until={until}&signature={self.sign(attachment.id, until)}"

    def sign(self, attachment: int, until: int) -> str:
        """Return the signature of a file's address."""
        return hmac.new(self.secret, f"{attachment}:{until}".encode(), hashlib.sha256).hexdigest()

    def watch(self, issue: Issue, user: User) -> None:
        """Let somebody who acts on an issue watch it, if that is their preference."""
        if user.autowatch and user.account_id not in issue.watchers:
            issue.watchers.append(user.account_id)


def _basic(value: str) -> tuple[str, str]:
    try:
        email, _, token = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return email, token


def value_of(issue: Issue, field: str) -> Any:
    """Return a field in the site's own form, also one that no client may edit."""
    own = {
        "status": issue.status,
        "issuetype": issue.type,
        "project": issue.project,
        "creator": issue.creator,
    }
    return own[field] if field in own else issue.values.get(field)
