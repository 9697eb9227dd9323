"""Who looks after the hub: answers what it has set aside, where its words say what a person must do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from tests.campaign.ledger import Ledger

_TAKEN = re.compile(r"was moved to .*, which belongs to (.*): unlink one of them")
_TICKET = re.compile(r"\bdesk #(\d+)\b")
_VANISHED = re.compile(r"all (\d+) texts that were copied from (\w+) are not there any more")


class Operator:
    """Knows what people did, and has the hub's own commands; nothing else that was set aside is answered."""

    def __init__(self, ledger: Ledger, unlink: Callable[[str], bool], allow: Callable[[str], bool]) -> None:
        self._ledger, self._unlink, self._allow = ledger, unlink, allow

    def settles(self, parked: list[tuple[list[str], str]], now: datetime) -> None:
        """Do what a person is asked for."""
        for refs, why in parked:
            for whose in _TAKEN.findall(why):
                self._takes_apart(set(_TICKET.findall(whose)), now)
            if any(self._deleted(refs, tool) >= int(count) for count, tool in _VANISHED.findall(why)):
                self._allow(next(ref for ref in refs if ref.startswith("desk:")))

    def _takes_apart(self, keys: set[str], now: datetime) -> None:
        """Take back the link of some tickets with what an issue, of another one, had just been moved to."""
        for bundle in self._ledger.bundles:
            theirs = [ticket for ticket in bundle.tickets if ticket.desk.key in keys]
            if not 0 < len(theirs) < len(bundle.tickets):
                continue
            for work in bundle.works.values():
                if work.left == "moved" and self._unlink(f"{work.tool}:{work.key}"):
                    self._ledger.split(bundle, theirs, work, now)
                    return

    def _deleted(self, refs: list[str], tool: str) -> int:
        """Return how many texts people deleted on the sides that a ticket has in a tool."""
        here = [s for s in self._ledger.said if s.side.tool == tool and f"{tool}:{s.side.key}" in refs]
        return sum(said.deleted for said in here)
