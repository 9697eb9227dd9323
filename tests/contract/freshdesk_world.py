"""Customers and agents in Freshdesk: mails from outside, the API with Sam's own key inside."""

from __future__ import annotations

import base64
import re
from typing import Any

from deskbridge.sandbox.run import Sandbox
from mappings.boards import Place, Readers
from mappings.ticket import Audience, PersonRole, RelationKind
from tests.contract.sandbox_world import SandboxWorld
from tests.contract.world import Call, File, Said

_KIM = "kim@lantern.example"


class FreshdeskWorld(SandboxWorld):
    """An account with one custom field, which holds the component."""

    system = "freshdesk"
    opener = PersonRole.CUSTOMER
    public = Audience.CUSTOMER
    unknown = "9876543"
    keeps_trash = True
    wire = {  # noqa: RUF012 - worlds are not shared
        Call.READ: ("GET", "/api/v2/.*"),
        Call.CREATE: ("POST", "/api/v2/tickets"),
        Call.SET: ("PUT", r"/api/v2/tickets/\d+"),
        Call.COMMENT: ("POST", r"/api/v2/tickets/\d+/(notes|reply)"),
    }

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._api = f"{self.environment['FRESHDESK_URL']}/api/v2"
        self._sam = (self.environment["FRESHDESK_AGENT_API_KEY"], "X")
        self.config = self.configuration(
            url=self.environment["FRESHDESK_URL"],
            secret=self.environment["FRESHDESK_API_KEY"],
            fields={"component": self._custom_field("Component")},
        )
        self.place = Place(self.config.name, "", Readers("lantern"))
        self.nowhere = Place(self.config.name, "", Readers("lantern"), kind="No such type")

    def opens(self, subject: str, text: str, picture: File | None = None, file: File | None = None) -> str:
        html, files = f"<p>{text}</p>", []
        if picture:
            html += '<p><img src="cid:one"></p>'
            files.append(_mailed(picture) | {"inline_cid": "one"})
        if file:
            files.append(_mailed(file))
        made = self.act("customer_mail", email=_KIM, subject=subject, html=html, attachments=files)
        return str(made["ticket"])

    def copies(self, key: str) -> str:
        old = self._call("GET", f"tickets/{key}")
        new = {"subject": "Copy", "description": old["description"], "tags": old["tags"], "email": _KIM}
        return str(self._call("POST", "tickets", {**new, "status": 2, "priority": 1})["id"])

    def answers(self, key: str, text: str, *, internal: bool = False) -> str:
        path, extra = ("notes", {"private": True}) if internal else ("reply", {})
        return str(self._call("POST", f"tickets/{key}/{path}", {"body": f"<p>{text}</p>", **extra})["id"])

    def replies(self, key: str, text: str) -> str:
        made = self.act("customer_reply", ticket=int(key), email=_KIM, html=f"<p>{text}</p>")
        return str(made["conversation"])

    def edits(self, key: str, id: str, text: str) -> None:
        self._call("PUT", f"conversations/{id}", {"body": f"<p>{text}</p>"})

    def renames(self, key: str, subject: str) -> None:
        self._call("PUT", f"tickets/{key}", {"subject": subject})

    def tags(self, key: str, tags: frozenset[str]) -> None:
        self._call("PUT", f"tickets/{key}", {"tags": sorted(tags)})

    def removes(self, key: str) -> None:
        self._call("DELETE", f"tickets/{key}")

    def books(self, key: str, minutes: int, note: str) -> None:
        spent = f"{minutes // 60:02}:{minutes % 60:02}"
        self._call("POST", f"tickets/{key}/time_entries", {"time_spent": spent, "note": note})

    def relates(self, key: str, other: str) -> RelationKind:
        self._call("PUT", f"tickets/{other}", {"parent_id": int(key)})
        return RelationKind.PARENT_OF

    def invites(self, key: str) -> str:
        agent = self._call("GET", "agents/me")
        self._call("POST", f"tickets/{key}/watch", {"user_id": agent["id"]})
        return str(agent["contact"]["email"])

    def friend(self) -> str:
        return ""

    def colleague(self) -> str:
        return ""

    def staff(self) -> tuple[str, str]:
        rows = self.ask("GET", f"{self._api}/agents", auth=(self.config.secret, "X"))
        one, other = [row["contact"]["email"] for row in rows if row["contact"]["email"]][:2]
        return one, other

    def stranger(self) -> str:
        return "nobody@harbour.example"

    def holder(self, key: str) -> str:
        return str(self._call("GET", f"tickets/{key}")["responder_id"] or "")

    def paged(self, key: str) -> list[str]:
        """Whoever a note on this ticket was mailed to."""
        start = f"Note on [#{key}] "
        mails = self.control("GET", "outbox")
        return [m["to"] for m in mails if m["system"] == "freshdesk" and m["subject"].startswith(start)]

    def groups(self, key: str) -> list[str]:
        admin = (self.config.secret, "X")
        agents = self.ask("GET", f"{self._api}/agents", auth=admin)
        body = {"name": f"Group of {key}", "agent_ids": [agent["id"] for agent in agents]}
        made = self.ask("POST", f"{self._api}/groups", auth=admin, json=body)
        self._call("PUT", f"tickets/{key}", {"group_id": made["id"]})
        me = self.ask("GET", f"{self._api}/agents/me", auth=admin)["id"]
        return [agent["contact"]["email"] for agent in agents if agent["id"] != me]

    def rates(self, key: str, remark: str) -> None:
        rating = {"ratings": {"default_question": 103}, "feedback": remark}
        self._call("POST", f"tickets/{key}/satisfaction_ratings", rating)

    def resolves(self, key: str) -> None:
        self._call("PUT", f"tickets/{key}", {"status": 4})

    def archives(self, key: str) -> bool:
        self._call("PUT", f"tickets/{key}", {"status": 5})
        self.wait(121 * 24 * 3600)
        return True

    def said(self, key: str) -> list[Said]:
        rows = self._call("GET", f"tickets/{key}/conversations?per_page=100")
        return [Said(str(row["id"]), row["body_text"], row["private"]) for row in rows]

    def called(self, subject: str) -> int:
        rows = self._call("GET", "tickets?per_page=100&updated_since=2000-01-01&order_by=updated_at")
        return sum(row["subject"] == subject for row in rows)

    def status(self, key: str) -> str:
        return str(self._call("GET", f"tickets/{key}")["status"])

    def opens_in_browser(self, url: str) -> bool:
        found = re.fullmatch(re.escape(self.config.url) + r"/a/tickets/(\d+)", url)
        return found is not None and self._http.get(url, timeout=10).ok

    def links(self, key: str) -> list[str]:
        return []

    def _custom_field(self, label: str) -> str:
        fields = self._call("GET", "ticket_fields")
        known = {field["label"]: field["name"] for field in fields}
        return str(known.get(label) or self.act("add_field", label=label)["name"])

    def _call(self, method: str, path: str, body: object = None) -> Any:
        return self.ask(method, f"{self._api}/{path}", json=body, auth=self._sam)


def _mailed(file: File) -> dict[str, str]:
    return {
        "name": file.name,
        "content_type": file.content_type,
        "content_base64": base64.b64encode(file.content).decode(),
    }
