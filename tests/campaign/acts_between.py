"""What people do with what the hub wrote: they quote it, forge it, edit it, delete it; and link by hand."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from random import Random
from typing import Any

from deskbridge.sandbox.world import Clock
from tests.campaign.acting import Acting
from tests.campaign.acts_desk import AGENT
from tests.campaign.acts_work import iid
from tests.campaign.knowing import key_of
from tests.campaign.ledger import DESCRIPTION, TOKEN, Bundle, Ledger, Said, Side, quoted
from tests.campaign.people import People

_AGAIN = 0.6
"""How often the original of a copy that somebody meddled with changes right then."""
_MARKER = re.compile(r"db1[.][a-z2-7]+[.][a-z2-7]+")


@dataclass(frozen=True)
class Copy:
    """A text that the hub wrote somewhere."""

    side: Side
    id: str
    body: str


class Between(Acting):
    """Whoever meddles with copies, and whoever links tickets."""

    def __init__(
        self,
        people: People,
        ledger: Ledger,
        chance: Random,
        clock: Clock,
        link: Callable[[str, str], bool],
        unlink: Callable[[str], bool],
        rewrite: Callable[[Said], None],
    ) -> None:
        super().__init__(people, ledger, chance, clock)
        self._link, self._unlink, self._rewrite = link, unlink, rewrite

    def quotes(self) -> bool:
        """Somebody answers, and quotes a copy below."""
        if (copy := self._copy()) is None:
            return False
        token, body = self.ledger.token(), quoted(copy.body)
        lines = "\n".join(f"> {line}" for line in body.splitlines())
        texts = {
            "desk": f"<p>{token} I agree</p><blockquote>{body}</blockquote>",
            "jira": f"{token} I agree\n\n{{quote}}\n{body}\n{{quote}}",
            "gitlab": f"{token} I agree\n\n{lines}",
        }
        return self.say(copy.side, token, texts[copy.side.tool], f"quoting {copy.id}")

    def forges(self) -> bool:
        """Somebody begins a text with the first line of a copy, marker and all."""
        if (copy := self._copy()) is None:
            return False
        token, body = self.ledger.token(), quoted(copy.body)
        cut = body.find("</p>") + 4 if copy.side.tool == "desk" else body.find("\n")
        first = body[:cut] if cut > 3 else body
        text = (
            f"{first}<p>{token} mine</p>" if copy.side.tool == "desk" else f"{first.strip()}\n\n{token} mine"
        )
        return self.say(copy.side, token, text, f"beginning as {copy.id} does")

    def say(self, side: Side, token: str, text: str, how: str) -> bool:
        """Say something to staff."""
        if side.tool == "desk":
            id, author = self.people.say_at_desk(side.key, text, [], private=True), AGENT
        elif side.tool == "jira":
            id, author = self.people.say_in_jira(side.key, text), "Dana Novak"
        else:
            id, author = self.people.say_in_gitlab(side.key, text), "Dana Novak"
        self.says(side, id, token, author, private=True)
        self.did(side, f"{token} was said {how}")
        return True

    def claims(self) -> bool:
        """A program that has the hub's own key claims, unsigned, to have copied a text."""
        if (copy := self._copy()) is None or not (marker := _MARKER.search(copy.body)):
            return False
        bundle = self.ledger.bundle_of(copy.side)
        fresh = [s for s in self.ledger.said if s.side in bundle.sides and s.side.tool != copy.side.tool]
        fresh = [s for s in fresh[-3:] if s.id.isdigit() and s.id != DESCRIPTION and not s.deleted]
        if (said := self.pick(fresh)) is None:
            return False
        word = f"zs{self.ledger.token()[2:]}"
        line = copy.body.replace(marker[0], _claiming(marker[0], said))
        text = quoted(line).replace("zx", "zz") + (
            f"<p>{word}</p>" if copy.side.tool == "desk" else f"\n\n{word}"
        )
        id = self._as_robot(copy.side, text)
        self.ledger.touched.append((copy.side, id, word))
        self.did(
            copy.side, f"another program with the hub's key says {id}: {word}, claiming to copy {said.token}"
        )
        return True

    def program_quotes(self) -> bool:
        """A program that has the hub's own key quotes a copy, whose original is edited then."""
        if (copy := self._copy(plain=True)) is None:
            return False
        word = f"zs{self.ledger.token()[2:]}"
        body = quoted(copy.body)
        lines = "\n".join(f"> {line}" for line in body.splitlines())
        texts = {
            "desk": f"<p>{word} seen</p><blockquote>{body}</blockquote>",
            "jira": f"{word} seen\n\n{{quote}}\n{body}\n{{quote}}",
            "gitlab": f"{word} seen\n\n{lines}",
        }
        id = self._as_robot(copy.side, texts[copy.side.tool])
        self.ledger.touched.append((copy.side, id, word))
        self.did(copy.side, f"another program with the hub's key says {id}: {word}, quoting {copy.id}")
        self._original_changes(copy)
        return True

    def _original_changes(self, copy: Copy) -> None:
        """Have the author of what was copied edit it, often."""
        token = TOKEN.findall(copy.body)[0]
        mine = [s for s in self.mine("jira", "gitlab") if token in (s.token, *s.earlier)]
        mine = [s for s in mine if not s.files and len(s.earlier) < 20]
        if mine and self.chance.random() < _AGAIN:
            self.revise(mine[0])
            self._rewrite(mine[0])
            self.did(mine[0].side, f"the developer edits {mine[0].id}: {mine[0].token}")

    def _as_robot(self, side: Side, text: str) -> str:
        if side.tool == "desk":
            note = {"body": text, "private": True}
            return str(self.people.robot_at_desk("POST", f"tickets/{side.key}/notes", json=note)["id"])
        if side.tool == "jira":
            path = f"api/2/issue/{side.key}/comment"
            return str(self.people.robot_in_jira("POST", path, json={"body": text})["id"])
        return str(
            self.people.robot_in_gitlab("POST", f"issues/{iid(side)}/notes", json={"body": text})["id"]
        )

    def touches_copy(self) -> bool:
        """Somebody edits a copy: it is theirs from now on."""
        if (copy := self._copy(plain=True)) is None:
            return False
        word = f"zt{self.ledger.token()[2:]}"
        path = _path(copy)
        if copy.side.tool == "desk":
            self.people.agent("PUT", path, json={"body": f"{copy.body}<p>{word}</p>"})
        elif copy.side.tool == "jira":
            self.people.jira("PUT", path, json={"body": f"{copy.body}\n\n{word}"})
        else:
            self.people.owner("PUT", path, json={"body": f"{copy.body}\n\n{word}"})
        self.ledger.touched.append((copy.side, copy.id, word))
        self.ledger.copied[word] = TOKEN.findall(copy.body)[0]
        self.did(copy.side, f"somebody edits the copy {copy.id}, adding {word}")
        self._original_changes(copy)
        return True

    def deletes_copy(self) -> bool:
        """Somebody deletes a copy."""
        if (copy := self._copy(plain=True)) is None:
            return False
        tool = {"desk": self.people.agent, "jira": self.people.jira, "gitlab": self.people.owner}[
            copy.side.tool
        ]
        tool("DELETE", _path(copy))
        self.ledger.removed.add((copy.side, TOKEN.findall(copy.body)[0]))
        self.did(copy.side, f"somebody deletes the copy {copy.id}: {copy.body[-30:]!r}")
        return True

    def links_second_ticket(self) -> bool:
        """Somebody links a second ticket to an issue by hand."""
        alone = [b for b in self._lone() if len(b.tickets) == 1]
        shared = [b for b in self.ledger.bundles if b.works and all(s.there for s in b.sides)]
        bundle, other = self.pick(alone), self.pick(shared)
        if bundle is None or other is None or other is bundle:
            return False
        work = self.chance.choice(sorted(other.works.values(), key=lambda side: side.tool))
        return self._linked(bundle.tickets[0].desk, work, other, bundle)

    def _lone(self) -> list[Bundle]:
        """Return the tickets without an issue that somebody still works on."""
        bundles = (b for b in self.ledger.bundles if not b.works)
        return [b for b in bundles if b.tickets[0].desk.there and not b.tickets[0].desk.left]

    def links_own_issue(self) -> bool:
        """The developer writes an issue of her own, and somebody links it to a ticket."""
        if (bundle := self.pick(self._lone())) is None:
            return False
        title, text = f"{self.ledger.token().upper()} own", f"zy{self.ledger.token()[2:]} as seen"
        if self.chance.random() < 0.5:
            given: dict[str, Any] = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}}
            made = self.people.jira(
                "POST", "api/2/issue", json={"fields": {**given, "summary": title, "description": text}}
            )
            side = Side("jira", str(made["id"]))
        else:
            made = self.people.gitlab("POST", "issues", json={"title": title, "description": text})
            side = Side("gitlab", key_of("gitlab", made))
        # Jira says of no file which text it came with: one of the first ten seconds is the description's.
        self.clock.advance(20)
        return self._linked(bundle.tickets[0].desk, side, bundle, Bundle())

    def merges(self) -> bool:
        """The agent merges a ticket into another one of the same customer."""
        whole = [b for b in self.ledger.bundles if len(b.tickets) == 1 and not b.by_hand]
        there = [b for b in whole if b.tickets[0].desk.there and not b.tickets[0].desk.left]
        if (other := self.pick([b for b in there if b.tickets[0].desk.key != "1"])) is None:
            return False
        merged = other.tickets[0]
        alike = [b for b in there if b is not other and b.tickets[0].customer == merged.customer]
        # Two tickets that each have an issue of their own cannot become one: a person must choose.
        if (into := self.pick([b for b in alike if not (b.works and other.works)])) is None:
            return False
        # While the hub makes an issue nobody knows which of the two it will be.
        if any(self._wanted(b.tickets[0].desk) - b.works.keys() for b in (into, other)):
            return False
        self.people.merge(into.tickets[0].desk.key, merged.desk.key)
        self.did(merged.desk, f"{AGENT} merges it into desk:{into.tickets[0].desk.key}")
        self.ledger.merge(into, other, merged.desk)
        self.did(into.tickets[0].desk, f"desk:{merged.desk.key} was merged into it")
        return True

    def _wanted(self, desk: Side) -> set[str]:
        tags = self.people.agent("GET", f"tickets/{desk.key}")["tags"]
        return {tool for tag, tool in (("dev", "jira"), ("firmware", "gitlab")) if tag in tags}

    def moves_away(self) -> bool:
        """The developer moves an issue to another project."""
        if (side := self.pick(self.works("gitlab"))) is None:
            return False
        before = side.key
        key = self.people.move(before)
        self.did(side, f"the developer moves it to another project, where it is {key}")
        self.ledger.move(side, key)
        # The other project knows not all the labels, and the issue is open there whatever it was.
        self.ledger.bundle_of(side).by_hand = True
        self._renumber(side)
        return True

    def _renumber(self, side: Side) -> None:
        """Have the ledger know what the texts of an issue that was moved are called now."""
        notes = self.people.notes(side.key)
        for said in self.ledger.said:
            if said.side is side and said.id != DESCRIPTION:
                words = (said.token, *said.earlier)
                said.id = next((str(n["id"]) for n in notes if _begins(n["body"]) in words), said.id)
        self.ledger.touched = [
            (s, next((str(n["id"]) for n in notes if word in n["body"]), id), word)
            if s is side
            else (s, id, word)
            for s, id, word in self.ledger.touched
        ]

    def links_off(self) -> bool:
        """Somebody takes an issue out of its ticket by hand."""
        linked = [(b, w) for b in self.ledger.bundles for w in b.works.values() if w.there and not w.left]
        if (found := self.pick(linked)) is None:
            return False
        bundle, work = found
        self.clock.advance(2)
        if not self._unlink(f"{work.tool}:{work.key}"):
            return False
        self.did(work, f"somebody takes {work.tool}:{work.key} out of its ticket")
        self.ledger.part(bundle, work, self.clock.now())
        self.clock.advance(2)
        for side in (bundle.tickets[0].desk, work):
            if side.there:
                token = self.ledger.token()
                self.say(side, token, f"{token} apart", "after that")
        return True

    def _linked(self, desk: Side, work: Side, into: Bundle, joined: Bundle) -> bool:
        self.clock.advance(2)  # what is said in the very second of linking is neither older nor newer
        now = self.clock.now()
        if not self._link(f"desk:{desk.key}", f"{work.tool}:{work.key}"):
            return False
        (desk if joined.tickets else work).linked = now
        self.clock.advance(2)
        into.works[work.tool], into.by_hand = work, True
        if joined in self.ledger.bundles:
            self.ledger.join(into, joined)
        self.did(desk, f"somebody links it to {work.tool}:{work.key}")
        return True

    def _copy(self, *, plain: bool = False) -> Copy | None:
        """Return a text that the hub wrote; `plain` for one that a person may edit or delete, and has not."""
        side = self.pick([*self.desks(), *self.works()])
        if side is None:
            return None
        texts = [c for c in self._texts(side) if not plain or TOKEN.search(c.body)]
        spoilt = {(s, id) for s, id, _ in self.ledger.touched}
        return self.pick([c for c in texts if (c.side, c.id) not in spoilt])

    def _texts(self, side: Side) -> list[Copy]:
        if side.tool == "desk":
            rows = self.people.conversations(side.key)
            return [
                Copy(side, str(r["id"]), r["body"])
                for r in rows
                if _MARKER.search(r["body"]) and self._ours(r)
            ]
        if side.tool == "jira":
            rows = self.people.comments(side.key)
            mails = [r for r in rows if r["author"].get("displayName") != "Dana Novak"]
            return [Copy(side, str(r["id"]), r["body"]) for r in mails if _MARKER.search(r["body"])]
        rows = [r for r in self.people.notes(side.key) if r["author"]["username"] not in ("dana", "lee")]
        return [Copy(side, str(r["id"]), r["body"]) for r in rows if _MARKER.search(r["body"])]

    def _ours(self, row: dict[str, Any]) -> bool:
        """Whether the hub's account wrote a text at the desk."""
        known = {said.id for said in self.ledger.said if said.side.tool == "desk"}
        return str(row["id"]) not in known


def _begins(body: str) -> str:
    found = TOKEN.search(body)
    return found[0] if found else ""


def _path(copy: Copy) -> str:
    return {
        "desk": f"conversations/{copy.id}",
        "jira": f"api/2/issue/{copy.side.key}/comment/{copy.id}",
        "gitlab": f"issues/{copy.side.key.partition(':')[2]}/notes/{copy.id}",
    }[copy.side.tool]


def _claiming(marker: str, said: Said) -> str:
    """Return a marker that names another text, with a signature that is not its own."""
    _, payload, signature = marker.split(".")
    known = json.loads(base64.b32decode(payload.upper() + "=" * (-len(payload) % 8)))
    known[4:8] = [said.side.tool, said.side.key, said.id, "forged"]
    claim = json.dumps(known, separators=(",", ":"), ensure_ascii=False).encode()
    return f"db1.{base64.b32encode(claim).decode().rstrip('=').lower()}.{signature}"


__all__ = ["Between", "escape"]
