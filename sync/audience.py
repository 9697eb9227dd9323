"""Who may read a copy. The audience of a text only narrows on its way."""

from __future__ import annotations

from connectors.capabilities import Capabilities
from mappings.boards import Readers
from mappings.ticket import Audience
from sync.situation import Situation


def narrowed(audience: Audience, readers: Readers, can: Capabilities) -> Audience | str:
    """Return the audience that a copy gets where `readers` read ordinary texts, or why there is none.

    A copy is for staff, whatever its original was: publishing is a person's act. So it goes where staff
    alone read, or into an internal text; never where a customer would read it.
    """
    if audience is Audience.RESTRICTED:
        return "fewer than staff may read it, and no rule names them"
    if readers.audience is Audience.STAFF or can.internal_comments:
        return Audience.STAFF
    return f"{readers} reads everything there, and no internal text is possible"


def barred(s: Situation, target: str, audience: Audience = Audience.STAFF) -> str | None:
    """Return why a text that this audience may read cannot be written for staff on a side, or None."""
    copy = narrowed(audience, s.readers(target), s.capabilities[target])
    if not isinstance(copy, Audience):
        return copy
    mails = s.capabilities[target].internal_comment_mails
    return None if s.may(mails, target) else "writing it might mail a customer"
