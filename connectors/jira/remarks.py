"""What should be known of working in a project though nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from connectors.errors import Gone, Rejected
from connectors.jira import wire
from connectors.jira.checks import Checks
from connectors.jira.client import Client
from connectors.jira.resolution import Resolutions
from connectors.jira.side import API, SERVICE
from connectors.jira.translate import status_word
from mappings.boards import Place
from mappings.ticket import Field, Status, Unmapped
from mappings.vocabulary import Native

_ORDINARY = (
    "Jira mails watchers, assignee and reporter of a new issue, comment or status as the project's"
    " notification scheme says; no call of the hub can silence that"
)
"""Creates, comments and transitions have no ``notifyUsers`` (jira-api 11.3)."""
_SERVICE = (
    "see Project settings > Customer notifications for what mails the customer; no call of the API tells",
    "an issue without a request type is on no portal: its customer sees nothing of it",
)
"""Switches of the user interface alone (jira-api 11.3); what a portal shows (8.6)."""
_TRANSITIONS = (
    "which transitions lead to a status only an administrator could ask; a status may prove unreachable"
)


def _one_of(names: list[str]) -> str:
    quoted = [repr(name) for name in names]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


class Remarks:
    """What a person should know of a connection's projects."""

    def __init__(self, client: Client) -> None:
        self._client, self._checks, self._resolutions = client, Checks(client), Resolutions(client)

    def all(self, places: Iterable[Place]) -> list[str]:
        """Return a line for each thing; a place that cannot be looked at has none."""
        found = [line for place in dict.fromkeys(places) for line in self._place(place)]
        return list(dict.fromkeys([*found, *(self._resolution() if found else ())]))

    def _resolution(self) -> Iterator[str]:
        """Say what a screen on the way to a Done status is given that asks for a resolution."""
        name, asking = (
            self._client.http.connection,
            "where a transition to a Done status asks for a resolution",
        )
        if self._client.resolution:
            yield f"{name}: {asking}, {self._client.resolution!r} is given, as the settings say"
        elif (default := self._resolutions.default()) is not None:
            yield f"{name}: {asking}, {default.name or default.id!r} is given, the site's default"
        else:
            yield (
                f"{name}: {asking}, the status is not given: neither the settings name one (`resolution`) nor"
                " is a default of the site known"
            )

    def _place(self, place: Place) -> Iterator[str]:
        where = f"{place.connection} {place.key}"
        with suppress(Gone, Rejected):
            project = self._client.get(wire.Project, f"{API}/project/{place.key}")
            yield from (f"{where}: {line}" for line in self._told(place, project))

    def _told(self, place: Place, project: wire.Project) -> Iterator[str]:
        yield from _SERVICE if project.type == SERVICE else (_ORDINARY,)
        yield _TRANSITIONS
        statuses = [(status_word(status), status.name) for status in self._checks.flow(place)]
        yield from self._several(statuses)
        yield from self._unread("status", statuses)
        types = [(Native(type.id), type.name) for type in self._checks.types(place.key) if not type.subtask]
        yield from self._unread("type", types)
        priorities = [(Native(one.id), one.name) for one in self._checks.priorities(place)]
        yield from self._unread("priority", priorities)
        for field in self._checks.asked(place):
            yield f"new issues must have {field}; a ticket without one is parked, unless it gets a default"

    def _several(self, statuses: list[tuple[Native, str]]) -> Iterator[str]:
        """Name the ends that are told apart by no row: which of them a ticket gets, its workflow decides."""
        lens = self._client.side().lenses.get("status")
        for word, native in lens.writes.items() if lens else ():
            names = [name or one.word for one, name in statuses if lens and lens.get(one) == word]
            exact = any(one.word == native for one, _ in statuses)
            if isinstance(word, Status) and word.done and len(names) > 1 and not exact:
                meant = f"name the one that is meant by its id: write = {{ {word} = ... }} in its vocabulary"
                which = f"{_one_of(names)}, whichever is reached first"
                yield f"{word} may become {which}; {meant}"

    def _unread(self, field: Field, words: Iterable[tuple[Native, str]]) -> Iterator[str]:
        """Name the words that no row reads: they are never copied."""
        lens = self._client.side().lenses.get(field)
        for word, name in words:
            if lens and isinstance(lens.get(word), Unmapped):
                yield f"{field} {name or word.word!r} ({word.word}) is read by no row; add one"
