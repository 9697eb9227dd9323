"""The site: everything it holds, how it is looked up, and who sees what."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import uuid
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deskbridge.sandbox.jira import catalogue, errors
from deskbridge.sandbox.jira.model import (
    Attachment,
    Board,
    Comment,
    Component,
    FieldDef,
    Filter,
    Issue,
    IssueLink,
    IssueType,
    Json,
    Project,
    Status,
    Text,
    User,
    Worklog,
)
from deskbridge.sandbox.jira.records import (
    Desk,
    Hook,
    Organization,
    Scheme,
    Screen,
    Sprint,
    Task,
    Temporary,
)
from deskbridge.sandbox.jira.switches import Switches
from deskbridge.sandbox.jira.wiki_read import Names, document
from deskbridge.sandbox.jira.wiki_write import wiki
from deskbridge.sandbox.world import World


class Site:
    """One Jira site. Made empty; `fresh.settle` furnishes it."""

    def __init__(self, world: World, base_url: str, files: Path, deployment: str) -> None:
        self.world, self.base_url, self.files = world, base_url, files
        self.deployment, self.cloud = deployment, deployment == "cloud"
        self.secret = world.token(64).encode()
        self.cloud_id = self.new_uuid()
        self._empty()

    def clear(self) -> None:
        """Forget everything, files included; the switches go back to their defaults."""
        shutil.rmtree(self.files, ignore_errors=True)
        self._empty()

    def _empty(self) -> None:
        self.switches = Switches()
        self.users: dict[str, User] = {}
        self.projects: dict[str, Project] = {}
        self.statuses: dict[str, Status] = dict(catalogue.STATUSES)
        self.types: dict[str, IssueType] = dict(catalogue.ISSUE_TYPES)
        self.fields: dict[str, FieldDef] = {}
        self.screens: dict[int, Screen] = {}
        self.schemes: dict[int, Scheme] = {}
        self.issues: dict[int, Issue] = {}
        self.keys: dict[str, int] = {}
        self.comments: dict[int, Comment] = {}
        self.attachments: dict[int, Attachment] = {}
        self.worklogs: dict[int, Worklog] = {}
        self.gone_worklogs: dict[int, datetime] = {}
        self.links: dict[int, IssueLink] = {}
        self.filters: dict[int, Filter] = {}
        self.boards: dict[int, Board] = {}
        self.sprints: dict[int, Sprint] = {}
        self.hooks: dict[int, Hook] = {}
        self.tasks: dict[str, Task] = {}
        self.desks: dict[str, Desk] = {}
        self.organizations: dict[int, Organization] = {}
        self.temporary: dict[str, Temporary] = {}
        self.pinned: dict[int, Json] = {}
        self.user_properties: dict[str, Json] = {}
        self.failing: dict[int, datetime] = {}
        self.bulk: bool | None = None
        self.default_resolution: str | None = None
        self.counters: Counter[str] = Counter()
        self.forget_indexes()

    def forget_indexes(self) -> None:
        """Make all that is derived from the records empty; `index` fills it again."""
        self.recent: dict[int, None] = {}
        self.journal: list[int] = []
        self.remote: dict[str, set[int]] = {}
        self.searches: dict[str, Any] = {}
        self._tokens: dict[str, User] = {}
        self._emails: dict[str, User] = {}

    # --- indexes ----------------------------------------------------------------------------------

    def noted(self, issue: int) -> None:
        """Tell open searches that something about an issue changed."""
        self.journal.append(issue)

    def moved(self, issue: int) -> None:
        """Tell all indexes that an issue was updated now: `recent` is in the order of `updated`."""
        self.recent.pop(issue, None)
        self.recent[issue] = None
        self.journal.append(issue)

    def add_user(self, user: User) -> User:
        """Take in a person, with the credentials they have."""
        self.users[user.account_id] = user
        self._emails.setdefault(user.email.lower(), user)
        for token in (user.token, *user.scoped):
            if token:
                self._tokens[token] = user
        return user

    def holder(self, token: str) -> User | None:
        """Return whose token this is."""
        return self._tokens.get(token)

    def by_email(self, email: str) -> User | None:
        """Return who has a mail address."""
        return self._emails.get(email.lower())

    def next_id(self, kind: str, first: int = 10000) -> int:
        """Return the next number of a kind; Jira counts most things from 10000."""
        self.counters[kind] += 1
        return first + self.counters[kind] - 1

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

    def named(self, given: object) -> User | None:
        """Return a person as clients name them: by account id on Cloud, by user name on Data Center."""
        if not isinstance(given, str):
            return None
        if self.cloud:
            return self.users.get(given)
        return next((user for user in self.users.values() if given in (user.username, user.key)), None)

    # --- projects and issues ----------------------------------------------------------------------

    def project(self, caller: User | None, key_or_id: object) -> Project:
        """Return a visible project by id or key."""
        for project in self.projects.values() if caller and not caller.customer else ():
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
        issue = self.find_issue(id_or_key)
        if issue is not None and self.sees(caller, issue):
            return issue
        raise errors.login_required() if caller is None and not self.cloud else errors.no_issue()

    def sees(self, caller: User | None, issue: Issue) -> bool:
        """Whether somebody may see an issue: staff all but what a security level hides from them."""
        if caller is None or caller.customer:
            return False
        return not issue.values.get("security") or caller.project_admin or caller.site_admin

    def desk_of(self, issue: Issue) -> Desk | None:
        """Return the service desk of an issue's project."""
        return next((desk for desk in self.desks.values() if desk.project == issue.project), None)

    def file(self, attachment: Attachment) -> Path:
        """Return where a file's bytes are."""
        return self.files / str(attachment.id)

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


def value_of(issue: Issue, field: str) -> Any:
    """Return a field in the site's own form, also one that no client may edit."""
    own = {
        "status": issue.status,
        "issuetype": issue.type,
        "project": issue.project,
        "creator": issue.creator,
    }
    return own[field] if field in own else issue.values.get(field)
