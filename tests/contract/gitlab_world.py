"""Developers in a GitLab project, and customers who write to a Service Desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from deskbridge.sandbox.run import Sandbox
from mappings.boards import STAFF, Place, Readers
from mappings.ticket import Audience, PersonRole, RelationKind
from tests.contract.sandbox_world import SandboxWorld
from tests.contract.world import Call, File, Said

_KIM = "kim@lantern.example"


class GitLabWorld(SandboxWorld):
    """A project in which Dana opens issues, read by staff alone."""

    system = "gitlab"
    opener = PersonRole.STAFF
    public = Audience.STAFF
    unknown = "101:9876543"
    keeps_trash = False
    wire = {  # noqa: RUF012 - worlds are not shared
        Call.READ: ("GET", r"/api/v4/projects/.*/issues/.*"),
        Call.CREATE: ("POST", r"/api/v4/projects/.*/issues"),
        Call.SET: ("PUT", r"/api/v4/projects/.*/issues/\d+"),
        Call.COMMENT: ("POST", r"/api/v4/projects/.*/issues/\d+/notes"),
        Call.FILE: ("POST", r"/api/v4/projects/.*/uploads"),
    }

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._api = f"{self.environment['GITLAB_URL']}/api/v4"
        self._dana = self.environment["GITLAB_DEV_TOKEN"]
        self._owner = sandbox.gitlab.secrets.owner  # only owners may delete (gitlab-api 1.1)
        self._project = self.project()
        self.config = self.configuration(
            url=self.environment["GITLAB_URL"],
            secret=self.environment["GITLAB_TOKEN"],
            projects=(self._project,),
        )
        self.place = Place(self.config.name, self._project, self.readers())
        self.nowhere = Place(self.config.name, "harbour/nowhere", STAFF)

    def project(self) -> str:
        """Return the path of the project that people work in."""
        return self.environment["GITLAB_PROJECT"]

    def readers(self) -> Readers:
        """Return who reads ordinary notes there."""
        return STAFF

    def opens(self, subject: str, text: str, picture: File | None = None, file: File | None = None) -> str:
        text = f"{text}\n\n{self._uploads(picture, file)}"
        made = self._call("POST", "issues", {"title": subject, "description": text})
        return f"{made['project_id']}:{made['iid']}"

    def copies(self, key: str) -> str:
        old = self._call("GET", _path(key))
        new = {"title": "Copy", "description": old["description"], "labels": ",".join(old["labels"])}
        made = self._call("POST", "issues", new)
        return f"{made['project_id']}:{made['iid']}"

    def answers(self, key: str, text: str, *, internal: bool = False) -> str:
        made = self._call("POST", f"{_path(key)}/notes", {"body": text, "internal": internal})
        return str(made["id"])

    def replies(self, key: str, text: str) -> str:
        return self.answers(key, text)

    def edits(self, key: str, id: str, text: str) -> None:
        self._call("PUT", f"{_path(key)}/notes/{id}", {"body": text})

    def renames(self, key: str, subject: str) -> None:
        self._call("PUT", _path(key), {"title": subject})

    def tags(self, key: str, tags: frozenset[str]) -> None:
        self._call("PUT", _path(key), {"labels": ",".join(sorted(tags))})

    def removes(self, key: str) -> None:
        headers = {"PRIVATE-TOKEN": self._owner}
        self.ask(
            "DELETE", f"{self._api}/projects/{quote(self._project, safe='')}/{_path(key)}", headers=headers
        )

    def books(self, key: str, minutes: int, note: str) -> None:
        spent = {"duration": f"{minutes}m", "summary": note}
        self._call("POST", f"{_path(key)}/add_spent_time", spent)

    def relates(self, key: str, other: str) -> RelationKind:
        project, _, iid = other.partition(":")
        self._call("POST", f"{_path(key)}/links", {"target_project_id": project, "target_issue_iid": iid})
        return RelationKind.RELATES_TO

    def invites(self, key: str) -> str:
        self.answers(key, "I read along.", internal=True)
        return str(self.ask("GET", f"{self._api}/user", headers={"PRIVATE-TOKEN": self._dana})["name"])

    def friend(self) -> str:
        return "ana@lantern.example"

    def colleague(self) -> str:
        return "dana"

    def staff(self) -> tuple[str, str]:
        rows = self._call("GET", "members/all")
        one, other = [str(row["username"]) for row in rows][:2]
        return one, other

    def stranger(self) -> str:
        return "no-such-user"

    def holder(self, key: str) -> str:
        return ",".join(str(user["id"]) for user in self._call("GET", _path(key))["assignees"])

    def paged(self, key: str) -> list[str]:
        """Whoever is mentioned has something to do: as each of them sees it."""
        told = []
        for token in (self._dana, self._owner):
            todos = self.ask("GET", f"{self._api}/todos?per_page=100", headers={"PRIVATE-TOKEN": token})
            me = self.ask("GET", f"{self._api}/user", headers={"PRIVATE-TOKEN": token})
            iid = int(key.partition(":")[2])
            told += [me["username"] for todo in todos if _mentions(todo, self._project, iid)]
        return told

    def groups(self, key: str) -> list[str]:
        raise AssertionError("no issue is given to a group")

    def rates(self, key: str, remark: str) -> None:
        raise AssertionError("issues are not rated")

    def resolves(self, key: str) -> None:
        self._call("PUT", _path(key), {"state_event": "close"})

    def archives(self, key: str) -> bool:
        return False

    def said(self, key: str) -> list[Said]:
        rows = self._call("GET", f"{_path(key)}/notes?sort=asc&per_page=100")
        return [Said(str(row["id"]), row["body"], row["internal"]) for row in rows if not row["system"]]

    def called(self, subject: str) -> int:
        rows = self._call("GET", "issues?scope=all&per_page=100&order_by=created_at&sort=desc")
        return sum(row["title"] == subject for row in rows)

    def status(self, key: str) -> str:
        return str(self._call("GET", _path(key))["state"])

    def opens_in_browser(self, url: str) -> bool:
        return self._http.get(url, timeout=10).ok

    def links(self, key: str) -> list[str]:
        return []

    def _uploads(self, *files: File | None) -> str:
        """Return the Markdown of files that were uploaded."""
        parts = [{"file": (f.name, f.content, f.content_type)} for f in files if f]
        return "\n\n".join(self._call("POST", "uploads", files=part)["markdown"] for part in parts)

    def _call(self, method: str, path: str, body: object = None, **request: Any) -> Any:
        headers = {"PRIVATE-TOKEN": self._dana}
        return self.ask(method, self._url(path), json=body, headers=headers, **request)

    def _url(self, path: str) -> str:
        return f"{self._api}/projects/{quote(self._project, safe='')}/{path}".rstrip("/")


class ServiceDeskWorld(GitLabWorld):
    """A project with a Service Desk, to which Kim writes mails and which answers her."""

    opener = PersonRole.CUSTOMER
    public = Audience.CUSTOMER
    unknown = "102:9876543"

    def project(self) -> str:
        return self.environment["GITLAB_PROJECT2"]

    def readers(self) -> Readers:
        return Readers("lantern")

    def opens(self, subject: str, text: str, picture: File | None = None, file: File | None = None) -> str:
        text = f"{text}\n\n{self._uploads(picture, file)}"
        mail = {"email": _KIM, "name": "Kim Park", "subject": subject, "text": text}
        made = self.act("service_desk_mail", project=self._project, **mail)
        return f"{self._call('GET', '')['id']}:{made['iid']}"

    def replies(self, key: str, text: str) -> str:
        iid = int(key.partition(":")[2])
        mail = {"email": _KIM, "text": text}
        return str(self.act("service_desk_reply", project=self._project, iid=iid, **mail)["id"])


def _mentions(todo: Mapping[str, Any], project: str, iid: int) -> bool:
    there = (todo["project"]["path_with_namespace"], todo["target"]["iid"])
    return todo["action_name"] in ("mentioned", "directly_addressed") and there == (project, iid)


def _path(key: str) -> str:
    return f"issues/{key.partition(':')[2]}"
