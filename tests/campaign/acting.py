"""What all who act have in common: whom they know, what they may pick, how they tell the ledger."""

from __future__ import annotations

from random import Random
from typing import TypeVar

from deskbridge.sandbox.world import Clock
from tests.campaign.ledger import DESCRIPTION, File, Ledger, Said, Side
from tests.campaign.people import People, Upload
from tests.campaign.wording import Writer

T = TypeVar("T")


class Acting:
    """Somebody who acts by chance."""

    def __init__(self, people: People, ledger: Ledger, chance: Random, clock: Clock) -> None:
        self.people, self.ledger, self.chance, self.clock = people, ledger, chance, clock
        self.writer = Writer(chance)

    def pick(self, found: list[T]) -> T | None:
        """Return one of them, the later ones rather; None of none."""
        if not found:
            return None
        if focus := self.ledger.focus:
            found = [one for one in found if _side(one) in focus] or found
        return found[int(len(found) * self.chance.random() ** 0.7)]

    def desks(self) -> list[Side]:
        """Return the tickets at the desk that can be worked on."""
        return [t.desk for _, t in self.ledger.tickets() if t.desk.there and not t.desk.left]

    def works(self, tool: str = "") -> list[Side]:
        """Return the issues, of one tool or of both."""
        sides = (side for bundle in self.ledger.bundles for side in bundle.works.values())
        return [side for side in sides if side.there and not side.left and tool in ("", side.tool)]

    def says(self, side: Side, id: str, token: str, author: str, *files: Upload, private: bool) -> Said:
        """Tell the ledger of a text."""
        sent = [File(file.name, file.sha256) for file in files]
        said = Said(side, id, token, author, private, self.clock.now(), sent)
        self.ledger.said.append(said)
        self.ledger.born[token] = said.when
        kind = "privately" if private else "for the customer"
        what = "describes it" if id == DESCRIPTION else f"says {id}"
        self.did(side, f"{author} {what} {kind}: {token}" + "".join(f", with {f.name}" for f in sent))
        return said

    def did(self, side: Side, what: str) -> None:
        """Tell the ledger of an act."""
        self.ledger.told(side, what, self.clock.now())

    def mine(self, *tools: str) -> list[Said]:
        """Return the texts that stand in some tools, descriptions apart."""
        return [
            said
            for said in self.ledger.said
            if said.side.tool in tools and said.side.there and not said.side.left
            if not said.deleted and said.token
            if said.id != DESCRIPTION and not said.published and not said.kept
        ]

    def revise(self, said: Said) -> str:
        """Return the word of a text's next revision, and have the ledger know it."""
        said.earlier.append(said.token)
        said.token = self.ledger.next(said.token)
        self.ledger.born[said.token] = self.clock.now()
        return said.token

    def files(self, token: str, likely: float = 0.2) -> list[Upload]:
        """Return files to send along; two texts may send files of one name."""
        if self.chance.random() > likely:
            return []
        name = self.chance.choice((f"f{token[2:]}.log", "log.txt", "Bericht März.pdf", "a b (1).bin"))
        return [Upload(name, f"{token} ".encode() * self.chance.randint(1, 300))]


def _side(one: object) -> object:
    return getattr(one, "side", one)
