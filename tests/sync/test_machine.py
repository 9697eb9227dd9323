"""Random people on three servers, faults, a hub that dies: in the end everything is where it belongs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from connectors.errors import WireError
from connectors.memory import Fault
from connectors.memory_desk import DeskTicket
from mappings.ticket import MESSAGE_0, Audience, PersonRole, Ref
from sync.links import Links, NotLinked
from sync.store.inbox import LEASE
from tests.sync.world import NAMES, World

CALLS = (
    "fetch",
    "changed",
    "create",
    "add_comment",
    "add_file",
    "edit_comment",
    "delete_comment",
    "set_fields",
    "change_tags",
    "find_created",
    "open_file",
    "add_link",
)
CHANGES = (
    ("status", "open"),
    ("status", "resolved"),
    ("status", "in_progress"),
    ("status", "odd"),
    ("component", "pump"),
    ("component", "valve"),
    ("subject", "other"),
    ("priority", "urgent"),
)
picks = st.integers(0, 50)
works = st.sampled_from([("dev",), ("firmware",), ("dev", "firmware"), ()])


@dataclass
class Said:
    """A text that a person wrote. Its words begin with a token that nothing else has."""

    server: str
    key: str
    id: str
    token: str
    body: str
    audience: Audience
    at: datetime
    there: bool = True
    files: dict[str, bytes] = field(default_factory=dict)


class Desk(RuleBasedStateMachine):
    """What people do, what goes wrong, and the hub that works now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="deskbridge-")
        self.said: list[Said] = []
        self.joined: dict[str, datetime] = {}
        """When a person linked a ticket to an issue by hand: what is older stays where it is."""
        self.leaky = False

    @initialize(tags=works, lag=st.sampled_from([0, 0, 5, 40]))
    def begins(self, tags: tuple[str, ...], lag: int) -> None:
        """Begin with one ticket; the servers' indexes need `lag` seconds to find what was written."""
        self.world = World(Path(self._folder.name), policies=False, lag=timedelta(seconds=lag))
        self.opens(tags)

    # -- people

    @rule(tags=works)
    @precondition(lambda self: len(self.world.desk.tickets) < 3)
    def opens(self, tags: tuple[str, ...]) -> None:
        token = self._token()
        key = self.world.desk.open_ticket(f"subject {token}", f"{token} help")
        self.world.desk.tag(key, *tags)
        self.said.append(Said("desk", key, MESSAGE_0, token, "help", Audience.CUSTOMER, self.world.at))

    @rule(pick=picks, public=st.booleans(), customer=st.booleans())
    def comments(self, pick: int, public: bool, customer: bool) -> None:
        name, ticket = self._any(pick)
        token, by = self._token(), "kim" if customer and name == "desk" else "sam"
        audience = Audience.CUSTOMER if public or by == "kim" else Audience.STAFF
        id = self.world.servers[name].comment(ticket.key, f"{token} more", by=by, audience=audience)
        self.said.append(Said(name, ticket.key, id, token, "more", audience, self.world.at))

    @rule(pick=picks)
    def quotes(self, pick: int) -> None:
        name, ticket = self._any(pick)
        texts = list(ticket.texts.values())
        quoted = "\n".join(f"> {line}" for line in texts[pick % len(texts)].body.text.splitlines())
        token = self._token()
        id = self.world.servers[name].comment(
            ticket.key, f"{token} see\n\n{re.sub('«', '<<', quoted)}", audience=Audience.STAFF
        )
        self.said.append(Said(name, ticket.key, id, token, "see", Audience.STAFF, self.world.at))

    @rule(pick=picks, word=st.sampled_from(["right", "wrong"]))
    @precondition(lambda self: self.said)
    def edits(self, pick: int, word: str) -> None:
        said = self.said[pick % len(self.said)]
        if said.there:
            self.world.servers[said.server].edit_comment(said.key, said.id, f"{said.token} {word}")
            said.body = word

    @rule(pick=picks)
    @precondition(lambda self: self.said)
    def deletes(self, pick: int) -> None:
        said = self.said[pick % len(self.said)]
        if said.there and said.id != MESSAGE_0:
            self.world.servers[said.server].delete_comment(said.key, said.id)
            said.there = False

    @rule(pick=picks)
    @precondition(lambda self: self.said)
    def attaches(self, pick: int) -> None:
        said = self.said[pick % len(self.said)]
        if said.there and len(said.files) < 2:
            token = self._token()
            said.files[f"f{token[1:-1]}.bin"] = content = token.encode() * 5
            self.world.servers[said.server].attach(said.key, f"f{token[1:-1]}.bin", content, to=said.id)

    @rule(pick=picks, tag=st.sampled_from(["pump", "valve", "dev", "firmware"]), add=st.booleans())
    def tags(self, pick: int, tag: str, add: bool) -> None:
        name, ticket = self._any(pick)
        if name == "desk" and tag in ("dev", "firmware") and not add:
            return  # it would end the mirroring, on purpose
        self.world.servers[name].tag(ticket.key, *([tag] if add else []), remove=[] if add else [tag])

    @rule(
        pick=picks,
        change=st.sampled_from(CHANGES),
    )
    def sets(self, pick: int, change: tuple[str, str]) -> None:
        name, ticket = self._any(pick)
        self.world.servers[name].set(ticket.key, **{change[0]: change[1]})

    @rule(pick=picks)
    def trashes(self, pick: int) -> None:
        name, ticket = self._any(pick)
        if pick % 5 == 0 and name != "desk":
            self.world.servers[name].trash(ticket.key)

    @rule(pick=picks)
    def vanishes(self, pick: int) -> None:
        name, ticket = self._any(pick)
        if pick % 5 == 0 and name != "desk":
            del self.world.servers[name].tickets[ticket.key]
            for said in self.said:
                said.there &= (said.server, said.key) != (name, ticket.key)

    @rule(pick=picks)
    @precondition(lambda self: self.world.jira.tickets or self.world.gitlab.tickets)
    def shares(self, pick: int) -> None:
        """A person links one more ticket to an issue that has one."""
        work = [(n, k) for n in ("jira", "gitlab") for k in self.world.servers[n].tickets]
        name, key = work[pick % len(work)]
        links = Links(self.world.store, self.world.connectors, self.world.rules, self.world.now)
        if len(self.joined) == 2 or self.world.servers[name].tickets[key].trashed:
            return
        self.opens(())
        ticket = self.said[-1].key
        self.world.wait(seconds=2)
        with suppress(NotLinked, WireError):
            links.link(Ref("desk", ticket), Ref(name, key))
            self.joined[ticket] = self.world.at
        self.world.wait(seconds=2)

    # -- what goes wrong, and the hub

    @rule(name=st.sampled_from(NAMES), call=st.sampled_from(CALLS), fault=st.sampled_from(Fault))
    def breaks(self, name: str, call: str, fault: Fault) -> None:
        self.leaky |= fault is Fault.INTERNAL_DROPPED
        self.world.servers[name].fail(call, fault)

    @rule(seconds=st.sampled_from([0.3, 2, 30, 100, 400]))
    def waits(self, seconds: float) -> None:
        self.world.wait(seconds=seconds)

    @rule()
    def works(self) -> None:
        self.world.sync()

    @rule(name=st.sampled_from(NAMES), after=st.integers(0, 12))
    def dies(self, name: str, after: int) -> None:
        left = [after]

        def kill(call: str) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

        server = self.world.servers[name]
        server.before = kill
        try:
            self.world.sync()
        except KeyboardInterrupt:
            self.world.wait(seconds=LEASE.total_seconds() + 1)
        finally:
            server.before = lambda call: None

    @rule()
    def restarts(self) -> None:
        """The hub ends, and another process goes on with its store."""
        self.world.close()
        self.world.reopen()

    # -- in the end

    def teardown(self) -> None:
        try:
            self._rest()
            for name, ticket, others in self._linked():
                for said in self.said:
                    if (said.server, said.key) == (name, ticket.key):
                        for target, there in others:
                            self._arrived(said, target, there)
                    elif said.server == name == "desk":
                        assert not any(said.token in t.body.text for t in ticket.texts.values())
                for target, there in others:
                    self._in_order(name, ticket.key, target, there)
            self._kept_inside()
        finally:
            self.world.close()
            self._folder.cleanup()

    def _rest(self) -> None:
        for server in self.world.servers.values():
            server.mend()
        self.world.wait(minutes=20)
        for server in self.world.servers.values():
            for ticket in server.tickets.values():
                server.touch(ticket)  # somebody looks at what was parked
        self.world.settle(rounds=6)
        assert self.world.parked() == []

    def _arrived(self, said: Said, target: str, there: DeskTicket) -> None:
        """Check that a text stands there once, in its last words, with its files, or is remarked."""
        copies = [text for text in there.texts.values() if said.token in text.body.text]
        assert len(copies) <= 1, f"{said.token} stands {len(copies)} times on {target}"
        remarked = any(
            finding[0] == target and re.search(rf"\b{said.id} \({said.server}\)", finding[1])
            for finding in self.world.findings()
        )
        by_hand = [self.joined[key] for key in (said.key, there.key) if key in self.joined]
        if any(said.at <= linked for linked in by_hand):
            return
        if said.there and not remarked:
            assert copies, f"{said.token} of {said.server} is missing on {target}"
            assert f"{said.token} {said.body}" in copies[0].body.text
        for name, content in said.files.items():
            kept = [file for file in there.files.values() if file.name == name]
            assert len(kept) <= 1, f"{name} hangs {len(kept)} times on {target}"
            if said.there and not remarked:
                assert [file.content for file in kept] == [content], f"{name} is missing on {target}"

    def _in_order(self, source: str, key: str, target: str, there: DeskTicket) -> None:
        """Check that texts of one side stand on another in the order in which they were made."""
        tokens = [said.token for said in self.said if (said.server, said.key) == (source, key)]
        stands = [t for text in there.texts.values() for t in tokens if t in text.body.text]
        assert stands == [t for t in tokens if t in stands], f"{source} is out of order on {target}"

    def _kept_inside(self) -> None:
        """Check that no customer reads what was for staff, and that the hub mailed nobody."""
        staff = {said.token for said in self.said if said.audience is Audience.STAFF}
        for ticket in self.world.desk.tickets.values():
            for text in ticket.texts.values():
                assert text.author.role is not PersonRole.HUB or text.audience is Audience.STAFF
        if not self.leaky:
            for mail in self.world.desk.mails:
                assert not any(token in mail.text for token in staff)
                assert "#db1" not in mail.text

    def _linked(self) -> Iterator[tuple[str, DeskTicket, list[tuple[str, DeskTicket]]]]:
        """Yield each side that is there to be worked on, with the others of its ticket."""
        for subject in self.world.store.bundles.subjects():
            refs = self.world.store.bundles.load(subject).refs
            there = [ref for ref in refs if ref.key in self.world.servers[ref.connection].tickets]
            sides = [(ref.connection, self._ticket(ref)) for ref in there]
            live = [(name, ticket) for name, ticket in sides if not ticket.trashed]
            for name, ticket in live:
                yield name, ticket, [side for side in live if side[0] != name]

    def _ticket(self, ref: Ref) -> DeskTicket:
        return self.world.servers[ref.connection].tickets[ref.key]

    def _any(self, pick: int) -> tuple[str, DeskTicket]:
        everything = [(n, t) for n, s in self.world.servers.items() for t in s.tickets.values()]
        return everything[pick % len(everything)]

    def _token(self) -> str:
        self.world.wait(seconds=0.2)
        self._count = getattr(self, "_count", 0) + 1
        return f"«{self._count}»"


TestDesk = Desk.TestCase
TestDesk.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
