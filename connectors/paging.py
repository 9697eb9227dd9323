"""Lists that are read page by page come to an end, whatever a server answers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from connectors.errors import Rejected


@dataclass(slots=True)
class Turning:
    """The turning of one list's pages; `by` is the parameter, or the field of an answer, that turns them."""

    connection: str
    call: str
    by: str
    most: int
    """Pages after which it has no end, see `Bounds`."""
    _turned: int = 0
    _signs: set[int] = field(default_factory=set)

    def page(self, sign: Hashable = None) -> None:
        """Count a page that was read. Raises Rejected when a sign of it was there before, or for too many.

        A sign is what tells a page from all others: its token, or its rows. None stands for no sign.
        """
        self._turned += 1
        if self._turned > self.most:
            raise self.refusal(f"there are more than {self.most} pages")
        if sign is None:
            return
        if hash(sign) in self._signs:
            raise self.circling()
        self._signs.add(hash(sign))

    def circling(self) -> Rejected:
        """Return the error that a page is which was there before."""
        return self.refusal("the pages go round in circles")

    def refusal(self, text: str) -> Rejected:
        """Return the error that a list without an end is."""
        return Rejected(self.connection, self.call, f"{self.by}: {text}", {self.by: text})
