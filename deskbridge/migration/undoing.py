"""What `migrate rollback` does and says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connectors.errors import ConfigError, UnsafePlan
from deskbridge.bootstrap import Application
from deskbridge.desk import label_of
from deskbridge.migration.alone import undoing
from deskbridge.migration.asked import Asked
from deskbridge.migration.desk import source_of, targets_of
from deskbridge.migration.told import records
from sync.fields import slug
from sync.migrate.rollback import Result, Rollback, Undone
from sync.store.runs import Item, State

KEPT = (
    "Not undone: the keys of deleted issues, which are never given again; what people were told outside the "
    "tools; and in the tools' own audit logs, that there were such issues."
)


@dataclass(slots=True)
class Undoing:
    """What a rollback did, or would."""

    counts: Counter[Undone] = field(default_factory=Counter)
    left: list[Result] = field(default_factory=list)
    """What stays, each with the reason."""
    problems: list[str] = field(default_factory=list)
    """Rights that are missing; nothing was tried."""
    stays: dict[str, int] = field(default_factory=dict)
    """Accounts and organisations that runs made, by kind: they are not taken away."""

    @property
    def whole(self) -> bool:
        """Whether everything is undone, or can be."""
        return not (self.left or self.problems)


def undone(application: Application, asked: Asked, run: int | None, *, apply: bool) -> Undoing:
    """Undo what runs created, as far as it was asked; without `apply` prove that it is possible.

    Raises ConfigError for a run that there is not, UnsafePlan while one is at work, which would make again
    what is deleted, and WireError where a tool cannot be asked.
    """
    if run is not None and application.store.runs.get(run) is None:
        raise ConfigError([f"--run: there is no run {run}; `deskbridge migrate status --json` lists them"])
    if not apply:
        return _undone(application, asked, run)
    with undoing(application, source_of(application.settings)) as ours:
        return _undone(application, asked, run, ours)


def _undone(
    application: Application, asked: Asked, run: int | None, ours: Callable[[], bool] | None = None
) -> Undoing:
    """Undo for as long as this process is the one that does it (`ours`); without that, only look."""
    settings, store = application.settings, application.store
    source, found = source_of(settings), Undoing(stays=store.admitted.made())
    for error in application.engine.identify():
        raise error
    places = targets_of(settings)
    for name in dict.fromkeys(place.connection for place in places):
        here = [place for place in places if place.connection == name]
        found.problems += application.connectors[name].undeletable(here)
    if found.problems:
        return found
    labels = frozenset(slug(label_of(key, settings.customers[key])) for key in asked.customers)
    rollback = Rollback(store, application.connectors, application.now, run=run, labels=labels)
    for result in rollback.undo(_meant(application, asked, source, ours), apply=ours is not None):
        found.counts[result.what] += 1
        if result.what in (Undone.TOUCHED, Undone.REFUSED, Undone.BUSY, Undone.UNHEARD):
            found.left.append(result)
    return found


def undoing_lines(found: Undoing, *, apply: bool) -> list[str]:
    """Return a rollback as lines."""
    if found.problems:
        return ["It cannot be undone as it is:", *(f"  {problem}" for problem in found.problems)]
    done, gone = found.counts[Undone.DELETED], found.counts[Undone.GONE]
    lines = [f"{done} deleted" if apply else f"{found.counts[Undone.POSSIBLE]} can be deleted"]
    lines += [f"{gone} were deleted by somebody already"] if gone else []
    lines += [f"{one.what}: {one.target} (of {one.source}): {one.why}" for one in found.left]
    if not apply:
        lines.append("Nothing is deleted yet: say --apply. What is deleted cannot be brought back.")
    people = f"Customers' records stay too, as people may use them by now: {records(found.stays)}."
    return [*lines, KEPT, *([people] if found.stays else [])]


def undoing_json(found: Undoing) -> dict[str, object]:
    """Return a rollback as data."""
    return {
        "counts": {what.value: found.counts[what] for what in Undone},
        "left": [
            {"ticket": str(one.source), "issue": str(one.target), "what": one.what.value, "why": one.why}
            for one in found.left
        ],
        "problems": found.problems,
        "stays": found.stays,
    }


def _meant(
    application: Application, asked: Asked, source: str, ours: Callable[[], bool] | None
) -> Iterator[Item]:
    for item in _items(application, asked, source):
        if ours is not None and not ours():
            raise UnsafePlan("this rollback gave no sign of life for long, and others go on; run it again")
        yield item


def _items(application: Application, asked: Asked, source: str) -> Iterator[Item]:
    """Yield the tickets of the source that are meant; the customers are told by the issues' labels."""
    which = Asked(statuses=asked.statuses, created=asked.created, ids=asked.ids).which(
        application.settings, source
    )
    for item in application.store.runs.walk(source, list(State), which=which):
        if not asked.statuses or item.status in asked.statuses:
            yield item
