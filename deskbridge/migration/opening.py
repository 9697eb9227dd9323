"""Begins a run, or goes on with the one that was interrupted; its rules are pinned."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from connectors.errors import ConfigError, UnsafePlan
from deskbridge.bootstrap import Application
from deskbridge.migration.desk import digest_of
from deskbridge.migration.succeeding import gone
from sync.store.runs import Run, RunState, State, Which

ALIVE = timedelta(seconds=3)
"""How long after its last word a run counts as worked on: it says one each second."""
GONE = timedelta(seconds=1.2)
"""The same where its process is not there any more, as far as this machine can tell."""


class Changed(StrEnum):
    """What a person wants where the rules are not those that the run before worked by."""

    ASK = "ask"
    CONTINUE = "continue"
    """What was migrated stays as it is."""
    REMAP = "remap"
    """The fields of what was migrated are decided again."""
    STOP = "stop"


CONTINUED = "continued"
"""What is kept with what a run was asked once its rules changed on the way."""
Ask = Callable[[], str]
"""Asks a person for one of `Changed`, in a word."""


def opened(
    application: Application, source: str, who: str, asked: Mapping[str, Any], changed: Changed, ask: Ask
) -> tuple[Run, bool]:
    """Return the run to work for, and whether its fields are decided again.

    Who says `Changed.REMAP` gets it though no rule changed: what stood in the way may have, in a tool.
    Raises UnsafePlan where another process works for it, and ConfigError where the rules changed and nobody
    says what that means.
    """
    runs, now, digest = application.store.runs, application.now, digest_of(application.settings)
    last = next(iter(runs.all(source)), None)
    if last is None:
        return runs.begin(source, digest, who, asked, now()), False
    refuse_two(application, last)
    goes_on = last.state is not RunState.DONE
    # Whatever ended it before all was looked at: the rest is decided again too.
    remap = bool(last.asked.get("remap")) and (goes_on or runs.waiting(source, Which())[0] > 0)
    if last.digest != digest or changed is Changed.REMAP:
        decided = ask() if changed is Changed.ASK else changed.value
        if decided not in (Changed.CONTINUE.value, Changed.REMAP.value):
            raise ConfigError([_CHANGED])
        remap = remap or decided == Changed.REMAP.value
        runs.again(source, [State.SKIPPED, *([State.MIGRATED] if remap else [])])
    asked = {**asked, **({"remap": True} if remap else {})}
    if not goes_on:
        return runs.begin(source, digest, who, asked, now()), remap
    kept = {"demo": last.asked["demo"]} if {"demo"} <= asked.keys() & last.asked.keys() else {}
    if last.digest != digest or last.asked.get(CONTINUED):
        kept = {**kept, CONTINUED: True}
    runs.go_on(last.id, digest, {**asked, **kept}, now())
    return runs.get(last.id) or last, remap


def refuse_two(application: Application, last: Run) -> None:
    """Wait until it is sure that nobody works for a run. Raises UnsafePlan where somebody does."""
    if last.state is not RunState.RUNNING or last.beat is None:
        return
    tries, silent = 0, GONE if gone(application.store, last.id) else ALIVE
    while (left := last.beat + silent - application.now()) > timedelta(0) and tries < _TRIES:
        time.sleep(min(left.total_seconds(), silent.total_seconds()) + 0.05)
        again = application.store.runs.get(last.id)
        if again is not None and again.beat != last.beat:
            way = "`deskbridge migrate status` tells how far it is, `migrate stop` ends it"
            raise UnsafePlan(f"run {last.id} is worked on by another process; {way}")
        tries += 1


_TRIES = 2
_CHANGED = (
    "the rules changed since the last run: say --continue (what was migrated stays as it is) or --remap "
    "(its fields are decided again); without either nothing is done"
)
