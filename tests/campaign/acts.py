"""What people do by chance, at the desk and in both work tools, each act told to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import requests

from deskbridge.sandbox.world import Clock
from tests.campaign.acts_between import Between
from tests.campaign.acts_desk import AtDesk
from tests.campaign.acts_work import AtWork
from tests.campaign.knowing import found_side
from tests.campaign.ledger import Ledger, Side
from tests.campaign.people import People

_FIELDS = 0.5
"""How often somebody who looks at one ticket changes what is not a text."""


class Crowd:
    """Everybody who acts in one seed."""

    def __init__(
        self,
        people: People,
        ledger: Ledger,
        chance: Random,
        clock: Clock,
        *,
        link: Callable[[str, str], bool],
        unlink: Callable[[str], bool],
    ) -> None:
        """`link` and `unlink` are the hub's own commands; they return whether that was possible."""
        self._ledger, self._chance, self._clock, self._people = ledger, chance, clock, people
        desk = AtDesk(people, ledger, chance, clock)
        work = AtWork(people, ledger, chance, clock)
        between = Between(people, ledger, chance, clock, link, unlink, work.rewrite)
        self._desk, self._between = desk, between
        self._acts: list[tuple[int, Callable[[], bool]]] = [
            (14, desk.notes),
            (8, desk.replies),
            (10, desk.answers),
            (7, desk.edits),
            (3, desk.describes),
            (3, desk.deletes),
            (7, desk.tags),
            (4, desk.sets),
            (3, desk.renames),
            (4, desk.trashes),
            (2, desk.changes_hands),
            (14, work.comments_in_jira),
            (14, work.comments_in_gitlab),
            (8, work.edits),
            (3, work.deletes),
            (4, work.attaches),
            (7, work.tags),
            (6, work.moves),
            (3, work.renames),
            (2, work.removes_issue),
            (3, work.publishes),
            (2, work.slips),
            (2, work.keeps),
            (2, work.narrows),
            (6, between.quotes),
            (5, between.forges),
            (4, between.claims),
            (5, between.program_quotes),
            (5, between.touches_copy),
            (2, between.deletes_copy),
            (3, between.links_second_ticket),
            (2, between.links_own_issue),
            (4, between.links_off),
            (3, between.merges),
            (2, between.moves_away),
        ]

    def opens(self, *, routed: bool | None = None) -> None:
        """Have a customer open a ticket."""
        self._desk.opens(routed=routed)

    def says(self, side: Side) -> str:
        """Have somebody say something to staff, and return the word that it begins with."""
        token = self._ledger.token()
        self._between.say(side, token, f"{token} at last", "at last")
        return token

    def act(self, *, linking: bool = True, focus: Sequence[Side] = ()) -> None:
        """Have somebody do something that is possible now; on the sides in `focus`, rather."""
        acts = [a for a in self._acts if linking or not a[1].__name__.startswith("links")]
        if focus and self._chance.random() < _FIELDS:
            acts = [a for a in acts if a[1].__name__ in ("tags", "sets", "renames", "moves")]
        weights = [weight for weight, _ in acts]
        self._ledger.focus = focus
        for _ in range(50):
            if self._chance.random() < 0.8:
                self._clock.advance(self._chance.choice((0.05, 0.4, 2.0, 30.0, 120.0)))
            if self._chance.choices(acts, weights)[0][1]():
                break
        else:
            raise AssertionError("nobody could do anything")
        self._ledger.focus = ()

    def look(self) -> None:
        """Have the people see which issues stand for which ticket: by the words of its description."""
        work = {"jira": self._people.issues, "gitlab": self._people.gitlab_issues}
        for tool, read in work.items():
            try:
                found = read()
            except requests.HTTPError:
                continue
            for issue in found:
                self._ledger_side(tool, issue)

    def _ledger_side(self, tool: str, issue: dict[str, object]) -> None:
        found_side(self._ledger, tool, issue)
