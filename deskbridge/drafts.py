"""Answers to a customer as drafts: a person copies one, makes it theirs and sends it from the tool. Pure.

The hub sends none of them: the clock stops when the person's own public answer is there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mappings.ticket import Status
from sync.sla.policy import ClockName


@dataclass(frozen=True, slots=True)
class Draft:
    """One text to begin with."""

    name: str
    text: str
    fits: bool
    """Whether a clock that counts now asks for it."""


_TEXTS = (
    (
        "first answer",
        "Thank you for your message. We look at it as {reference}, \u201c{subject}\u201d.",
        ClockName.FIRST_RESPONSE,
    ),
    (
        "still at it",
        "We are still working on {reference}, \u201c{subject}\u201d. You will hear from us again.",
        ClockName.UPDATE,
    ),
    (
        "a question",
        "To go on with {reference}, \u201c{subject}\u201d, we need to know from you:\n\n- ",
        ClockName.NEXT_RESPONSE,
    ),
    (
        "solved",
        "{reference}, \u201c{subject}\u201d, is solved: \n\nIf it comes again, just answer this message.",
        ClockName.RESOLVE,
    ),
)


def drafts(
    *, requester: str, reference: str, subject: str, status: str, running: Collection[ClockName]
) -> list[Draft]:
    """Return the drafts for a ticket, those that a clock asks for first; none for one that is done.

    Only what the customer knows stands in them: their name, their reference, their subject.
    """
    if status in (Status.RESOLVED, Status.CLOSED):
        return []
    hello = f"Hello {requester.strip()}," if requester.strip() else "Hello,"
    said = {"reference": reference, "subject": " ".join(subject.split())}
    found = [
        Draft(name, f"{hello}\n\n{text.format(**said)}\n\nKind regards\n", clock in running)
        for name, text, clock in _TEXTS
    ]
    return sorted(found, key=lambda one: not one.fits)
