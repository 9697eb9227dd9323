"""What other tools left on an issue to say where else it is (jira-api 3.5)."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, RootModel

from connectors.errors import Rejected
from connectors.jira.client import Client
from connectors.jira.paths import path
from connectors.jira.wire import Payload

_OURS = "deskbridge:"
"""What the hub's own links are called by: they tell nothing that it does not know."""
_NAME = re.compile(r"[A-Z][A-Z0-9_]*-[1-9][0-9]*")


class _Object(Payload):
    url: str = ""


class _Link(Payload):
    name: str | None = Field(None, alias="globalId")
    object: _Object


class _Links(RootModel[list[_Link]]):
    """All remote links of an issue."""


class _Values(Payload):
    fields: dict[str, Any]


def pointers(client: Client, key: str, field: str) -> list[str]:
    """Return a field's texts, or without one where the issue's remote links lead. Raises Gone, Rejected."""
    if not field:
        links = client.get(_Links, path(key, "remotelink")).root
        return [link.object.url for link in links if not (link.name or "").startswith(_OURS)]
    found = client.get(_Values, path(key), {"fields": field}).fields
    if field not in found:
        why = f"issues have no field {field}; write its id, like customfield_10050"
        raise Rejected(client.http.connection, "GET issue", why, {field: why})
    values = found[field] if isinstance(found[field], list) else [found[field]]
    texts = (one.get("value") if isinstance(one, dict) else one for one in values)
    return [str(text) for text in texts if text is not None]


def meant(url: str, text: str) -> str | None:
    """Return the name of the issue that an address on a site means, or that was written by itself."""
    said = text.strip()
    if said.startswith(f"{url}/browse/"):
        said = re.split(r"[/?#]", said.removeprefix(f"{url}/browse/"))[0]
    return said if _NAME.fullmatch(said) else None
