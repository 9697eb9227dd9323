"""What the tools say now, read by people's own calls: the judge's eyes. Knows nothing of the hub's code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.client import NOT_FOUND
from typing import Any

import requests
from lxml import html

from tests.campaign.knowing import key_of
from tests.campaign.ledger import DESCRIPTION, TOKEN, Ledger
from tests.campaign.people import People

_UPLOAD = re.compile(r"\(<?/uploads/([0-9a-f]+/[^)>\n]+)")
_PICTURE = re.compile(r'src="([^"]*/inline/attachment[^"]*)"')


@dataclass(frozen=True)
class Text:
    """A text as it stands somewhere."""

    id: str
    author: str
    ours: bool
    """Whether the hub's account wrote it."""
    body: str
    public: bool
    """Whether the customer reads it."""
    files: tuple[str, ...] = ()
    """The hashes of the files that hang on it."""

    @property
    def token(self) -> str | None:
        """The word by which it is known: it stands first, whatever is quoted below."""
        found = None if self.merging and not self.ours else TOKEN.search(self.body)
        return found[0] if found else None

    @property
    def merging(self) -> bool:
        """Whether it is the desk's note about a ticket that was merged, which copies that one's text."""
        return "is merged into this ticket" in self.body


@dataclass(frozen=True)
class Record:
    """One ticket of one tool, as it stands."""

    tool: str
    key: str
    subject: str
    tags: frozenset[str]
    done: bool
    trashed: bool
    version: str
    created: str = ""
    """When it was made, as its tool says."""
    late: str = ""
    """Which of its times the desk's own clock has called missed: that changes a ticket too."""
    texts: tuple[Text, ...] = ()
    files: tuple[str, ...] = ()
    """The hashes of the files that hang on the ticket itself."""

    @property
    def all_files(self) -> list[str]:
        """Every file, wherever it hangs."""
        return [*self.files, *(file for text in self.texts for file in text.files)]


Version = tuple[str, str]
"""The stamp of a ticket's last change, and what the tool's own clock did to it."""


@dataclass
class World:
    """Everything that stands in the tools."""

    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    mails: list[dict[str, Any]] = field(default_factory=list)

    def versions(self) -> dict[tuple[str, str], Version]:
        """Return the stamp of each ticket's last change."""
        return {name: (record.version, record.late) for name, record in self.records.items()}


class Reader:
    """Reads everything once."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._hub = str(people.robot_at_desk("GET", "agents/me")["id"])
        self._hub_in_jira = people.robot_in_jira("GET", "api/2/myself")["accountId"]
        self._names = self._desk_names()

    def read(self, ledger: Ledger) -> World:
        """Return what stands in the tools now."""
        world = World(mails=self._people.control("GET", "outbox"))
        for record in (*self._desk(ledger), *self._jira(), *self._gitlab()):
            world.records[record.tool, record.key] = record
        return world

    def versions(self, ledger: Ledger) -> dict[tuple[str, str], Version]:
        """Return the stamp of each ticket's last change, and nothing else."""
        found = {("jira", key_of("jira", i)): (i["fields"]["updated"], "") for i in self._people.issues()}
        for issue in self._people.gitlab_issues():
            found["gitlab", key_of("gitlab", issue)] = (issue["updated_at"], "")
        for key in [ticket.desk.key for _, ticket in ledger.tickets()]:
            row = self._people.agent("GET", f"tickets/{key}")
            found["desk", key] = (row["updated_at"], _late(row))
        return found

    # -- the desk

    def _desk(self, ledger: Ledger) -> Iterator[Record]:
        keys = {ticket.desk.key for _, ticket in ledger.tickets()}
        found = self._people.agent("GET", "tickets", params={"per_page": 100})
        for key in sorted(keys | {str(row["id"]) for row in found}, key=int):
            row = self._people.agent("GET", f"tickets/{key}")
            talk = self._talk(key)
            texts = [Text(DESCRIPTION, "", ours=False, body=row["description"] or "", public=True)]
            texts += [self._said(c) for c in talk]
            yield Record(
                tool="desk",
                key=key,
                subject=row["subject"] or "",
                tags=frozenset(row["tags"]),
                done=row["status"] in (4, 5),
                trashed=bool(row.get("deleted")),
                version=row["updated_at"],
                late=_late(row),
                texts=tuple(texts),
                files=tuple(self._desk_files(row, row["description"] or "")),
            )

    def _talk(self, key: str) -> list[dict[str, Any]]:
        talk: list[dict[str, Any]] = []
        for page in range(1, 20):
            asked = {"per_page": 100, "page": page}
            talk += (rows := self._people.agent("GET", f"tickets/{key}/conversations", params=asked))
            if len(rows) < 100:
                break
        return talk

    def _said(self, row: dict[str, Any]) -> Text:
        body = row["body"] or ""
        return Text(
            id=str(row["id"]),
            author=self._names.get(str(row["user_id"]), ""),
            ours=str(row["user_id"]) == self._hub,
            body=body,
            public=not row["private"],
            files=tuple(self._desk_files(row, body)),
        )

    def _desk_files(self, row: dict[str, Any], body: str) -> Iterator[str]:
        for file in row["attachments"]:
            yield _digest(_fetched(file["attachment_url"]))
        for url in _PICTURE.findall(body):
            yield _digest(_fetched(url.replace("&amp;", "&")))

    def _desk_names(self) -> dict[str, str]:
        found = [self._people.agent("GET", "agents/me"), self._people.robot_at_desk("GET", "agents/me")]
        return {str(agent["id"]): agent["contact"]["name"] for agent in found}

    # -- Jira

    def _jira(self) -> Iterator[Record]:
        for issue in self._people.issues():
            fields, key = issue["fields"], key_of("jira", issue)
            texts = [Text(DESCRIPTION, "", ours=True, body=fields["description"] or "", public=False)]
            for row in self._comments(key):
                ours = row["author"]["accountId"] == self._hub_in_jira
                texts.append(
                    Text(str(row["id"]), row["author"]["displayName"], ours, row["body"], public=False)
                )
            files = [
                self._people.jira.fetch(f"api/2/attachment/content/{f['id']}?redirect=false")
                for f in fields["attachment"]
            ]
            yield Record(
                tool="jira",
                key=key,
                subject=fields["summary"],
                tags=frozenset(fields["labels"]),
                done=fields["status"]["statusCategory"]["key"] == "done",
                trashed=False,
                version=fields["updated"],
                created=fields["created"],
                texts=tuple(texts),
                files=tuple(map(_digest, files)),
            )

    def _comments(self, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            asked = {"maxResults": 100, "startAt": len(found)}
            page = self._people.jira("GET", f"api/2/issue/{key}/comment", params=asked)
            found += page["comments"]
            if len(found) >= page["total"]:
                return found

    # -- GitLab

    def _gitlab(self) -> Iterator[Record]:
        for issue in self._people.gitlab_issues():
            key = key_of("gitlab", issue)
            texts = [Text(DESCRIPTION, "", ours=True, body=issue["description"] or "", public=False)]
            for row in self._notes(key):
                ours = row["author"]["username"].startswith("project_101_bot")
                texts.append(Text(str(row["id"]), row["author"]["name"], ours, row["body"], public=False))
            names = [name for text in texts for name in _UPLOAD.findall(text.body)]
            files = list(self._uploads(key, dict.fromkeys(names)))
            yield Record(
                tool="gitlab",
                key=key,
                subject=issue["title"],
                tags=frozenset(label for label in issue["labels"] if "::" not in label),
                done=issue["state"] == "closed",
                trashed=False,
                version=issue["updated_at"],
                created=issue["created_at"],
                texts=tuple(texts),
                files=tuple(map(_digest, files)),
            )

    def _uploads(self, key: str, names: Iterable[str]) -> Iterator[bytes]:
        """Yield the files that the texts of an issue show; a broken link shows none."""
        for name in names:
            try:
                yield self._people.project(key).fetch(f"uploads/{name}")
            except requests.HTTPError as error:
                if error.response.status_code != NOT_FOUND:
                    raise

    def _notes(self, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in range(1, 20):
            asked = {"per_page": 100, "page": page, "sort": "asc", "order_by": "created_at"}
            path = f"issues/{key.partition(':')[2]}/notes"
            found += (rows := self._people.project(key)("GET", path, params=asked))
            if len(rows) < 100:
                break
        return [note for note in found if not note["system"]]


def words(body: str, tool: str) -> str:
    """Return a text without its markup, as far as names and words are concerned."""
    if tool == "desk":
        return str(html.fragment_fromstring(body or "", create_parent="div").text_content())
    return re.sub(r"[\\*_\u2060]", "", body)


def _late(row: dict[str, Any]) -> str:
    return f"{row['fr_escalated']} {row['is_escalated']}"


def _fetched(url: str) -> bytes:
    answer = requests.get(url, timeout=30)
    answer.raise_for_status()
    return answer.content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
