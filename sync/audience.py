"""Who may read a copy. The audience of a text, and of a field's value, only narrows on its way."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.capabilities import PlaceAbilities
from mappings.boards import STAFF, UNDECLARED, Readers
from mappings.ticket import Audience, Field
from sync.situation import Situation


def narrowed(audience: Audience, readers: Readers, can: PlaceAbilities) -> Audience | str:
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
    copy = narrowed(audience, s.readers(target), s.abilities(target))
    if not isinstance(copy, Audience):
        return copy
    mails = s.abilities(target).internal_comment_mails
    return None if s.may(mails, target) else "writing it might mail a customer"


def field_readers(s: Situation, target: str, names: Iterable[Field]) -> Readers:
    """Return who reads fields of a side: staff, unless a customer is shown one of them."""
    shown = any(_shown_to(s, target, name) is Audience.CUSTOMER for name in names)
    there = s.readers(target)
    # A field that the tool shows to customers is read by some even where the place is said to be staff's.
    return (there if there.audience is Audience.CUSTOMER else UNDECLARED) if shown else STAFF


def exposed(s: Situation, source: str, target: str, name: Field) -> str | None:
    """Return why a field's value would be read by more people than where it comes from, or None."""
    known = name in s.abilities(source).fields
    audience = _shown_to(s, source, name) if known else Audience.STAFF
    if _shown_to(s, target, name).within(audience):
        return None
    return f"staff alone read it on {source}, and {field_readers(s, target, [name])} would"


def shows_staff_alone(s: Situation, target: str, name: Field) -> bool:
    """Whether a side shows a field to nobody but staff."""
    return _shown_to(s, target, name) is not Audience.CUSTOMER


def _shown_to(s: Situation, connection: str, name: Field) -> Audience:
    ability = s.abilities(connection).fields.get(name)
    return (ability and ability.audience) or s.readers(connection).audience
