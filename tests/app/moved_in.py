"""What stands in Jira after a migration, read as its users read it, with nothing that a server chose."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deskbridge.demo.people import People

MIGRATION = """
[migration]
to = "support-development"
"""
_TOKEN = re.compile(r"#?db1\.[a-z0-9.]+")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_NUMBER = re.compile(r"desk-(\d+)")
_ISSUE = re.compile(r"/browse/(SUP-\d+)")
_FILE = re.compile(r"attachment/content/\d+|\b\d{5,}\b")


def issues(people: People, *fields: str) -> Iterator[dict[str, Any]]:
    """Yield every issue of the project, whole, or some fields of it."""
    page: dict[str, Any] = {}
    while not page or page.get("nextPageToken"):
        query = {"jql": "project = SUP ORDER BY key", "fields": fields or ["*all"], "maxResults": 100}
        token = {"nextPageToken": page["nextPageToken"]} if page else {}
        page = people.jira("POST", "api/2/search/jql", json=query | token)
        yield from page["issues"]


def comments(people: People, key: str) -> list[dict[str, Any]]:
    """Return the comments on an issue, in their order."""
    found: list[dict[str, Any]] = people.jira("GET", f"api/2/issue/{key}/comment?maxResults=1000")["comments"]
    return found


def number_of(issue: Mapping[str, Any]) -> str:
    """Return the ticket's old number, by the label that a person would search for."""
    (label,) = [label for label in issue["fields"]["labels"] if _NUMBER.fullmatch(label)]
    return str(label).removeprefix("desk-")


def picture(people: People) -> dict[str, str]:
    """Return old number -> all that stands there. Fails if two issues stand for one ticket."""
    found: dict[str, str] = {}
    for number, said in pictures(people):
        assert number not in found, f"two issues stand for ticket {number}"
        found[number] = said
    return found


def pictures(people: People) -> Iterator[tuple[str, str]]:
    """Yield (old number, all that stands there) of each issue; what the server chose is left out.

    Files are told by their digest, issues that a text leads to by their old numbers.
    """
    numbers = {str(issue["key"]): number_of(issue) for issue in issues(people, "labels")}
    for issue in issues(people):
        fields = issue["fields"]
        said = {
            "summary": fields["summary"],
            "status": fields["status"]["name"],
            "priority": fields["priority"]["name"],
            "type": fields["issuetype"]["name"],
            "labels": sorted(fields["labels"]),
            "description": _plain(fields["description"] or "", numbers),
            "comments": [_plain(text["body"], numbers) for text in _comments(people, issue)],
            "files": sorted(_file(people, file) for file in fields["attachment"]),
        }
        yield number_of(issue), json.dumps(said, sort_keys=True, indent=1)


def _comments(people: People, issue: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the comments on an issue; within one only the latest few stand, which mostly are all."""
    told = issue["fields"]["comment"]
    there: list[dict[str, Any]] = told["comments"]
    return there if len(there) == told["total"] else comments(people, issue["key"])


def _plain(text: str, numbers: Mapping[str, str]) -> str:
    named = _ISSUE.sub(lambda found: f"/browse/{numbers.get(found[1], 'another')}", text)
    return _FILE.sub("N", _ADDRESS.sub("", _TOKEN.sub("", named)))


def _file(people: People, file: Mapping[str, Any]) -> str:
    content = hashlib.sha256(people.fetch_from_jira(file["content"])).hexdigest()
    return f"{file['filename']} {file['size']} {content}"
