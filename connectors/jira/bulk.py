"""Creates many issues at once. Only its place in the list ties an answer to its issue (jira-api 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from connectors.base import TicketDraft, WrittenTicket
from connectors.errors import Rejected, Uncertain, WireError
from connectors.jira import service_wire, wire
from connectors.jira.abilities import BULK
from connectors.jira.answers import refusal
from connectors.jira.bodies import version
from connectors.jira.client import Client
from connectors.jira.looks import fetched
from connectors.jira.read import Reader
from connectors.jira.service import request_type
from connectors.jira.side import API, TEXTS
from connectors.jira.write import Writer

_CALL = "issue/bulk"

Answer = WrittenTicket | WireError


class _Created(wire.Payload):
    """What a bulk create answers; the issues are those that were created, in order."""

    issues: wire.Many[wire.Made] = Field([])
    errors: wire.Many[service_wire.BulkError] = Field([])


class Bulk:
    """Creates issues of one connection, fifty a call."""

    def __init__(self, client: Client, reader: Reader, writer: Writer) -> None:
        self._client, self._reader, self._writer = client, reader, writer

    def create(self, drafts: Sequence[TicketDraft]) -> list[Answer]:
        """Create all; the answer to each, in order. Requests of a portal have no bulk create."""
        answers: dict[int, Answer] = {}
        bodies: dict[int, dict[str, Any]] = {}
        types: dict[str, dict[str, str]] = {}
        for n, draft in enumerate(drafts):
            if request_type(draft.place):
                answers[n] = self._alone(draft)
                continue
            try:
                bodies[n] = self._writer.body(draft, types)
            except WireError as error:
                answers[n] = error
        for api in (TEXTS, API):
            numbers = [n for n, body in bodies.items() if version(body) == api]
            for start in range(0, len(numbers), BULK):
                answers |= self._send(api, numbers[start : start + BULK], bodies, drafts)
        return [answers[n] for n in range(len(drafts))]

    def _send(
        self, api: str, numbers: Sequence[int], bodies: Mapping[int, Any], drafts: Sequence[TicketDraft]
    ) -> dict[int, Answer]:
        body = {"issueUpdates": [bodies[n] for n in numbers]}
        try:
            created = self._client.send(_Created, f"{api}/{_CALL}", json=body)
        except Rejected as error:
            each = self._each(error, len(numbers))
            return {n: each.get(i) or self._alone(drafts[n]) for i, n in enumerate(numbers)}
        except WireError as error:
            return dict.fromkeys(numbers, error)
        refused = {error.index: self._refusal(error) for error in created.errors}
        made = [n for i, n in enumerate(numbers) if i not in refused]
        if len(made) != len(created.issues):
            text = f"{len(created.issues)} created and {len(refused)} refused of {len(numbers)}"
            return dict.fromkeys(numbers, Uncertain(self._client.http.connection, f"POST {_CALL}", text))
        ids = {n: issue.id for n, issue in zip(made, created.issues, strict=True)}
        settled = self._settle(ids, drafts)
        return {n: settled.get(n) or refused[i] for i, n in enumerate(numbers)}

    def _settle(self, ids: Mapping[int, str], drafts: Sequence[TicketDraft]) -> dict[int, Answer]:
        known = self._fetch(list(ids.values()))
        settled: dict[int, Answer] = {}
        for n, id in ids.items():
            try:
                settled[n] = self._writer.settled(id, drafts[n].values, known.get(id))
            except WireError as error:
                settled[n] = error
        return settled

    def _fetch(self, ids: Sequence[str]) -> Mapping[str, wire.Issue]:
        """Return what was created, in one call where there is one for that; what lacks is read singly."""
        if not ids or not self._client.site().cloud:
            return {}
        try:
            return fetched(self._client, ids, self._reader.fields())
        except WireError:
            return {}

    def _each(self, error: Rejected, count: int) -> dict[int, Rejected]:
        """Return what is wrong with each issue, where all were refused; nothing if the call itself was."""
        found: dict[int, dict[str, str]] = {}
        for name, text in error.fields.items():
            number, _, field = name.partition(".")
            if number.isdecimal() and int(number) < count:
                found.setdefault(int(number), {})[field] = text
        return {n: self._rejected(texts) for n, texts in found.items()}

    def _refusal(self, error: service_wire.BulkError) -> Rejected:
        text, told = refusal(error.errors, self._client.names)
        show = self._client.http.shown
        text, fields = show(text), {show(field): show(words) for field, words in told.items()}
        return self._rejected({**fields, "": text or "refused"})

    def _rejected(self, texts: Mapping[str, str]) -> Rejected:
        fields = {field: text for field, text in texts.items() if field}
        text = texts.get("") or "; ".join(f"{f}: {t}" for f, t in fields.items())
        return Rejected(self._client.http.connection, f"POST {_CALL}", text, fields)

    def _alone(self, draft: TicketDraft) -> Answer:
        try:
            return self._writer.create(draft)
        except WireError as error:
            return error
