"""Which ticket a person means: by its connection and key, by its name in its tool, by its address."""

from __future__ import annotations

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from mappings.ticket import Ref


def subject_named(application: Application, name: str) -> str:
    """Return the inbox name of the ticket that a person means, linked or not. Raises ConfigError."""
    ref = ref_named(application, name)
    return application.store.bundles.subject(ref)


def ref_named(application: Application, name: str) -> Ref:
    """Return the side that a person means; whether there is such a ticket is not asked. Raises ConfigError.

    ``desk:42``, ``jira:SUP-12``, ``SUP-12``, ``jira SUP-12`` and ``desk #42`` as the hub prints them, or the
    address where people open it. What a tool calls a ticket by itself must be linked to be known.
    """
    known, said = list(application.settings.connections), name.strip()
    connection, key = _parted(said, known)
    sides = application.store.bundles.called(key or said, connection)
    if len(sides) == 1:
        return sides[0]
    if sides:
        raise ConfigError(
            [f"{name!r} may be {' or '.join(f'{s.connection}:{s.key}' for s in sides)}; say which"]
        )
    if connection and key:
        return Ref(connection, application.connectors[connection].meant(key) or key)
    if said.startswith(("http://", "https://")):
        for one, connector in application.connectors.items():
            if meant := connector.meant(said):
                found = application.store.bundles.called(meant, one)
                return found[0] if found else Ref(one, meant)
    way = f"write CONNECTION:KEY, as in desk:42; the connections are {', '.join(known)}"
    raise ConfigError([f"no ticket is called {name!r}; {way}"])


def _parted(said: str, known: list[str]) -> tuple[str, str]:
    """Return the connection and the key or name that were said; empty where none was."""
    for mark in (":", " "):
        connection, found, key = said.partition(mark)
        if found and connection in known:
            return connection, key.strip()
    return "", ""
