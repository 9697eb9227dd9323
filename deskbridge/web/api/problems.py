"""What a program is told when something is wrong: where it is wrong, and the way out (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from connectors.errors import Gone, HubError, Throttled, WireError
from deskbridge.logs import traced
from sync.store.dialects import failed

_log = logging.getLogger(__name__)

KIND = "application/problem+json"


class Wrong(BaseModel):
    """One thing that is wrong."""

    place: str = Field(description="Where: `query.limit`, `body.reason`, `path.ticket`.")
    what: str


class Problem(BaseModel):
    """Why there is no answer."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="What is wrong, for a person.")
    instance: str = Field(description="What was asked for.")
    way: str = Field("", description="What to do about it.")
    problems: list[Wrong] = Field([], description="Every place that is wrong.")


class Refused(Exception):
    """There is no answer, for this reason."""

    def __init__(
        self, status: int, detail: str, way: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.way, self.headers = status, detail, way, headers


SILENT = Refused(
    503,
    "the store does not answer",
    "ask again in a moment; an act may be repeated: what was done already is answered with `changed` false",
    {"Retry-After": "5"},
)
"""Nothing can be told, and nobody recognised."""
TITLES = {
    400: "It cannot be read",
    401: "Nobody is known by that",
    403: "Not for you",
    404: "There is no such thing",
    405: "Not in this way",
    409: "That does not work now",
    413: "Too large",
    414: "Too long",
    415: "Not in this form",
    422: "Something is wrong in it",
    429: "Too often",
    500: "Something went wrong",
    502: "A tool refused",
    503: "Busy, or out of reach",
}


def answer(
    path: str,
    status: int,
    detail: str,
    *,
    way: str = "",
    problems: list[Wrong] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as an answer."""
    told = Problem(
        title=TITLES.get(status, "It did not work"),
        status=status,
        detail=detail,
        instance=path[:300],
        way=way,
        problems=problems or [],
    )
    return JSONResponse(told.model_dump(), status, headers=headers, media_type=KIND)


def refusal(path: str, why: Refused) -> Response:
    """Return why there is no answer."""
    return answer(path, why.status, why.detail, way=why.way, headers=why.headers)


def handle(api: FastAPI) -> None:
    """Have everything that goes wrong be told as a problem."""
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(HubError, _failed)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unexpected)


def _invalid(request: Request, error: Exception) -> Response:
    wrong = [
        Wrong(place=".".join(map(str, one["loc"]))[:200], what=str(one["msg"])[:300])
        for one in (error.errors() if isinstance(error, RequestValidationError) else ())
    ]
    unread = any(place.place.startswith("body") and "JSON" in place.what for place in wrong)
    way = "the description at /api/v1/openapi.json says what each place may hold"
    said = "; ".join(f"{one.place}: {one.what}" for one in wrong[:5])
    return answer(request.url.path, 400 if unread else 422, said, way=way, problems=wrong)


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return refusal(request.url.path, error)


def _failed(request: Request, error: Exception) -> Response:
    path = request.url.path
    if isinstance(error, Throttled):
        return answer(path, 503, str(error), way=f"ask again after {error.until:%H:%M:%S} UTC")
    if isinstance(error, Gone):
        return answer(path, 404, str(error), way="look at its key, and at the rights of the hub's account")
    if isinstance(error, WireError):
        way = "GET /api/v1/connections tells how it is; `deskbridge check --live` says what to correct"
        return answer(path, 502, str(error), way=way)
    return answer(path, 409, str(error), way="the detail says what stands in the way")


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    known = {404: "there is nothing at this address", 405: f"{request.method} does nothing here"}
    detail = known.get(error.status_code, str(error.detail))
    way = "the description at /api/v1/openapi.json lists what there is"
    return answer(request.url.path, error.status_code, detail, way=way, headers=error.headers)


def _unexpected(request: Request, error: Exception) -> Response:
    if failed(error):
        return refusal(request.url.path, SILENT)
    route = getattr(request.scope.get("endpoint"), "__name__", "none")
    _log.error("the API's %s failed: %s", route, traced(error))
    way = "the hub noted why; ask again, and tell whoever runs it"
    return answer(request.url.path, 500, "the hub failed on it", way=way)
