"""Developers in a Jira Software project: Dana, with her own token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from deskbridge.sandbox.run import Sandbox
from mappings.boards import STAFF, Place, Readers
from mappings.ticket import Audience, PersonRole, RelationKind
from mappings.vocabulary import Vocabularies
from tests.contract.sandbox_world import SandboxWorld
from tests.contract.world import Call, File, Said

_ADA, _IRIS = "ada@lantern.example", "iris@lantern.example"


class JiraWorld(SandboxWorld):
    """A project whose issues are read by staff alone, with one custom field, which holds the version."""

    system = "jira"
    opener = PersonRole.STAFF
    public = Audience.STAFF
    unknown = "9876543"
    keeps_trash = False
    search = "search/jql"
    wire = {  # noqa: RUF012 - worlds are not shared
        Call.READ: ("GET", r"/rest/api/\d/issue/.*"),
        Call.CREATE: ("POST", r"/rest/api/\d/issue(/bulk)?"),
        Call.SET: ("PUT", r"/rest/api/\d/issue/[^/]+"),
        Call.COMMENT: ("POST", r"/rest/api/\d/issue/[^/]+/comment"),
        Call.FILE: ("POST", r"/rest/api/\d/issue/[^/]+/attachments"),
    }

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._api = f"{self.environment['JIRA_URL']}/rest/api/2"
        self._project = self.environment["JIRA_PROJECT"]
        self._dana = self.signs_in("JIRA_DEV")
        self._admin = self.signs_in("JIRA")
        self.act("set_person", email="hub@harbour.example", site_admin=True)  # or no webhook can be made
        self.config = self.configuration(
            url=self.environment["JIRA_URL"],
            user=self.user(),
            secret=self.environment["JIRA_TOKEN"],
            projects=(self._project,),
            fields={"version": self._field("Product version")},
        )
        self.place = Place(self.config.name, self._project, STAFF)
        self.nowhere = Place(self.config.name, "NOWHERE", STAFF)

    def signs_in(self, who: str) -> AuthBase:
        """Return how one of the two published people signs in."""
        return HTTPBasicAuth(self.environment[f"{who}_EMAIL"], self.environment[f"{who}_TOKEN"])

    def user(self) -> str:
        """Return what the hub's connection says beside its token."""
        return self.environment["JIRA_EMAIL"]

    def opens(self, subject: str, text: str, picture: File | None = None, file: File | None = None) -> str:
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": "Task"},
            "summary": subject,
            "description": text,
        }
        key = str(self._call("POST", "issue", {"fields": fields})["id"])
        for attached in filter(None, (picture, file)):
            part = {"file": (attached.name, attached.content, attached.content_type)}
            self._call("POST", f"issue/{key}/attachments", files=part)
        if picture:
            self._call("PUT", f"issue/{key}", {"fields": {"description": f"{text}\n\n!{picture.name}!"}})
        return key

    def copies(self, key: str) -> str:
        old = self._call("GET", f"issue/{key}?properties=*all")
        same = {name: old["fields"][name] for name in ("project", "issuetype", "description", "labels")}
        properties = [{"key": name, "value": value} for name, value in old.get("properties", {}).items()]
        new = {"fields": {**same, "summary": "Copy"}, "properties": properties}
        return str(self._call("POST", "issue", new)["id"])

    def answers(self, key: str, text: str, *, internal: bool = False) -> str:
        return str(self._call("POST", f"issue/{key}/comment", {"body": text})["id"])

    def replies(self, key: str, text: str) -> str:
        return self.answers(key, text)

    def edits(self, key: str, id: str, text: str) -> None:
        self._call("PUT", f"issue/{key}/comment/{id}", {"body": text})

    def renames(self, key: str, subject: str) -> None:
        self._call("PUT", f"issue/{key}", {"fields": {"summary": subject}})

    def tags(self, key: str, tags: frozenset[str]) -> None:
        self._call("PUT", f"issue/{key}", {"fields": {"labels": sorted(tags)}})

    def removes(self, key: str) -> None:
        self.ask("DELETE", f"{self._api}/issue/{key}", auth=self._admin)

    def books(self, key: str, minutes: int, note: str) -> None:
        started = self.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        entry = {"timeSpentSeconds": minutes * 60, "comment": note, "started": started}
        self._call("POST", f"issue/{key}/worklog", entry)

    def relates(self, key: str, other: str) -> RelationKind:
        keys = {i: {"key": self._call("GET", f"issue/{i}?fields=status")["key"]} for i in (key, other)}
        link = {"type": {"name": "Blocks"}, "inwardIssue": keys[key], "outwardIssue": keys[other]}
        self._call("POST", "issueLink", link)
        return RelationKind.BLOCKS

    def invites(self, key: str) -> str:
        me = self._call("GET", "myself")
        self._call("POST", f"issue/{key}/watchers", me.get("accountId") or me["name"])
        return str(me["displayName"])

    def friend(self) -> str:
        return ""

    def colleague(self) -> str:
        me = self._call("GET", "myself")
        return str(me.get("accountId") or me["name"])

    def staff(self) -> tuple[str, str]:
        found = self._call("GET", f"user/assignable/search?project={self._project}")
        one, other = [str(user.get("accountId") or user["name"]) for user in found][:2]
        return one, other

    def stranger(self) -> str:
        return "712020:no-such-account"

    def holder(self, key: str) -> str:
        there = self._call("GET", f"issue/{key}?fields=assignee")["fields"]["assignee"] or {}
        return str(there.get("accountId") or there.get("key") or "")

    def paged(self, key: str) -> list[str]:
        url = f"{self._api.removesuffix('2')}3/issue/{key}/comment?maxResults=100"
        bodies = [row["body"] for row in self.ask("GET", url, auth=self._dana)["comments"]]
        return [str(node["attrs"]["id"]) for node in _nodes(bodies) if node["type"] == "mention"]

    def groups(self, key: str) -> list[str]:
        raise AssertionError("no issue is given to a group")

    def rates(self, key: str, remark: str) -> None:
        raise AssertionError("issues of a Software project are not rated")

    def resolves(self, key: str) -> None:
        moves = self._call("GET", f"issue/{key}/transitions")["transitions"]
        done = next(m["id"] for m in moves if m["to"]["statusCategory"]["key"] == "done")
        self._call("POST", f"issue/{key}/transitions", {"transition": {"id": done}})

    def archives(self, key: str) -> bool:
        return False

    def said(self, key: str) -> list[Said]:
        rows = self._call("GET", f"issue/{key}/comment?maxResults=100")["comments"]
        return [Said(row["id"], row["body"], internal=False) for row in rows]

    def called(self, subject: str) -> int:
        self.wait(60)  # the index needs its time
        query = {"jql": f'project = {self._project} AND summary ~ "\\"{subject}\\""', "fields": ["summary"]}
        issues = self._call("POST", self.search, query)["issues"]
        return sum(issue["fields"]["summary"] == subject for issue in issues)

    def status(self, key: str) -> str:
        return str(self._call("GET", f"issue/{key}?fields=status")["fields"]["status"]["id"])

    def opens_in_browser(self, url: str) -> bool:
        key = url.removeprefix(f"{self.config.url}/browse/")
        return bool(self._call("GET", f"issue/{key}")) and self._http.get(url, timeout=10).ok

    def links(self, key: str) -> list[str]:
        return [link["object"]["url"] for link in self._call("GET", f"issue/{key}/remotelink")]

    def _field(self, name: str) -> str:
        return next(str(field["id"]) for field in self._call("GET", "field") if field["name"] == name)

    def _call(self, method: str, path: str, body: object = None, **request: Any) -> Any:
        headers = {"X-Atlassian-Token": "no-check"}
        url = f"{self._api}/{path}"
        return self.ask(method, url, json=body, auth=self._dana, headers=headers, **request)


class Bearer(AuthBase):
    """A personal access token, as Data Center takes it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class JiraDataCenterWorld(JiraWorld):
    """The same project on Data Center: personal access tokens, people by name, the old search."""

    search = "search"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.act("set_switch", name="dc_webhook_identity", value=True)  # version 10, which signs

    def signs_in(self, who: str) -> AuthBase:
        return Bearer(self.environment[f"{who}_TOKEN"])

    def user(self) -> str:
        return ""

    def paged(self, key: str) -> list[str]:
        """Data Center keeps wiki markup, and reads a name behind a tilde in it."""
        return [name for said in self.said(key) for name in re.findall(r"(?<!\\)\[~([\w.-]+)\]", said.text)]


class JiraServiceWorld(JiraWorld):
    """A service project: Ada raises requests at its portal, Dana answers them as an agent."""

    opener = PersonRole.CUSTOMER
    public = Audience.CUSTOMER
    described = Audience.CUSTOMER

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.wire = {
            **self.wire,
            Call.CREATE: ("POST", "/rest/servicedeskapi/request"),
            Call.COMMENT: ("POST", r"/rest/(api/\d/issue|servicedeskapi/request)/[^/]+/(comment|attachment)"),
        }
        self._project, self._desk = "HELP", f"{self.environment['JIRA_URL']}/rest/servicedeskapi"
        for email in (self.environment["JIRA_EMAIL"], self.environment["JIRA_DEV_EMAIL"]):
            self.act("set_person", email=email, agent=True)
        # Jira's own workflow asks for a resolution on a screen, and nothing leads back from Canceled.
        self.act("set_workflow", preset="simplified", project="HELP")
        types = self._served("GET", "servicedesk/HELP/requesttype")["values"]
        self._type = next(type["id"] for type in types if type["name"] == "Get help")
        # A request's type is its request type's: nobody may give it another one.
        lenses = self.config.vocabularies
        words: Vocabularies = {name: lens for name, lens in lenses.items() if name != "type"}
        self.config = replace(self.config, projects=("HELP",), vocabularies=words)
        self.place = Place(self.config.name, "HELP", Readers("lantern"), f"request:{self._type}")
        self.nowhere = replace(self.place, key="NOWHERE", kind="")

    def opens(self, subject: str, text: str, picture: File | None = None, file: File | None = None) -> str:
        if not (picture or file):
            raised = {"email": _ADA, "request_type": "Get help", "summary": subject, "description": text}
            return str(self.act("customer_request", **raised)["id"])
        # A colleague who asks for something is the customer of their own request.
        shown = f"{text}\n\n!{picture.name}!" if picture else text
        asked = {"summary": subject, "description": shown}
        body = {"serviceDeskId": self._desk_id(), "requestTypeId": self._type, "requestFieldValues": asked}
        key = str(self._served("POST", "request", body)["issueId"])
        for attached in filter(None, (picture, file)):
            part = {"file": (attached.name, attached.content, attached.content_type)}
            self._call("POST", f"issue/{key}/attachments", files=part)
        return key

    def answers(self, key: str, text: str, *, internal: bool = False) -> str:
        hidden = [{"key": "sd.public.comment", "value": {"internal": True}}]
        body = {"body": text, "properties": hidden} if internal else {"body": text}
        return str(self._call("POST", f"issue/{key}/comment", body)["id"])

    def replies(self, key: str, text: str) -> str:
        said = self.act("customer_comment", email=_ADA, key=self._named(key), text=text)
        return str(said["id"])

    def invites(self, key: str) -> str:
        me = self._call("GET", "myself")
        self._served("POST", f"request/{key}/participant", {"accountIds": [me["accountId"]]})
        return str(me["displayName"])

    def friend(self) -> str:
        found = self.ask("GET", f"{self._api}/user/search", params={"query": _IRIS}, auth=self._admin)
        return str(found[0]["accountId"])

    def rates(self, key: str, remark: str) -> None:
        self.act("customer_rate", email=_ADA, key=self._named(key), rating=5, comment=remark)

    def said(self, key: str) -> list[Said]:
        rows = self._call("GET", f"issue/{key}/comment?maxResults=100")["comments"]
        return [Said(row["id"], row["body"], internal=not row["jsdPublic"]) for row in rows]

    def _named(self, key: str) -> str:
        return str(self._call("GET", f"issue/{key}?fields=status")["key"])

    def _desk_id(self) -> str:
        return str(self._served("GET", "servicedesk/HELP")["id"])

    def _served(self, method: str, path: str, body: object = None) -> Any:
        return self.ask(method, f"{self._desk}/{path}", json=body, auth=self._dana)


def _nodes(found: Any) -> Iterator[Any]:
    """Yield every node of documents."""
    if isinstance(found, dict):
        yield found
        found = found.get("content", [])
    for child in found:
        yield from _nodes(child)
