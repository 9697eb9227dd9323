"""The shapes in which Jira refuses (reference, 1.2), each a function that makes the refusal."""

from __future__ import annotations

from collections.abc import Mapping

from deskbridge.sandbox.kernel import Refused

NO_ISSUE = "Issue does not exist or you do not have permission to see it."
BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
TOO_LONG = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
}


def refusal(status: int, *messages: str, errors: Mapping[str, str] | None = None) -> Refused:
    """Return the platform's shape: messages about the whole, errors by field."""
    return Refused(status, {"errorMessages": list(messages), "errors": dict(errors or {})})


def invalid_payload() -> Refused:
    """Return the answer to an unreadable body; it has no ``errors``."""
    return Refused(400, {"errorMessages": [BAD_PAYLOAD]})


def problem(status: int, detail: str, instance: str) -> Refused:
    """Return a problem document: unknown path, wrong method, inconvertible parameter."""
    body = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    return Refused(status, body, {"content-type": "application/problem+json"})


def servlet(status: int, url: str) -> Refused:
    """Return what Data Center's framework says instead; an odd parameter is a 404 there."""
    text = f"HTTP {status} {TITLES[status]}" if status in (405, 415) else f"null for uri: {url}"
    status = 404 if status == 400 else status
    return Refused(status, {"message": text, "status-code": status})


def no_issue() -> Refused:
    """Return the answer for an issue that is missing or hidden: nobody can tell which."""
    return refusal(404, NO_ISSUE)


def not_signed_in() -> Refused:
    """Return the edge's shape for a caller without valid credentials."""
    text = "Client must be authenticated to access this resource."
    return Refused(401, {"message": text, "status-code": 401})


def login_required() -> Refused:
    """Return Data Center's answer to an anonymous caller who would need to be somebody."""
    return refusal(401, "You do not have the permission to see the specified issue.", "Login Required")


def scope_missing() -> Refused:
    """Return the gateway's answer to a token that lacks the call's scope."""
    return Refused(401, {"code": 401, "message": "Unauthorized; scope does not match"})


def no_gateway(path: str, now: str) -> Refused:
    """Return the gateway's own 404: it knows no such site or path."""
    body = {
        "timestamp": now,
        "status": 404,
        "error": "Not Found",
        "message": "No message available",
        "path": path,
    }
    return Refused(404, body)


def forbidden(text: str) -> Refused:
    """Return the answer for a known caller who lacks a permission."""
    return refusal(403, text)


def desk(status: int, text: str, key: str = "sd.request.error") -> Refused:
    """Return service management's own shape."""
    return Refused(status, {"errorMessage": text, "i18nErrorMessage": {"i18nKey": key, "parameters": []}})


def bulk(status: int, *messages: str) -> Refused:
    """Return the shape of the bulk operations."""
    return Refused(status, {"errors": [{"message": message} for message in messages]})
