"""The judge: knows what people did and what the tools say now, and holds the one against the other.

It imports nothing of the hub's (`test_campaign.py` holds it so): what the hub says of itself, its findings
and what it set aside, is only ever an excuse for what is missing, never for what is too much.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from tests.campaign.knowing import described_by
from tests.campaign.ledger import DESCRIPTION, TOKEN, Bundle, Ledger, Said, Side, Ticket
from tests.campaign.people import CUSTOMERS
from tests.campaign.reading import Record, Text, World, words

_SENDER = "Harbour support"
_THEIRS = re.compile(r"(?<![\w.])z[st]\d{4}[a-z](?!\w)")
"""The words of what another program wrote, or a person into a copy."""
_STEERING = {"dev", "firmware"}
_LABELS = {"lantern": "customer-lantern", "orbit": "customer-orbit"}


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was promised: by which check, of which ticket (0: of none), and what."""

    check: str
    ticket: int
    what: str


@dataclass
class Told:
    """What the hub says that it did not do."""

    findings: list[tuple[list[str], str, str, str]] = field(default_factory=list)
    """(sides of the ticket, target, what, why)."""
    parked: list[tuple[list[str], str]] = field(default_factory=list)

    def names(self, side: Side, target: Side, *what: str) -> bool:
        """Whether a finding about the ticket that `side` is of tells of one of these things on a target."""
        ref = f"{side.tool}:{side.key}"
        return any(
            ref in refs and target.tool in where.split(", ") and any(w in thing for w in what)
            for refs, where, thing, _ in self.findings
        )

    def set_aside(self, side: Side) -> bool:
        """Whether the ticket is set aside."""
        return any(f"{side.tool}:{side.key}" in refs for refs, _ in self.parked)


class Judge:
    """Judges one seed."""

    def __init__(self, ledger: Ledger, world: World, told: Told) -> None:
        self._ledger, self._world, self._told = ledger, world, told

    def faults(self) -> Iterator[Fault]:
        """Yield everything that is wrong."""
        yield from self._parked()
        yield from self._placed()
        yield from self._theirs()
        yield from self._spread()
        yield from self._kept_inside()
        yield from self._at_home()
        for bundle in self._ledger.bundles:
            for ticket in bundle.tickets:
                yield from self._texts(bundle, ticket)
                yield from self._order(bundle, ticket)
            yield from self._fields(bundle)

    def missed(self) -> Iterator[Fault]:
        """Yield the texts, as they were first written, that stand nowhere else yet."""
        for bundle in self._ledger.bundles:
            for ticket in bundle.tickets:
                for fault in self._texts(bundle, ticket):
                    if fault.check == "lost" and fault.what.startswith("zq") and " is not on " in fault.what:
                        yield fault

    # -- texts and files

    def _texts(self, bundle: Bundle, ticket: Ticket) -> Iterator[Fault]:
        for said in self._ledger.said:
            for target in self._targets(bundle, ticket, said):
                record = self._record(target)
                if record is None:
                    continue
                if said.token:
                    yield from self._text(ticket, said, target, record)
                yield from self._files(ticket, said, target, record)

    def _targets(self, bundle: Bundle, ticket: Ticket, said: Said) -> list[Side]:
        """Return the other sides of a ticket on which a text is to be read."""
        sides = [ticket.desk, *bundle.works.values()]
        if said.side not in sides or not said.side.there or said.kept:
            return []
        if ticket.desk.left == "merged":
            # Its own texts still reach the issues, and nothing else of it moves anything.
            return [s for s in bundle.works.values() if s.there] if said.side is ticket.desk else []
        others = [side for side in sides if side is not said.side and side.there]
        if said.side is not ticket.desk and len(bundle.tickets) > 1 and ticket is not bundle.tickets[0]:
            others = [ticket.desk] if ticket.desk.there else []  # between work sides it is looked at once
        return others

    def _text(self, ticket: Ticket, said: Said, target: Side, record: Record) -> Iterator[Fault]:
        all_tokens = {said.token, *said.earlier}
        found = [text for text in record.texts if text.token in all_tokens]
        copies = [text for text in found if not self._is_theirs(target, text)] or found
        if len(copies) < len(found):
            # A copy that somebody edited is theirs; each later wording stands beside it in a text of its own.
            copies = [text for text in copies if text.token == said.token] or copies[-1:]
        if len(copies) > 1:
            yield Fault("twice", ticket.number, f"{said.token} stands {len(copies)} times on {_name(target)}")
        if said.deleted or self._older(said, target) or self._excused(said, target):
            return
        if not copies:
            yield Fault(
                "lost", ticket.number, f"{said.token} of {_name(said.side)} is not on {_name(target)}"
            )
        elif copies[0].token != said.token and not self._is_theirs(target, copies[0]):
            text = f"{_name(target)} still says {copies[0].token} and not {said.token}"
            if not self._told.names(said.side, target, f"the edit of {_called(said)}"):
                yield Fault("lost", ticket.number, text)
        else:
            yield from self._attributed(ticket, said, target, copies[0])

    def _files(self, ticket: Ticket, said: Said, target: Side, record: Record) -> Iterator[Fault]:
        there = Counter(record.all_files)
        for file in said.files:
            if there[file.sha256] > 1:
                yield Fault(
                    "twice", ticket.number, f"{file.name} hangs {there[file.sha256]} times on {_name(target)}"
                )
            excused = said.deleted or self._older(said, target) or self._excused(said, target)
            # The address of a file is its project's: once the issue was moved it leads nowhere.
            spoilt = target.left == "moved" or (
                any((side, f) for side, f, _ in self._ledger.touched if side is target)
                and target.tool == "gitlab"
            )
            named = self._told.names(said.side, target, f"file {file.name}", f"file {_in_gitlab(file.name)}")
            if not (there[file.sha256] or excused or spoilt or named):
                what = f"{file.name} of {_name(said.side)} is not on {_name(target)}"
                yield Fault("lost", ticket.number, what)

    def _attributed(self, ticket: Ticket, said: Said, target: Side, copy: Text) -> Iterator[Fault]:
        if self._is_theirs(target, copy):
            return
        if said.published and copy.public:
            shown = words(copy.body, target.tool)
            if said.author in shown or _SENDER not in shown:
                yield Fault("unattributed", ticket.number, f"{said.token} is not published as {_SENDER}'s")
            return
        head = words(copy.body, target.tool)[: 400 + len(said.author)]
        # At the desk the description is its customer's, whoever that is today.
        authors = [name for _, name in CUSTOMERS.values()] if said.id == DESCRIPTION else [said.author]
        if not any(name in head.partition(said.token)[0] for name in authors) or "#db1." not in copy.body:
            yield Fault(
                "unattributed", ticket.number, f"{said.token} on {_name(target)} does not name {said.author}"
            )
        if not copy.ours and copy.id != DESCRIPTION:
            yield Fault("unattributed", ticket.number, f"{said.token} on {_name(target)} is {copy.author}'s")

    def _older(self, said: Said, target: Side) -> bool:
        """Whether a text is older than the moment when somebody linked its side and the other by hand."""
        by_hand = [s.linked for s in (said.side, target) if s.linked is not None]
        return any(said.when <= linked for linked in by_hand)

    def _excused(self, said: Said, target: Side) -> bool:
        removed = {(target, token) for token in (said.token, *said.earlier)} & self._ledger.removed
        return (
            bool(removed)
            or self._told.set_aside(said.side)
            or self._told.names(said.side, target, *_names_of(said))
        )

    def _order(self, bundle: Bundle, ticket: Ticket) -> Iterator[Fault]:
        """Check that texts of one side stand on each other in the order in which they were made."""
        for origin in (ticket.desk, *bundle.works.values()):
            made = [s for s in self._ledger.said if s.side is origin and s.token]
            made = [*(s for s in made if s.id == DESCRIPTION), *(s for s in made if s.id != DESCRIPTION)]
            place = {token: n for n, s in enumerate(made) for token in (s.token, *s.earlier)}
            for target in (ticket.desk, *bundle.works.values()):
                record = self._record(target)
                if target is origin or record is None:
                    continue
                # Of a text whose copy is somebody's own now, the later wording stands where it was added.
                stand = list(dict.fromkeys(place[t.token] for t in record.texts if t.token in place))
                if stand != sorted(stand):
                    first = next(b for a, b in pairwise(stand) if b < a)
                    what = f"{made[first].token} of {_name(origin)} stands too late on {_name(target)}"
                    yield Fault("order", ticket.number, what)

    # -- who reads what

    def _kept_inside(self) -> Iterator[Fault]:
        """Check that no customer reads what was for staff, in the tools or by mail."""
        inside = {t: s for s in self._ledger.said if s.private for t in (s.token, *s.earlier) if t}
        files = {f.sha256: s for s in self._ledger.said if s.private for f in s.files}
        for record in self._world.records.values():
            for text in record.texts if record.tool == "desk" else ():
                if text.public:
                    yield from (
                        Fault("leak", self._number(record), what)
                        for what in _shown(text, inside, files, self._published())
                    )
                else:
                    yield from self._hidden(record, text)
            for text in record.texts:
                yield from self._strayed(record, text)
        for mail in self._world.mails:
            if mail["customer"]:
                yield from self._mailed(mail, inside)

    def _hidden(self, record: Record, text: Text) -> Iterator[Fault]:
        """Check that what was to be published is, on a ticket to which nothing odd was linked."""
        said = self._published().get(text.token or "")
        bundle = self._bundle(record)
        if said is None or bundle is None or not text.ours:
            return
        if len(bundle.tickets) == 1 and not bundle.by_hand and text.token == said.token:
            yield Fault("lost", self._number(record), f"{text.token} was to be published")

    def _strayed(self, record: Record, text: Text) -> Iterator[Fault]:
        """Check that what was to stay where it is does not stand elsewhere."""
        kept = {t: s for s in self._ledger.said if s.kept for t in (s.token, *s.earlier)}
        for token in TOKEN.findall(text.body):
            said = kept.get(token)
            if said is None or (said.side.tool, said.side.key) == (record.tool, record.key):
                continue
            side = next((s for b in self._ledger.bundles for s in b.sides if s.key == record.key), None)
            if side is None or self._is_theirs(side, text) or self._told.names(said.side, side, "narrowed"):
                continue
            if self._ledger.was_there(token, said.side, record.tool, record.key):
                continue  # somebody took the sides apart: what was written by then stays
            if record.trashed:
                continue  # nothing can be written in the trash (freshdesk-api 1): emptied once restored
            if (token, record.tool, record.key) in self._ledger.stayed:
                continue  # its issue was deleted before the hub looked again: nobody can be told by it
            yield Fault("leak", self._number(record), f"{token} stands on {record.tool}:{record.key}")

    def _published(self) -> dict[str, Said]:
        return {said.token: said for said in self._ledger.said if said.published}

    def _mailed(self, mail: dict[str, str], inside: dict[str, Said]) -> Iterator[Fault]:
        meant = self._published().keys() & set(TOKEN.findall(f"{mail['subject']} {mail['text']}"))
        if not meant and mail["actor"].startswith(("hub@", "project_101_bot")):
            yield Fault("leak", 0, f"the hub mailed {mail['to']}: {mail['subject']} ({mail['cause']})")
        for token in TOKEN.findall(f"{mail['subject']} {mail['text']}"):
            if token in inside:
                yield Fault("leak", 0, f"{mail['to']} was mailed {token}")

    def _at_home(self) -> Iterator[Fault]:
        """Check that no text stands on a ticket that it does not belong to."""
        home = {t: s.side for s in self._ledger.said for t in (s.token, *s.earlier) if t}
        for record in self._world.records.values():
            bundle = self._bundle(record)
            for text in record.texts:
                side = home.get(token := text.token or "")
                # The desk's note about a merge is a text like any other where the merged ticket is no side.
                if (
                    side is None
                    or text.merging
                    or self._ledger.was_there(token, side, record.tool, record.key)
                ):
                    continue
                strange = (bundle is None or side not in bundle.sides) and side.key != record.key
                desks = side.tool == record.tool == "desk" and side.key != record.key
                if strange or desks:
                    where = f"{record.tool}:{record.key}"
                    yield Fault(
                        "astray", self._number(record), f"{text.token} of {_name(side)} stands on {where}"
                    )

    def _theirs(self) -> Iterator[Fault]:
        """Check that what people and other programs wrote stands as they wrote it."""
        kept = {t for s in self._ledger.said if s.kept for t in (s.token, *s.earlier)}
        for side, id, word in self._ledger.touched:
            record = self._record(side)
            if record is None or self._ledger.copied.get(word) in kept:
                continue  # what fewer may read is emptied, whoever added something to it
            text = next((t for t in record.texts if t.id == id), None)
            if text is None or word not in text.body:
                number = self._number(record)
                yield Fault("overwritten", number, f"{word} in text {id} on {_name(side)} is gone")

    def _spread(self) -> Iterator[Fault]:
        """Check that what people wrote into copies, and other programs with the hub's key, went nowhere."""
        home = {word: side for side, _, word in self._ledger.touched}
        for record in self._world.records.values():
            for text in record.texts:
                for word in _THEIRS.findall(text.body):
                    side = home.get(word)
                    if side is not None and (side.tool, side.key) != (record.tool, record.key):
                        what = f"{word} of {_name(side)} stands on {record.tool}:{record.key}"
                        yield Fault("astray", self._number(record), what)

    # -- tickets and fields

    def _parked(self) -> Iterator[Fault]:
        for refs, why in self._told.parked:
            if "each has an issue of its own" in why and any(t.desk.left for _, t in self._ledger.tickets()):
                continue  # two tickets were merged while issues were made for both: a person must choose
            known = [t for _, t in self._ledger.tickets() if f"desk:{t.desk.key}" in refs]
            if "no customer is known" not in why:
                yield Fault("parked", known[0].number if known else 0, why)

    def _placed(self) -> Iterator[Fault]:
        """Check that each ticket has the issues that its tags ask for, once."""
        issues = Counter[tuple[int, str]]()
        for record in self._world.records.values():
            if record.tool == "desk":
                if self._number(record) == 0:
                    yield Fault("astray", 0, f"nobody opened desk:{record.key}")
                continue
            description = {
                "description": record.texts[0].body,
                "fields": {"description": record.texts[0].body},
            }
            whose = described_by(self._ledger, record.tool, description)
            if whose is not None:
                issues[id(whose), record.tool] += 1
        for bundle in self._ledger.bundles:
            number = bundle.tickets[0].number
            for tool, tag in (("jira", "dev"), ("gitlab", "firmware")):
                side, leader = bundle.works.get(tool), bundle.tickets[0]
                for ticket in bundle.tickets:
                    count = issues[id(ticket.desk), tool]
                    # Of what was deleted before the hub heard that it had made it, nobody knows: made anew.
                    gone = side is not None and side.gone and not side.unheard
                    if count > (0 if gone and not self._parted(ticket, tool) else 1):
                        yield Fault("twice", number, f"{count} issues in {tool} stand for it")
                        break
                parted = self._parted(leader, tool)
                desk = self._record(leader.desk)
                wanted = desk is not None and tag in desk.tags and leader.customer in _LABELS
                wanted = wanted and not leader.desk.left
                if (
                    wanted
                    and side is None
                    and not parted
                    and not self._told.names(leader.desk, Side(tool, ""), "the ticket")
                ):
                    yield Fault("lost", number, f"it has no issue in {tool}, though it is tagged {tag}")

    def _parted(self, ticket: Ticket, tool: str) -> bool:
        """Whether it was taken out of an issue, which may still stand; it may have another one since."""
        parted = self._ledger.parted
        return any(ticket.desk in (p.side, *p.sides) and p.side.tool == tool for p in parted)

    def _fields(self, bundle: Bundle) -> Iterator[Fault]:
        number = bundle.tickets[0].number
        works = [r for side in bundle.works.values() if (r := self._record(side)) is not None]
        # Whose ticket was merged into another one's is no owner any more: the issue is the other one's.
        owners = {t.customer for t in bundle.tickets if t.desk.left != "merged"}
        owners = owners or {t.customer for t in bundle.tickets}
        for record in works:
            labels = {t for t in record.tags if t.startswith("customer-")}
            wanted = {_LABELS[c] for c in owners if c in _LABELS} if len(owners) == 1 else set()
            # Whose a ticket is that waits for its customer to be named, and so the label, nobody knows yet.
            waits = any(t.customer == "nobody" and self._told.set_aside(t.desk) for t in bundle.tickets)
            if labels != wanted and not waits and all(t.desk.there for t in bundle.tickets):
                what = f"{record.tool}:{record.key} is labelled {sorted(labels)} instead of {sorted(wanted)}"
                yield Fault("label", number, what)
        if bundle.by_hand or self._told.set_aside(bundle.tickets[0].desk):
            return
        if len(works) == 2 and works[0].done != works[1].done and not self._before(bundle, works):
            yield Fault(
                "differs", number, f"{works[0].tool} is {'' if works[0].done else 'not '}done, the other is"
            )
        desk = self._record(bundle.tickets[0].desk)
        if desk is None:
            return
        yield from self._tags(bundle, [desk, *works])
        yield from self._subject(bundle, desk, works)

    @staticmethod
    def _before(bundle: Bundle, works: list[Record]) -> bool:
        """Whether the later of two issues was made after anybody had last finished or reopened the other.

        Who sends a ticket to a second team wants its work, though the first one is done: it begins open.
        """
        moved = [side.moved for side in bundle.works.values() if side.moved is not None]
        return all(when < max(datetime.fromisoformat(work.created) for work in works) for when in moved)

    def _tags(self, bundle: Bundle, records: list[Record]) -> Iterator[Fault]:
        number, ledger = bundle.tickets[0].number, self._ledger
        sides = {(s.tool, s.key) for s in bundle.sides if s.there}
        gone = [s for s in bundle.sides if not s.there] + [
            p.side for p in ledger.parted if p.bundle is bundle
        ]
        parted = {(s.tool, s.key) for s in gone}
        last: dict[str, bool] = {}
        under_way: set[str] = set()
        """Tags that were last changed on a side that is gone by now: the change may have reached few."""
        for tagged in self._ledger.tagged:
            where = (tagged.side.tool, tagged.side.key)
            if where in sides | parted:
                # What was changed on a side that is gone by now may or may not have been carried on before.
                last[_slug(tagged.tag)] = tagged.added and where in sides
                (under_way.discard if where in sides else under_way.add)(_slug(tagged.tag))
        carried = {
            r: {_slug(t) for t in r.tags if not t.startswith("customer-")} - _STEERING for r in records
        }
        for record, tags in carried.items():
            for tag, added in sorted(last.items()):
                refused = self._told.names(_side(records[0]), _side(record), "tags")
                if added and tag not in tags | _STEERING and not refused:
                    yield Fault("lost", number, f"the tag {tag} is not on {record.tool}:{record.key}")
        refused = any(self._told.names(_side(records[0]), _side(record), "tags") for record in records)
        shown = [] if refused else [sorted(tags - under_way) for tags in carried.values()]
        if any(tags != shown[0] for tags in shown):
            yield Fault("differs", number, f"the tags are {shown}")

    def _subject(self, bundle: Bundle, desk: Record, works: list[Record]) -> Iterator[Fault]:
        for record in works:
            given = [
                (s, t)
                for s, t in self._ledger.subjects
                if s.tool in ("desk", record.tool) and s in bundle.sides
            ]
            same = _line(record.subject) == _line(desk.subject)
            if given and given[-1][0].tool == "desk" and desk.subject and not same:
                what = f"{record.tool} calls it {record.subject!r}, and the desk {desk.subject!r}"
                if not self._told.names(given[-1][0], Side(record.tool, record.key), "subject"):
                    yield Fault("differs", bundle.tickets[0].number, what)

    # -- what stands where

    def _record(self, side: Side) -> Record | None:
        record = self._world.records.get((side.tool, side.key))
        return record if record is not None and side.there else None

    def _bundle(self, record: Record) -> Bundle | None:
        sides = ((b, s) for b in self._ledger.bundles for s in b.sides)
        return next((b for b, s in sides if (s.tool, s.key) == (record.tool, record.key)), None)

    def _number(self, record: Record) -> int:
        bundle = self._bundle(record)
        if bundle is None:
            return 0
        mine = [t.number for t in bundle.tickets if t.desk.key == record.key]
        return mine[0] if mine else bundle.tickets[0].number

    def _is_theirs(self, target: Side, text: Text) -> bool:
        return any(side is target and id == text.id for side, id, _ in self._ledger.touched)


def _shown(
    text: Text, inside: dict[str, Said], files: dict[str, Said], meant: dict[str, Said]
) -> Iterator[str]:
    """Yield what a customer must not read or open, of a text that is shown to them."""
    if text.ours and text.token not in meant:
        yield f"the hub's text {text.id} is public"
    yield from (f"the customer reads {token}" for token in TOKEN.findall(text.body) if token in inside)
    yield from (f"the customer opens a file of {files[f].token}" for f in text.files if f in files)


def _called(said: Said) -> str:
    return "the description" if said.id == DESCRIPTION else ""


def _names_of(said: Said) -> list[str]:
    """Return what a finding calls a text that it tells was not copied."""
    kinds = ("reply", "note", "message", "comment", "text", "forward")
    return [f"{kind} {said.id} (" for kind in kinds]


def _name(side: Side) -> str:
    return f"{side.tool}:{side.key}"


def _side(record: Record) -> Side:
    return Side(record.tool, record.key)


def _slug(tag: str) -> str:
    return re.sub(r"[^\w]+", "-", tag.strip().lower()).strip("-")


def _in_gitlab(name: str) -> str:
    """Return what GitLab calls a file of a name."""
    return re.sub(r"[^\w.-]", "_", name)


def _line(subject: str) -> str:
    return " ".join(subject.split())[:200]
