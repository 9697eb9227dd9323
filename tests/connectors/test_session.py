"""The session's short way prepares the same calls as `requests` does, and is not taken for others."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import responses
from requests.auth import HTTPBasicAuth

from connectors.session import Session

URL = "https://acme.test/api/v4/projects/7"


def sent(wire: requests.Session, method: str, url: str, **request: Any) -> requests.PreparedRequest:
    """Return the call as it is sent; a session of ours begins it, any other one makes it."""
    with responses.RequestsMock() as world:
        world.add_callback(method.upper(), url.partition("?")[0], lambda _: (200, {}, ""))
        if isinstance(wire, Session):
            return wire.begin(method, url, (1, 1), **request).request
        return wire.request(method, url, **request).request


@pytest.mark.parametrize(
    ("method", "url", "request_"),
    [
        ("GET", URL, {}),
        ("GET", URL, {"params": {}}),
        ("GET", URL, {"params": {"search": "ä b&c=d/+%", "page": 2, "all": True}}),
        ("GET", URL, {"params": {"labels": ["a", "b"], "none": None}}),
        ("GET", f"{URL}/a%2Fb", {"params": {"page": 1}}),
        ("GET", f"{URL}/files/ä b", {}),
        ("GET", f"{URL}/a/../b", {}),
        ("GET", f"{URL}/50%", {}),
        ("GET", f"{URL}?page=1", {"params": {"all": "1"}}),
        ("post", URL, {"json": {"title": "Prüfung", "labels": ["a"], "n": None}}),
        ("POST", URL, {"json": {}}),
        ("POST", URL, {"json": False}),
        ("POST", URL, {}),
        ("PUT", URL, {"json": {"a": 1}, "headers": {"content-type": "application/vnd.acme+json"}}),
        ("PUT", URL, {"data": '{"a": 1}', "headers": {"X-One": "1"}}),
        ("DELETE", URL, {"headers": {"user-agent": "mine", "X-None": None}}),
    ],
)
@pytest.mark.parametrize("auth", [None, ("key", "X"), HTTPBasicAuth(b"jane", b"secret")])
def test_short_way_says_the_same(method: str, url: str, request_: dict[str, Any], auth: Any) -> None:
    """If our own preparation drops a byte, a system is asked something else than the connector said."""
    ours, plain = Session(), requests.Session()
    plain.trust_env = False
    for wire in (ours, plain):
        wire.auth = auth
        wire.headers["PRIVATE-TOKEN"] = "glpat-1"
        wire.cookies.set("node", "7", domain="acme.test")
    mine, theirs = sent(ours, method, url, **request_), sent(plain, method, url, **request_)
    assert (mine.method, mine.url, mine.body) == (theirs.method, theirs.url, theirs.body)
    assert {k.lower(): v for k, v in mine.headers.items()} == {
        k.lower(): v for k, v in theirs.headers.items()
    }


def test_a_header_that_would_begin_another_one_is_refused() -> None:
    """If a token with a line break in it is sent, whoever made the token writes headers."""
    wire = Session()
    wire.headers["PRIVATE-TOKEN"] = "glpat-1\r\nX-Other: 1"
    with pytest.raises(requests.exceptions.InvalidHeader):
        wire.begin("GET", URL, (1, 1))


@responses.activate
def test_cookies_come_back_to_their_host() -> None:
    """If a cluster's cookie is forgotten, the next call meets a node that has not heard of the last one."""
    wire = Session()
    responses.get(URL, headers={"Set-Cookie": "node=7; Path=/"})
    responses.get("https://other.test/api")
    wire.begin("GET", URL, (1, 1))
    assert wire.begin("GET", URL, (1, 1)).request.headers["Cookie"] == "node=7"
    assert "Cookie" not in wire.begin("GET", "https://other.test/api", (1, 1)).request.headers
