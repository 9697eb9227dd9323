"""What must be true after the demo, read back from the tools as their own users see them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from lxml import html

from deskbridge.demo.morning import Due, Said, Story
from deskbridge.demo.people import People

HUB_ACCOUNTS = ("hub@harbour.example", "project_101_bot")
"""What the sandbox calls the hub's own accounts, whatever comes after it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be true, and what is wrong where it is not."""

    name: str
    faults: tuple[str, ...]
    found: str = ""
    """What was counted, for the summary."""


@dataclass(frozen=True)
class Tools:
    """Everything that stands in the three tools, as their users read it."""

    tickets: Mapping[str, dict[str, Any]]
    """Side -> subject -> the tool's own record of the ticket."""
    texts: Mapping[str, dict[str, list[str]]]
    """Side -> subject -> every text of the ticket, the description first."""
    public: Mapping[str, list[str]]
    """Subject -> the texts that the customer can read in Freshdesk."""
    files: Mapping[str, dict[str, list[bytes]]]
    mails: list[dict[str, Any]]

    def counts(self, side: str) -> tuple[int, int, int]:
        """Return how many tickets, texts and files stand on a side."""
        return (
            len(self.tickets[side]),
            sum(map(len, self.texts[side].values())),
            sum(map(len, self.files[side].values())),
        )


def read(people: People, story: Story) -> Tools:
    """Return what now stands in the tools."""
    desk, public = _desk(people, story)
    jira, gitlab = _jira(people), _gitlab(people)
    sides = {"freshdesk": desk, "jira": jira, "gitlab": gitlab}
    return Tools(
        tickets={side: {s: r for s, (r, _, _) in found.items()} for side, found in sides.items()},
        texts={side: {s: t for s, (_, t, _) in found.items()} for side, found in sides.items()},
        public=public,
        files={side: {s: f for s, (_, _, f) in found.items()} for side, found in sides.items()},
        mails=people.outbox(),
    )


def checks(tools: Tools, story: Story, *, plan_is_empty: bool, parked: Iterable[str]) -> list[Check]:
    """Return every check of the demo; it went well if none has faults."""
    return [
        Check("every ticket is where the routes send it", tuple(_routed(tools, story))),
        Check("every text is on every side, once", tuple(_once(tools, story)), f"{len(story.said)} texts"),
        Check("every file arrived unchanged", tuple(_files(tools, story)), f"{len(story.files)} files"),
        Check("private stayed private", tuple(_private(tools, story))),
        Check("clocks are due when they should be", tuple(_due(tools, story)), f"{len(story.dues)} tickets"),
        Check("foreign text executed nothing", tuple(_inert(tools, story))),
        Check("the hub mailed no customer", tuple(_mails(tools))),
        Check("what cannot be placed is parked, visibly", tuple(_parked(parked))),
        Check("a second plan is empty", () if plan_is_empty else ("the plan still has writes",)),
    ]


def _routed(tools: Tools, story: Story) -> Iterator[str]:
    for side in ("jira", "gitlab"):
        wanted = {subject for subject, sides in story.routed.items() if side in sides}
        for subject in sorted(wanted ^ set(tools.tickets[side])):
            yield f"{side}: {'missing' if subject in wanted else 'not wanted'}: {subject}"


def _once(tools: Tools, story: Story) -> Iterator[str]:
    for said in story.said:
        for side in sorted(said.sides):
            found = sum(said.phrase in text for text in tools.texts[side].get(said.subject, []))
            if found != 1:
                yield f"{side}: {said.subject}: {said.phrase!r} is there {found} times"


def _files(tools: Tools, story: Story) -> Iterator[str]:
    for subject, side, content in story.files:
        found = [f for f in tools.files[side].get(subject, []) if _hash(f) == _hash(content)]
        if len(found) != 1:
            yield f"{side}: {subject}: a file of {len(content)} bytes is there {len(found)} times"


def _private(tools: Tools, story: Story) -> Iterator[str]:
    for said in story.said:
        if said.private:
            yield from _leaks(tools, said)


def _leaks(tools: Tools, said: Said) -> Iterator[str]:
    for subject, texts in tools.public.items():
        if any(said.phrase in text for text in texts):
            yield f"{subject}: the customer reads {said.phrase!r}"
    for mail in tools.mails:
        if mail["customer"] and said.phrase in f"{mail['subject']} {mail['text']}":
            yield f"{mail['to']} was mailed {said.phrase!r}"


def _due(tools: Tools, story: Story) -> Iterator[str]:
    for subject, due in story.dues.items():
        ticket = tools.tickets["freshdesk"].get(subject, {})
        shown = (ticket.get("fr_due_by"), ticket.get("due_by"))
        wanted = (_stamp(due.first_response), _stamp(due.update))
        if shown != wanted:
            yield f"freshdesk: {subject}: due {shown} instead of {wanted}"
        for side in sorted(story.routed.get(subject, ())):
            yield from _due_on(tools, side, subject, due)


def _due_on(tools: Tools, side: str, subject: str, due: Due) -> Iterator[str]:
    ticket = tools.tickets[side].get(subject, {})
    fields = ticket.get("fields", ticket)
    if fields.get("due_date", fields.get("duedate")) != due.day:
        yield f"{side}: {subject}: due {fields.get('due_date', fields.get('duedate'))} instead of {due.day}"
    breached = any("breached" in label for label in fields.get("labels", []))
    if breached != (due.state == "breached"):
        yield f"{side}: {subject}: {'shown' if breached else 'not shown'} as breached"


def _inert(tools: Tools, story: Story) -> Iterator[str]:
    for subject, issue in tools.tickets["gitlab"].items():
        closed = issue["state"] != "opened"
        if closed and subject not in story.closed:
            yield f"gitlab: {subject} was closed by a text"
        if "bug" in issue["labels"]:
            yield f"gitlab: {subject} was labelled by a text"


def _mails(tools: Tools) -> Iterator[str]:
    for mail in tools.mails:
        if mail["customer"] and mail["actor"].startswith(HUB_ACCOUNTS):
            yield f"{mail['system']} mailed {mail['to']} for the hub: {mail['subject']}"


def _parked(parked: Iterable[str]) -> Iterator[str]:
    reasons = list(parked)
    if len(reasons) != 1 or "no customer is known" not in reasons[0]:
        yield f"parked: {reasons or 'nothing'}"


# -- reading


Found = dict[str, tuple[dict[str, Any], list[str], list[bytes]]]


def _desk(people: People, story: Story) -> tuple[Found, dict[str, list[str]]]:
    found: Found = {}
    public: dict[str, list[str]] = {}
    for subject, number in story.tickets.items():
        ticket = people.agent("GET", f"tickets/{number}")
        talk = people.agent("GET", f"tickets/{number}/conversations", params={"per_page": 100})
        texts = [_plain(ticket["description"]), *(_plain(c["body"]) for c in talk)]
        files = [_fetch(f["attachment_url"]) for m in (ticket, *talk) for f in m["attachments"]]
        found[subject] = (ticket, texts, files)
        public[subject] = [texts[0], *(_plain(c["body"]) for c in talk if not c["private"])]
    return found, public


def _jira(people: People) -> Found:
    query = {"jql": "project = SUP", "fields": ["*all"], "maxResults": 100}
    found: Found = {}
    for issue in people.jira("POST", "api/2/search/jql", json=query)["issues"]:
        talk = people.jira("GET", f"api/2/issue/{issue['id']}/comment")["comments"]
        texts = [issue["fields"]["description"] or "", *(c["body"] for c in talk)]
        files = [people.fetch_from_jira(f["content"]) for f in issue["fields"]["attachment"]]
        found[issue["fields"]["summary"]] = (issue, [_unescaped(t) for t in texts], files)
    return found


def _gitlab(people: People) -> Found:
    found: Found = {}
    for issue in people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100}):
        notes = people.gitlab("GET", f"issues/{issue['iid']}/notes", params={"per_page": 100})
        texts = [issue["description"] or "", *(n["body"] for n in notes if not n["system"])]
        files = [people.fetch_from_gitlab(path) for text in texts for path in _uploads(text)]
        found[issue["title"]] = (issue, [_unescaped(t) for t in texts], files)
    return found


def _plain(text: str | None) -> str:
    return str(html.fragment_fromstring(text or "", create_parent="div").text_content())


def _unescaped(text: str) -> str:
    return text.replace("\\", "").replace("*", "").replace("\u2060", "").replace("_", "")


def _uploads(text: str) -> list[str]:
    parts = text.split("(/uploads/")[1:] + text.split("(</uploads/")[1:]
    return [part.split(")")[0].rstrip(">") for part in parts]


def _fetch(url: str) -> bytes:
    answer = requests.get(url, timeout=30)
    answer.raise_for_status()
    return answer.content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
