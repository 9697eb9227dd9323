"""Fields that are decided again by today's rules, on every linked ticket, because a person asked for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from connectors.errors import ConfigError, WireError
from deskbridge.bootstrap import Application
from deskbridge.report import complaint, exit_code, outcome_lines, plan_json, plan_lines, summary
from deskbridge.words import nearest, say
from mappings.ticket import FIELDS, Field
from sync.fields import OWN
from sync.outcome import Outcome, Parked

FIELDS_REMAPPED: tuple[Field, ...] = tuple(f for f in FIELDS if f not in (*OWN, "tags"))
"""The hub's clocks decide the others at each look, and tags merge: there is nothing to decide again."""
ALL = "all"


def remappable(asked: Sequence[str] | None) -> frozenset[Field]:
    """Return the fields that were asked for. Raises ConfigError for those that cannot be decided again."""
    known: tuple[str, ...] = (*FIELDS_REMAPPED, ALL)
    wanted = list(asked or ())
    problems = [
        f"--remap {name}: no such field{nearest(name, known)}" for name in wanted if name not in known
    ]
    if problems:
        raise ConfigError(problems)
    return frozenset(name for name in FIELDS_REMAPPED if name in wanted or ALL in wanted)


def remapped(
    application: Application,
    errors: Sequence[WireError],
    fields: frozenset[Field],
    *,
    apply: bool,
    as_json: bool,
) -> int:
    """Decide the fields of every linked ticket again, print what comes of it, and return the exit code."""
    bundles = application.store.bundles
    subjects = [subject for subject in bundles.subjects() if bundles.load(subject).refs]
    if apply:
        code = _written(application, errors, fields, subjects, as_json=as_json)
    else:
        code = _planned(application, errors, fields, subjects, as_json=as_json)
    for error in errors:
        sys.stderr.write(f"deskbridge: {complaint(error)}\n")
    return code


def _planned(
    application: Application,
    errors: Sequence[WireError],
    fields: frozenset[Field],
    subjects: list[str],
    *,
    as_json: bool,
) -> int:
    planned = list(application.engine.plan(subjects, remap=fields))
    if as_json:
        say(json.dumps([plan_json(one) for one in planned], indent=2))
    else:
        lines = [line for one in planned for line in plan_lines(one)]
        say("\n".join([*lines, "Nothing is written yet: say --apply"] if lines else ["Nothing to write."]))
    return exit_code([Parked(one.problem) for one in planned if one.problem and one.waits], errors)


def _written(
    application: Application,
    errors: Sequence[WireError],
    fields: frozenset[Field],
    subjects: list[str],
    *,
    as_json: bool,
) -> int:
    results, busy, ends = [], 0, list[Outcome]()
    for subject in subjects:
        result = application.engine.remap(subject, fields)
        if result is None:
            busy += 1
            continue
        results.append(result)
        ends.append(result.outcome)
        if not as_json:
            refs = application.store.bundles.load(result.subject).refs
            say("\n".join(outcome_lines(result, refs)))
    if as_json:
        say(json.dumps(summary(results) | {"busy": busy}))
    elif busy:
        say(f"{busy} were being worked on by another process; run it again for those")
    return exit_code(ends, errors)
