"""Writes an issue's fields: creates it, edits it, tags it, links it.

Library methods would reload, search for names and look at application links first (jira-api 10.3), so
these are raw calls through its session.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from connectors.base import Snapshot, Stated, TicketDraft, WrittenTicket
from connectors.errors import Gone, Rejected, Uncertain, WireError
from connectors.jira import site_wire, translate, wire
from connectors.jira.bodies import body_of, version, wiki
from connectors.jira.client import Client
from connectors.jira.find import PROPERTY
from connectors.jira.paths import path
from connectors.jira.read import Reader
from connectors.jira.service import ServiceDesk, request_type
from connectors.jira.side import API, OWN_WORDS
from connectors.jira.workflow import Workflow
from mappings.ticket import Audience, Field, Ref, Unmapped, Value
from mappings.vocabulary import NOTHING, Native

_SUBJECT = 255
"""Characters that a summary may have, on one line (jira-api 3.3)."""
_LABEL = 255


class Writer:
    """Writes fields of one connection's issues."""

    def __init__(self, client: Client, reader: Reader, service: ServiceDesk) -> None:
        self._client, self._reader, self._service = client, reader, service
        self._workflow = Workflow(client, reader)

    def create(self, draft: TicketDraft) -> WrittenTicket:
        """Create the issue. The marker goes along as a property too, so that an edit cannot lose it."""
        if request_type(draft.place):
            return self._request(draft)
        body = self.body(draft, {})
        made = self._client.send(wire.Made, f"{version(body)}/issue", json=body)
        return self.settled(made.id, draft.values)

    def body(self, draft: TicketDraft, types: dict[str, dict[str, str]]) -> dict[str, Any]:
        """Return what creates an issue. `types` remembers the projects' first ordinary issue types."""
        self._fit(draft)
        body = self._body(draft.values, None)
        plain = self._client.side().cloud and self._has_long_text(body["fields"])
        _, text = body_of(self._client.side(), draft.message, draft.message.names, plain=plain)
        body["fields"] |= {
            "project": {"key": draft.place.key},
            "issuetype": body["fields"].get("issuetype") or self._kind(draft, types),
            "description": text,
        }
        return body | {"properties": [{"key": PROPERTY, "value": {"token": draft.token}}]}

    def settled(
        self, key: str, values: Mapping[Field, Value], issue: wire.Issue | None = None
    ) -> WrittenTicket:
        """Return what was created, in the status that was wanted. Nothing may look as if it had not been.

        `issue` is what was created, where it is known already.
        """
        try:
            issue = issue or self._reader.issue(key)
            status = values.get("status")
            if isinstance(status, StrEnum) and not self._workflow.means(issue.fields.status, status):
                try:
                    issue = self._workflow.move(key, status, issue)
                except WireError:  # the answer shows the status that it really has
                    issue = self._reader.issue(key)
            self._reader.looks.made(issue)
        except WireError as error:
            raise Uncertain(error.connection, error.call, f"created, but {error.text}") from None
        side = self._client.side()
        first, *_ = translate.messages(side, issue, ())  # nobody has commented on what was just created
        return replace(translate.written_ticket(side, issue), message_0=first.revision)

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
        """Edit the fields in one call, which takes all or none, then move the issue to its status."""
        key, looks = present.ref.key, self._reader.looks
        self._edit(key, self._body({name: v for name, v in values.items() if name != "assignee"}, present))
        if "assignee" in values:
            self._assign(key, values["assignee"])
        start = looks.issue(key) if values.keys() == {"status"} else None
        looks.forget(key)  # what was made is complete once its fields are written
        if (status := values.get("status")) is None:
            return self._reader.written(key)
        moved = self._workflow.move(key, self._known("status", status), start)
        return translate.written_ticket(self._client.side(), moved)

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        """Add and remove labels by Jira's own verbs, so that nobody else's are touched."""
        slugs = {_label(tag) for tag in remove}
        gone = [label for label in present.ticket.tags if label in remove or _label(label) in slugs]
        steps = _verbs(adds=sorted(map(_label, add)), removes=sorted(gone))
        self._edit(present.ref.key, {"fields": {}, "update": {"labels": steps} if steps else {}})
        return self._reader.written(present.ref.key)

    def link(self, key: str, other: Ref, url: str, title: str) -> bool:
        """Show another side as a remote link: the one true upsert that Jira has (jira-api 3.5)."""
        body = {
            "globalId": f"deskbridge:{other.connection}:{other.key}"[:255],
            "application": {"type": "org.deskbridge", "name": "deskbridge"},
            "relationship": other.connection,
            "object": {"url": url, "title": title[:255]},
        }
        self._client.http.call("POST", path(key, "remotelink"), idempotent=True, json=body)
        return True

    def _request(self, draft: TicketDraft) -> WrittenTicket:
        """Make a request, which its portal shows, then give it what a request type's form has no place for.

        Its marker stands in the description from the beginning, in the property a moment later.
        """
        self._fit(draft)
        rest = self._body({name: v for name, v in draft.values.items() if name != "assignee"}, None)
        text = wiki(self._client.side(), draft.message, draft.message.names)
        form = {"summary": rest["fields"].pop("summary", ""), "description": text}
        rest["fields"].pop("issuetype", None)  # the request type has one
        id = self._service.request(draft.place, form)
        rest["properties"] = [{"key": PROPERTY, "value": {"token": draft.token}}]
        with contextlib.suppress(WireError):  # the answer shows the fields that it really has
            self._client.http.call("PUT", path(id), idempotent=True, json=rest)
        if (who := draft.values.get("assignee")) is not None:
            with contextlib.suppress(WireError):
                self._assign(id, who)
        return self.settled(id, draft.values)

    def _assign(self, key: str, who: Value) -> None:
        """Give an issue to somebody by the call for it, which needs no screen that shows the field."""
        call = self._client.http.call
        call("PUT", path(key, "assignee"), idempotent=True, json=self._person(who) or {self._named(): None})

    def _person(self, who: Value) -> dict[str, str] | None:
        return {self._named(): who} if isinstance(who, str) else None

    def _named(self) -> str:
        return "accountId" if self._client.side().cloud else "name"

    def _has_long_text(self, fields: Mapping[str, Any]) -> bool:
        """Whether a custom field of several lines is among these: version 3 takes no words for it (3.4)."""
        custom = set(fields) & set(self._client.side().custom.values())
        return any(self._client.kinds()[id].custom.endswith(":textarea") for id in custom)

    def _fit(self, draft: TicketDraft) -> None:
        """Refuse a description that more would read than it is for."""
        if draft.message.audience is Audience.RESTRICTED:
            raise self._refusal("audience", "a text for fewer than staff is not written to Jira")
        if request_type(draft.place) and draft.message.audience is not Audience.CUSTOMER:
            raise self._refusal("audience", "the customer reads a request's description on the portal")

    def _edit(self, key: str, body: Mapping[str, Any]) -> None:
        if body["fields"] or body.get("update"):
            self._client.http.done("PUT", path(key), json=body)

    def _kind(self, draft: TicketDraft, types: dict[str, dict[str, str]]) -> dict[str, str]:
        """Return the issue type to create: the place's, else the project's first ordinary one."""
        if kind := draft.place.kind:
            return {"id": kind} if kind.isdecimal() else {"name": kind}
        if draft.place.key not in types:
            types[draft.place.key] = {"id": self._first_type(draft.place.key)}
        return types[draft.place.key]

    def _first_type(self, project: str) -> str:
        try:
            offered = self._client.get(
                site_wire.IssueTypes, f"{API}/issue/createmeta/{project}/issuetypes"
            ).types
        except Gone as error:  # the ticket is not gone, its place is wrong
            raise self._refusal("project", error.text) from None
        ordinary = [type.id for type in offered if type.level == 0 and not type.subtask]
        if not ordinary:
            raise self._refusal("type", f"project {project} has no issue type to create")
        return ordinary[0]

    def _body(self, values: Mapping[Field, Value], present: Stated | None) -> dict[str, Any]:
        """Return an edit's body; labels go by verbs, since the clocks' labels stand among the tags."""
        fields: dict[str, Any] = {}
        for field, value in values.items():
            if field not in ("status", "tags", "sla"):
                id, wanted = self._field(field, value, present)
                fields[id] = wanted
        adds, removes = self._labels(values, present)
        if present is None:
            return {"fields": fields | ({"labels": adds} if adds else {})}
        steps = _verbs(adds, removes)
        return {"fields": fields, "update": {"labels": steps} if steps else {}}

    def _field(self, field: Field, value: Value, present: Stated | None) -> tuple[str, Any]:
        custom = self._client.side().custom
        match field:
            case "subject":
                return "summary", _one_line(str(value))
            case "priority":
                return "priority", self._worded(field, value, present, "id")
            case "type":
                return "issuetype", self._worded(field, value, present, "id")
            case "assignee":
                return "assignee", self._person(value)
            case "due":
                return "duedate", translate.day(value) if isinstance(value, date) else None
            case "first_response_due" if field in custom:
                return custom[field], translate.moment(value) if isinstance(value, datetime) else None
            case "component" | "version" | "impact" | "urgency" | "rating" if field in custom:
                return custom[field], self._custom(field, value, present)
            case _:
                raise self._refusal(field, f"this connection holds no {field}")

    def _worded(self, field: Field, value: Value, present: Stated | None, by: str) -> dict[str, str] | None:
        return None if value is None else {by: self._word(field, value, present)}

    def _word(self, field: Field, value: Value, present: Stated | None) -> str:
        """Return the native word to write; one that already means the value is kept."""
        native = present.native.get(field) if present else None
        kept = Native(native) if isinstance(native, str) else None
        return self._client.side().lenses[field].put(self._known(field, value), kept)

    def _known(self, field: Field, value: Value) -> StrEnum:
        if isinstance(value, StrEnum) and field in self._client.side().lenses:
            return value
        word = value.native if isinstance(value, Unmapped) else value
        raise self._refusal(field, f"no vocabulary row for {field} {word!r}")

    def _custom(self, field: Field, value: Value, present: Stated | None) -> Any:
        """Return a value in the shape that the custom field takes (jira-api 3.4)."""
        id = self._client.side().custom[field]
        if (holds := self._client.kinds().get(id)) is None:
            raise self._refusal(field, f"the site has no field {id}")
        worded = field in OWN_WORDS and value is not None
        text = self._word(field, value, present) if worded else value
        if holds.type == "array":
            return [] if text is None else [self._shaped(field, holds.items, str(text))]
        return None if text is None else self._shaped(field, holds.type, str(text))

    def _shaped(self, field: Field, type: str, text: str) -> Any:
        match type:
            case "option":
                return {"value": text}
            case "component" | "version":
                return {"name": text}
            case "number":
                return self._number(field, text)
            case _:
                return text

    def _number(self, field: Field, text: str) -> float:
        with contextlib.suppress(ValueError):
            if math.isfinite(number := float(text)):
                return number
        raise self._refusal(field, f"{text!r} is no number")

    def _labels(self, values: Mapping[Field, Value], present: Stated | None) -> tuple[list[str], list[str]]:
        """Return the labels to add and to remove so that tags and clock labels are as wanted."""
        adds: list[str] = []
        removes: list[str] = []
        if isinstance(tags := values.get("tags"), frozenset):
            wanted, had = set(map(_label, tags)), frozenset(_tags(present))
            adds += sorted(wanted - had)
            removes += sorted(had - wanted)
        if (sla := values.get("sla")) is not None:
            shown = str(present.native.get("sla") or "").split() if present else []
            label = self._client.side().lenses["sla"].put(self._known("sla", sla), None)
            adds += [label] if label != NOTHING and label not in shown else []
            removes += [old for old in shown if old not in (label, NOTHING)]
        return adds, removes

    def _refusal(self, field: str, text: str) -> Rejected:
        return Rejected(self._client.http.connection, "write", text, {field: text})


def _tags(present: Stated | None) -> tuple[str, ...]:
    tags = present.native.get("tags") if present else None
    return tags if isinstance(tags, tuple) else ()


def _verbs(adds: list[str], removes: list[str]) -> list[dict[str, str]]:
    return [{"add": label} for label in adds] + [{"remove": label} for label in removes]


def _label(tag: str) -> str:
    """Return a tag as Jira's labels can be: without spaces (jira-api 11.12)."""
    return "-".join(tag.split())[:_LABEL]


def _one_line(text: str) -> str:
    """Return a text as a summary can be: one line without control characters, cut where Jira would refuse."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _SUBJECT else f"{line[: _SUBJECT - 1]}…"
