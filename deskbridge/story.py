"""What the hub knows of one ticket, from what it kept when it decided: for people and programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deskbridge.sla.told import Clocks, clock_lines, clocks_json
from mappings.ticket import MESSAGE_0, Field, Ref, Unmapped
from mappings.vocabulary import Native, Vocabularies
from sync.late import is_record
from sync.seen import Kind, Mirror, TextId
from sync.store.bundles import Bundle
from sync.store.decisions import CARRIED_OUT, Decision
from sync.store.findings import Finding
from sync.store.inbox import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that is known of one ticket."""

    bundle: Bundle
    decisions: Sequence[Decision]
    findings: Sequence[Finding]
    waiting: Waiting | None
    """Its row in the inbox: when it is looked at next, or why it is parked."""
    clocks: Sequence[Clocks] = ()
    """What was promised of each front side, as it was last read."""
    words: Mapping[str, Vocabularies] = field(default_factory=dict)
    """What each connection's own words mean by the settings of today."""


def story_json(story: Story) -> dict[str, object]:
    """Return a ticket's story as data: its sides, fields, texts and files, and what was not done and why."""
    bundle = story.bundle
    return {
        "sides": [_side(bundle, ref) for ref in bundle.refs],
        "former": [str(ref) for ref in bundle.former],
        "next": _next(story.waiting),
        "fields": [field for ref in bundle.refs for field in fields_of(story, ref)],
        "texts": [_copy(story, m) for m in bundle.mirrors if m.kind is Kind.COMMENT and _is_text(m)],
        "files": [_copy(story, m) for m in bundle.mirrors if m.kind is Kind.FILE and not is_record(m)],
        "clocks": [clock for told in story.clocks for clock in clocks_json(told)],
        "not_done": [
            {
                "target": d.target.connection,
                "what": d.name,
                "why": d.why,
                "at": d.at.isoformat(),
                "look": d.look,
            }
            for d in story.decisions
            if d.kind in ("skip", "conflict")
        ],
        "failed": [
            {
                "target": str(d.target),
                "what": f"{d.kind} {d.name}",
                "result": d.result,
                "at": d.at.isoformat(),
                "look": d.look,
            }
            for d in story.decisions
            if d.result not in (*CARRIED_OUT, "skipped")
        ],
    }


def story_lines(story: Story) -> list[str]:
    """Return a ticket's story for a person to read."""
    bundle = story.bundle
    if bundle.id is None and not (story.decisions or story.findings or story.waiting):
        way = f"`deskbridge plan {_said(bundle.refs[0])}` tells what would be written"
        return [f"{bundle.refs[0]}: it is not linked, and nothing was ever decided about it; {way}"]
    lines = [" = ".join(str(ref) for ref in bundle.refs) or bundle.subject]
    for ref in bundle.refs:
        lines += [f"{ref}: {bundle.urls.get(ref, '')}{state_of(bundle, ref)}"]
        lines += [f"  {_field_line(field)}" for field in fields_of(story, ref)]
    for told in story.clocks:
        lines += _section(f"Clocks of {told.name}", list(clock_lines(told)))
    copies = [m for m in bundle.mirrors if _is_text(m)]
    lines += _section("Texts and files", [_copy_line(_copy(story, m)) for m in copies])
    lines += _section("Not done, and why", [_skip_line(d) for d in story.decisions if d.result == "skipped"])
    failed = [d for d in story.decisions if d.result not in (*CARRIED_OUT, "skipped")]
    lines += _section(
        "Tried and not made", [f"{_when(d)} {d.target}: {d.kind} {d.name}: {d.result}" for d in failed]
    )
    waiting = _next(story.waiting)
    return [*lines, *([f"Next: {waiting}"] if waiting else [])]


def history_lines(decisions: Iterable[Decision]) -> list[str]:
    """Return everything that was decided about a ticket, oldest first."""
    return [_decision_line(d) for d in decisions] or ["nothing was ever decided about it"]


def history_json(decisions: Iterable[Decision]) -> list[dict[str, str]]:
    """Return everything that was decided about a ticket as data, oldest first."""
    return [
        {
            "at": d.at.isoformat(),
            "connection": d.target.connection,
            "key": d.target.key,
            **{n: str(getattr(d, n)) for n in ("kind", "name", "source", "value", "why")},
            **{n: str(getattr(d, n)) for n in ("readers", "mails", "result", "look")},
        }
        for d in decisions
    ]


def _said(ref: Ref) -> str:
    """Return how a person names a side to a command."""
    return f"{ref.connection}:{ref.key}"


def _side(bundle: Bundle, ref: Ref) -> dict[str, object]:
    return {
        "connection": ref.connection,
        "key": ref.key,
        "name": ref.display,
        "url": bundle.urls.get(ref, ""),
        "state": state_of(bundle, ref).strip(" ()") or "present",
    }


def state_of(bundle: Bundle, ref: Ref) -> str:
    """Return what is odd about a side, in brackets; nothing if it is there."""
    if ref in bundle.lost:
        return f" (lost since {bundle.lost[ref]:%Y-%m-%d %H:%M} UTC)"
    if ref in bundle.missing:
        return f" (not found since {bundle.missing[ref]:%Y-%m-%d %H:%M} UTC)"
    if ref in bundle.held:
        return " (out of reach; it catches up when it answers)"
    if ref in bundle.adopted:
        return f" (linked by a person at {bundle.adopted[ref].at:%Y-%m-%d %H:%M} UTC)"
    return ""


def fields_of(story: Story, ref: Ref) -> list[dict[str, object]]:
    """Return each field of a side as it was last seen, with the hub's last write to it, if there is one."""
    if ref not in story.bundle.seen:
        return []
    last = {
        d.name: d
        for d in story.decisions
        if d.target == ref and d.kind in ("field", "given") and d.result in CARRIED_OUT
    }
    fields: list[dict[str, object]] = []
    for name, native in story.bundle.seen[ref].native.items():
        by = last.get(name)
        told: dict[str, object] = {"side": str(ref), "field": name, "native": native}
        if meant := _meant(story, ref, name, native):
            told["means"] = meant
        if by is not None:
            told |= {"written": by.at.isoformat(), "value": by.value, "from": by.source, "why": by.why}
        fields.append(told)
    return fields


def _meant(story: Story, ref: Ref, name: Field, native: object) -> str | None:
    """Return our word for what a side says, where a table or what was last read of it tells."""
    lens = story.words.get(ref.connection, {}).get(name)
    if native in (None, "") or lens is None:
        return None
    word = lens.get(Native(str(native)))
    if not isinstance(word, Unmapped):
        return str(word)
    facts = story.bundle.statuses(ref) if name == "status" else ()
    return str(facts[-1].status) if facts else None


def _called(bundle: Bundle, text: TextId) -> str:
    """Return what people call the side that a text stands on."""
    ref = Ref(text.connection, text.key)
    return str(next((known for known in bundle.refs if known == ref), ref))


def _copy(story: Story, copy: Mirror) -> dict[str, object]:
    bundle = story.bundle
    made = next(
        (
            d
            for d in reversed(story.decisions)
            if d.kind in ("text", "file")
            and d.result in CARRIED_OUT
            and (d.name, d.source, d.target.connection)
            == (copy.origin.id, copy.origin.connection, copy.target.connection)
        ),
        None,
    )
    what = "the description" if copy.origin.id == MESSAGE_0 else f"{copy.kind} {copy.origin.id}"
    told: dict[str, object] = {
        "what": made.value if made and made.value else what,
        "from": _called(bundle, copy.origin),
        "origin": copy.origin.id,
        "to": _called(bundle, copy.target),
        "copy": copy.target.id,
    }
    if made is not None:
        told |= {
            "written": made.at.isoformat(),
            "why": made.why,
            "readers": made.readers,
            "mails": made.mails,
        }
    return told


def _is_text(copy: Mirror) -> bool:
    return not copy.origin.id.startswith("hub:")


def _next(waiting: Waiting | None) -> str:
    if waiting is None:
        return ""
    if waiting.parked:
        return f"parked: {waiting.parked}"
    return f"looked at {waiting.due_at:%Y-%m-%d %H:%M:%S} UTC: {waiting.reason}" if waiting.due_at else ""


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *(f"  {line}" for line in lines)] if lines else []


def _field_line(field: dict[str, object]) -> str:
    native, meant = _shown(field["native"]), field.get("means")
    line = f"{field['field']}: {native if meant in (None, native) else f'{meant} ({native})'}"
    if "written" not in field:
        return line
    return (
        f"{line}  <- {field['from']} said {field['value']} ({field['why']}; written {_at(field['written'])})"
    )


def _copy_line(copy: dict[str, object]) -> str:
    line = f"{copy['what']}: {copy['from']} -> {copy['to']} ({copy['copy']})"
    if "written" not in copy:
        return line
    return f"{line}, read by {copy['readers']}; {copy['why']}; written {_at(copy['written'])}"


def _skip_line(decision: Decision) -> str:
    return f"{_when(decision)} {decision.target.connection}: {decision.name}: {decision.why}"


def _decision_line(decision: Decision) -> str:
    d = decision
    what = " ".join(part for part in (d.kind, d.name, d.value) if part)
    origin = f" from {d.source}" if d.source else ""
    readers = f", read by {d.readers}" if d.readers else ""
    look = f" [{d.look}]" if d.look else ""
    return f"{_when(d)} {d.target}: {what}{origin}: {d.result}{readers}; {d.why}{look}"


def _when(decision: Decision) -> str:
    return f"{decision.at:%Y-%m-%d %H:%M:%S}"


def _at(iso: object) -> str:
    return str(iso)[:16].replace("T", " ") + " UTC"


def _shown(native: object) -> str:
    if isinstance(native, tuple):
        return ", ".join(map(str, native)) or "none"
    return _instant(str(native)) if native not in (None, "") else "nothing"


def _instant(native: str) -> str:
    """Return a native time as all others are told; anything else as it is."""
    try:
        said = datetime.fromisoformat(native)
    except ValueError:
        return native
    return native if said.tzinfo is None else f"{said.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
