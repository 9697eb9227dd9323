"""The search of 2025 and later: bounded, by token, with ids only by default (reference, 2.1)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, jql_match, show_issue
from deskbridge.sandbox.jira.jql_match import Found
from deskbridge.sandbox.jira.jql_parse import Clause, JqlSyntax, Node, Query
from deskbridge.sandbox.jira.model import Issue, Json, User
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, Rule, optional, required, texts
from deskbridge.sandbox.kernel import reply

UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
BAD_TOKEN = "The provided next page token is invalid or expired."  # noqa: S105 - a message
MOST_RESULTS = 5_000
MOST_ORDERS = 7
MOST_RECONCILED = 50
TOKEN_SECONDS = 7 * 24 * 3600
_ID_ONLY = {"id", "key"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page of a search."""

    jql: str
    token: str | None
    size: int
    fields: list[str]
    expand: list[str] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    reconcile: list[int] = field(default_factory=list)


def get(call: Call) -> Response:
    """Search with the query string."""
    reconcile = [int(id) for id in call.listed("reconcileIssues") if re.fullmatch(r"[0-9]{1,18}", id)]
    asked = Asked(
        call.query("jql"),
        call.query("nextPageToken") or None,
        call.number("maxResults", 50),
        call.listed("fields"),
        call.listed("expand"),
        call.listed("properties"),
        reconcile,
    )
    return _answer(call, asked)


_BODY: dict[str, type | tuple[type, ...]] = {
    "jql": str,
    "nextPageToken": str,
    "maxResults": int,
    "fields": list,
    "expand": str,
    "properties": list,
    "fieldsByKeys": bool,
    "reconcileIssues": list,
}


def post(call: Call) -> Response:
    """Search with a body, whose schema is closed: a word too many refuses it."""
    body = call.object()
    if not set(body) <= set(_BODY):
        raise errors.invalid_payload()
    read = {name: optional(body, name, kind) for name, kind in _BODY.items()}
    reconcile = read["reconcileIssues"] or []
    if not all(isinstance(id, int) for id in reconcile):
        raise errors.invalid_payload()
    expand = [part.strip() for part in (read["expand"] or "").split(",")]
    size = 50 if read["maxResults"] is None else read["maxResults"]
    token, wanted = read["nextPageToken"] or None, texts(body, "fields")
    return _answer(
        call, Asked(read["jql"] or "", token, size, wanted, expand, texts(body, "properties"), reconcile)
    )


def _answer(call: Call, asked: Asked) -> Response:
    if not 1 <= asked.size <= MOST_RESULTS:
        raise errors.refusal(400, f"The value for maxResults must be between 1 and {MOST_RESULTS}.")
    if len(asked.reconcile) > MOST_RECONCILED:
        raise errors.refusal(400, f"At most {MOST_RECONCILED} issues can be reconciled.")
    found = prepared(call.site, call.caller, asked.jql)
    start = _read_token(call.site, asked) if asked.token else 0
    rows = jql_match.select(call.site, found, asked.reconcile) if call.caller else []
    names = asked.fields or ["id"]
    size = asked.size
    if not set(names) <= _ID_ONLY:
        size = min(size, call.site.switches.search_page)
    page = rows[start : start + size]
    body: Json = {"issues": [_row(call, row, names, asked) for row in page]}
    body["isLast"] = start + size >= len(rows)
    if not body["isLast"]:
        body["nextPageToken"] = _token(call.site, asked.jql, start + size)
    return reply(body | _heads(call, names, asked.expand))


def _row(call: Call, row: Issue, names: list[str], asked: Asked) -> Json:
    if names == ["id"] and not asked.expand and not asked.properties:
        return {"id": str(row.id)}
    wanted = show_issue.wanted(call.site, names, ())
    shown = show_issue.issue(call, row, wanted, asked.expand, asked.properties)
    if set(names) <= _ID_ONLY:
        del shown["fields"]
    return shown


def _heads(call: Call, names: list[str], expand: list[str]) -> Json:
    # names and schema stand once, at the top.
    wanted = show_issue.wanted(call.site, names, ())
    heads: dict[str, Callable[[], Json]] = {
        "names": lambda: show_issue.names_of(call.site, wanted),
        "schema": lambda: show_issue.schemas_of(call.site, wanted),
    }
    return {name: build() for name, build in heads.items() if name in expand}


def prepared(site: Site, caller: User | None, jql: str) -> Found:
    """Return a bounded query made ready, or refuse it."""
    try:
        found = jql_match.prepare(site, caller, jql)
    except JqlSyntax as error:
        raise errors.refusal(400, str(error)) from error
    if found.query.where is None:
        raise errors.refusal(400, UNBOUNDED)
    if len(found.query.order) > MOST_ORDERS:
        raise errors.refusal(400, f"The maximum number of fields to order by is {MOST_ORDERS}.")
    if found.errors and site.switches.unknown_jql == "refuse":
        raise errors.refusal(400, *found.errors)
    return found


def _digest(jql: str) -> str:
    return hashlib.sha256(jql.encode()).hexdigest()[:16]


def _token(site: Site, jql: str, start: int) -> str:
    until = int(site.now().timestamp()) + TOKEN_SECONDS
    return base64.urlsafe_b64encode(json.dumps([_digest(jql), start, until]).encode()).decode()


def _read_token(site: Site, asked: Asked) -> int:
    """Return where the page starts; the token belongs to its query and lives a week."""
    try:
        digest, start, until = json.loads(base64.urlsafe_b64decode((asked.token or "").encode()))
        good = digest == _digest(asked.jql) and start > 0 and until >= site.now().timestamp()
    except (ValueError, TypeError):
        good, start = False, 0
    if not good or not isinstance(start, int):
        raise errors.refusal(400, BAD_TOKEN)
    return start


def gone(call: Call) -> Response:
    """Say that the old search was removed."""
    raise errors.refusal(410, GONE)


def count(call: Call) -> Response:
    """Return how many issues match, roughly."""
    jql = required(call.object(), "jql", str)
    found = prepared(call.site, call.caller, jql)
    return reply({"count": len(jql_match.select(call.site, found)) if call.caller else 0})


# --- what a query means ---------------------------------------------------------------------------


def parse(call: Call) -> Response:
    """Return the structure of queries; 200 even for bad ones, with their errors (reference, 2.1)."""
    validation = call.query("validation", "strict")
    if validation not in ("strict", "warn", "none"):
        raise errors.refusal(400, f"Invalid validation '{validation}'. Valid are: strict, warn, none.")
    queries = required(call.object(), "queries", list)
    if not queries or not all(isinstance(query, str) for query in queries):
        raise errors.invalid_payload()
    return reply({"queries": [_parsed(call, query, validation) for query in queries]})


def _parsed(call: Call, query: str, validation: str) -> Json:
    try:
        found = jql_match.prepare(call.site, call.caller, query)
    except JqlSyntax as error:
        return {"query": query, "errors": [str(error)]}
    if found.errors and validation == "strict":
        return {"query": query, "errors": found.errors}
    shown: Json = {"query": query, "structure": _structure(found.query)}
    return {**shown, "warnings": found.errors} if found.errors and validation == "warn" else shown


def _structure(query: Query) -> Json:
    shown: Json = {} if query.where is None else {"where": _clause(query.where)}
    if query.order:
        fields = [
            {"field": {"name": name}, "direction": "desc" if down else "asc"} for name, down in query.order
        ]
        shown["orderBy"] = {"fields": fields}
    return shown


def _clause(node: Node) -> Json:
    if not isinstance(node, Clause):
        parts = [_clause(part) for part in node.parts]
        return {"clauses": parts, "operator": node.operator}
    operands = [_operand(value) for value in node.values]
    operand: Any = {"values": operands} if node.listed else operands[0]
    return {"field": {"name": node.field}, "operator": node.operator, "operand": operand}


def _operand(value: Any) -> Json:
    if value.empty:
        return {"keyword": "empty"}
    if value.function:
        return {"function": value.text, "arguments": list(value.arguments)}
    return {"value": value.text}


RULES = [
    Rule("GET", "/rest/api/{v}/search/jql", get),
    Rule("POST", "/rest/api/{v}/search/jql", post),
    Rule("GET", "/rest/api/{v}/search", gone),
    Rule("POST", "/rest/api/{v}/search", gone, bare=True),
    Rule("POST", "/rest/api/{v}/search/approximate-count", count),
    Rule("POST", "/rest/api/{v}/jql/parse", parse),
]
