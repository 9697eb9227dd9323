"""Addresses below the REST API's."""

from __future__ import annotations

from urllib.parse import quote

from connectors.jira.side import API

DESK = "servicedeskapi"


def path(key: str, *rest: str, api: str = API) -> str:
    """Return the address of an issue, or of something below it."""
    return "/".join([api, "issue", *(quote(part, safe="") for part in (key, *rest))])


def desk(*parts: str) -> str:
    """Return an address of Service Management, which takes a project's key for a service desk's id too."""
    return "/".join([DESK, *(quote(part, safe="") for part in parts)])
