"""What Jira's error answers say, in any of their six shapes (jira-api 1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import requests


def explain(response: requests.Response, names: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return what an error answer says: a text for a person, and its fields with what is wrong with each.

    `names` turns Jira's field ids into the canonical ones. A bulk create's fields begin with the number
    of the issue they belong to: ``3.subject``.
    """
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return _unreadable(response), {}
    if not isinstance(body, dict):
        return response.text, {}
    return refusal(body, names, response.text)


def denies(response: requests.Response) -> bool:
    """Whether a 403 means the credential: Data Center wants a person to solve a riddle (jira-api 1.1)."""
    return "X-Authentication-Denied-Reason" in response.headers


def genuine(response: requests.Response) -> bool:
    """Whether a 404 is Jira's own; the gateway, and a host without a site, have other ones (jira-api 1.1)."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and not {"timestamp", "path"} <= body.keys()


def refusal(
    body: Mapping[str, Any], names: Mapping[str, str], raw: str = ""
) -> tuple[str, Mapping[str, str]]:
    """Return what an error's JSON object says; see `explain`."""
    errors = body.get("errors")
    fields = {names.get(k, k): str(v) for k, v in errors.items()} if isinstance(errors, dict) else {}
    texts = [*_texts(body), *(f"{field}: {text}" for field, text in fields.items())]
    fields |= dict(_of_each(errors, names))
    return "; ".join(texts) or raw, fields


def _of_each(errors: object, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with each issue of a bulk create (jira-api 3.1)."""
    for error in _list(errors):
        number = error.get("failedElementNumber") if isinstance(error, dict) else None
        if isinstance(number, int):
            inner = error.get("elementErrors")
            text, fields = refusal(inner if isinstance(inner, dict) else {}, names)
            yield from ((f"{number}.{field}", said) for field, said in fields.items())
            yield f"{number}.", text or f"refused ({error.get('status', 400)})"


def _texts(body: Mapping[str, Any]) -> list[str]:
    found = [str(text) for text in _list(body.get("errorMessages"))]
    found += [str(e["message"]) for e in _list(body.get("errors")) if isinstance(e, dict) and "message" in e]
    for key in ("errorMessage", "message", "detail", "error_description", "error"):
        if not found and isinstance(text := body.get(key), str):
            found = [text]
    return found


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _unreadable(response: requests.Response) -> str:
    if reason := response.headers.get("X-Authentication-Denied-Reason"):
        return reason.split(";")[0]
    if "html" in response.headers.get("Content-Type", ""):
        return "a web page instead of Jira's answer; is the connection's url right?"
    return response.text
