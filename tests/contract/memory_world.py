"""People on a desk in memory."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.base import ConnectionConfig, Connector
from connectors.capabilities import FilePlace
from connectors.memory import Fault, Memory, MemoryDesk
from connectors.quota import LocalBudget
from mappings.boards import STAFF, Place
from mappings.ticket import MESSAGE_0, Audience, Mood, Person, PersonRole, Relation, RelationKind
from mappings.vocabulary import vocabularies
from tests.contract.world import Break, Call, File, Said

_METHODS = {
    Call.READ: ("fetch", "changed", "find_created", "whoami", "open_file", "problems", "organisations"),
    Call.CREATE: ("create", "create_many"),
    Call.SET: ("set_fields",),
    Call.COMMENT: ("add_comment",),
    Call.FILE: ("add_file",),
}
_FAULTS = {
    Break.RESET: Fault.RESET,
    Break.LOST: Fault.LOST,
    Break.DOWN: Fault.RESET,
    Break.THROTTLED: Fault.THROTTLED,
}


class _Desk(MemoryDesk):
    """A desk whose calls can be counted, and which can be dead."""

    calls = 0
    dead = False

    def next_fault(self, call: str) -> Fault | None:
        self.calls += 1
        return Fault.UNREACHABLE if self.dead else super().next_fault(call)


class MemoryWorld:
    """A desk whose clock runs, with an index that needs two seconds."""

    nowhere = Place("memory", "nowhere", STAFF)
    opener = PersonRole.CUSTOMER
    public = Audience.CUSTOMER
    described = Audience.STAFF
    unknown = "9999999"
    keeps_trash = True

    def __init__(self, files: FilePlace) -> None:
        self._ahead, self._files = timedelta(0), files
        self._desk = _Desk(self.now, lag=timedelta(seconds=2))
        self.place = Place("memory", "desk", STAFF)
        self.config = ConnectionConfig(
            name="memory",
            url="http://desk.test",
            user="",
            secret=self._desk.secret,
            projects=(),
            fields={},
            vocabularies=vocabularies("memory", {}),
            budget=LocalBudget(self.now),
            now=self.now,
        )

    def connect(self, config: ConnectionConfig) -> Connector:
        if config.url == self.config.url:
            return Memory(config, self._desk, files=self._files)
        dead = _Desk(self.now)
        dead.dead = True
        return Memory(config, dead, files=self._files)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def wait(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def opens(self, subject: str, text: str, picture: File | None = None, file: File | None = None) -> str:
        key = self._desk.open_ticket(subject, text)
        if picture:
            address = self._attach(key, picture)
            self._desk.edit_comment(key, MESSAGE_0, f"{text}\n\n![]({address})")
            message = self._desk.tickets[key].texts[MESSAGE_0]
            self._desk.tickets[key].texts[MESSAGE_0] = replace(message, edited=None)
        if file:
            self._attach(key, file)
        return key

    def copies(self, key: str) -> str:
        old = self._desk.tickets[key]
        new = self._desk.open_ticket("Copy", old.texts[MESSAGE_0].body.text, by="sam")
        self._desk.tickets[new].external_id = old.external_id
        return new

    def answers(self, key: str, text: str, *, internal: bool = False) -> str:
        return self._desk.comment(key, text, audience=Audience.STAFF if internal else Audience.CUSTOMER)

    def replies(self, key: str, text: str) -> str:
        return self._desk.comment(key, text, by="kim")

    def edits(self, key: str, id: str, text: str) -> None:
        self._desk.edit_comment(key, id, text)

    def renames(self, key: str, subject: str) -> None:
        self._desk.set(key, subject=subject)

    def tags(self, key: str, tags: frozenset[str]) -> None:
        self._desk.set(key, tags=tuple(tags))

    def removes(self, key: str) -> None:
        self._desk.trash(key)

    def books(self, key: str, minutes: int, note: str) -> None:
        self._desk.book(key, timedelta(minutes=minutes), self.now(), note)

    def relates(self, key: str, other: str) -> RelationKind:
        self._desk.relate(key, Relation(RelationKind.RELATES_TO, other))
        return RelationKind.RELATES_TO

    def invites(self, key: str) -> str:
        self._desk.invite(key, "sam")
        return "sam@desk.test"

    def friend(self) -> str:
        friend = Person("", "ana", "Ana Customer", PersonRole.CUSTOMER, "ana@customer.test")
        self._desk.users.setdefault("ana", friend)
        return "ana"

    def colleague(self) -> str:
        return "sam"

    def staff(self) -> tuple[str, str]:
        self._desk.users.setdefault("lou", Person("", "lou", "Lou Staff", PersonRole.STAFF, "lou@desk.test"))
        return "sam", "lou"

    def stranger(self) -> str:
        return "nobody"

    def holder(self, key: str) -> str:
        return str(self._desk.tickets[key].fields["assignee"] or "")

    def paged(self, key: str) -> list[str]:
        return [name for said in self.said(key) for name in re.findall(r"(?<![\w\\`])@(\w+)", said.text)]

    def groups(self, key: str) -> list[str]:
        self._desk.tickets[key].team = [self._desk.users["sam"]]
        return ["sam@desk.test"]

    def rates(self, key: str, remark: str) -> None:
        self._desk.rate(key, Mood.HAPPY, remark)

    def resolves(self, key: str) -> None:
        self._desk.set(key, status="resolved")

    def archives(self, key: str) -> bool:
        self._desk.archive(key)
        return True

    def said(self, key: str) -> list[Said]:
        texts = self._desk.tickets[key].texts.values()
        return [
            Said(t.id, t.body.text, t.audience is not Audience.CUSTOMER) for t in texts if t.id != MESSAGE_0
        ]

    def called(self, subject: str) -> int:
        return sum(ticket.fields["subject"] == subject for ticket in self._desk.tickets.values())

    def status(self, key: str) -> str:
        return str(self._desk.tickets[key].fields["status"])

    def opens_in_browser(self, url: str) -> bool:
        return url.rpartition("/tickets/")[2] in self._desk.tickets

    def links(self, key: str) -> list[str]:
        return [url for url, _ in self._desk.tickets[key].links.values()]

    def mailed(self) -> int:
        return len(self._desk.mails)

    def calls(self) -> int:
        return self._desk.calls

    def breaks(self, call: Call, how: Break, times: int = 1) -> None:
        for method in _METHODS[call]:
            self._desk.fail(method, _FAULTS[how], times)

    def system_in_memory(self) -> bool:
        return True

    def mends(self) -> None:
        self._desk.mend()

    def _attach(self, key: str, file: File) -> str:
        return self._desk.attach(key, file.name, file.content, kind=file.content_type)
