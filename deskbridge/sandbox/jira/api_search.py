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
from deskbridge.sandbox.jira.searches import Search, offset_page, open_search
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
    names = asked.fields or ["id"]
    size = asked.size
    if not set(names) <= _ID_ONLY:
        size = min(size, call.site.switches.search_page)
    page, token = _page(call, asked, size)
    body: Json = {"issues": [_row(call, row, names, asked) for row in page], "isLast": token is None}
    if token is not None:
        body["nextPageToken"] = token
    return reply(body | _heads(call, names, asked.expand))


def _page(call: Call, asked: Asked, size: int) -> tuple[list[Issue], str | None]:
    """Return the issues of a page, and the token of the next one, None behind the last."""
    found = prepared(call.site, call.caller, asked.jql)
    name, page, start = _read_token(call.site, asked) if asked.token else (call.site.new_uuid(), 0, 0)

    def make() -> Search:
        search = Search(call.site, call.caller, found, asked.reconcile)
        if page:  # it was forgotten: go on by what was read
            search.after(0, start)
            search.marks = search.marks[:1] * page
        return search

    search = open_search(call.site, name, make)
    if not search.fresh.issuperset(asked.reconcile):
        search.fresh.update(asked.reconcile)
        search.refresh()
    ids, last = search.after(page, size)
    token = None if last else _token(call.site, asked.jql, name, page + 1, start + len(ids))
    return search.rows(ids), token


def _row(call: Call, row: Issue, names: list[str], asked: Asked) -> Json:
    if names == ["id"] and not asked.expand and not asked.properties:
        return {"id": str(row.id)}
    wanted = show_issue.wanted(call.site, names, ())
    shown = show_issue.issue(call, row, wanted, _per_row(asked.expand), asked.properties)
    if set(names) <= _ID_ONLY:
        del shown["fields"]
    return shown


def _per_row(expand: list[str]) -> list[str]:
    return [name for name in expand if name not in ("names", "schema")]


def _heads(call: Call, names: list[str], expand: list[str]) -> Json:
    # names and schema stand once, at the top.
    wanted = show_issue.wanted(call.site, names, ())
    heads: dict[str, Callable[[], Json]] = {
        "names": lambda: show_issue.names_of(call.site, wanted),
        "schema": lambda: show_issue.schemas_of(call.site, wanted),
    }
    return {name: build() for name, build in heads.items() if name in expand}


def prepared(site: Site, caller: User | None, jql: str, *, bounded: bool = True) -> Found:
    """Return a (bounded) query made ready, or refuse it."""
    try:
        found = jql_match.prepare(site, caller, jql)
    except JqlSyntax as error:
        raise errors.refusal(400, str(error)) from error
    if found.query.where is None and bounded:
        raise errors.refusal(400, UNBOUNDED)
    if len(found.query.order) > MOST_ORDERS:
        raise errors.refusal(400, f"The maximum number of fields to order by is {MOST_ORDERS}.")
    if found.errors and site.switches.unknown_jql == "refuse":
        raise errors.refusal(400, *found.errors)
    return found


def _digest(jql: str) -> str:
    return hashlib.sha256(jql.encode()).hexdigest()[:16]


def _token(site: Site, jql: str, name: str, page: int, start: int) -> str:
    until = int(site.now().timestamp()) + TOKEN_SECONDS
    content = json.dumps([_digest(jql), name, page, start, until]).encode()
    return base64.urlsafe_b64encode(content).decode()


def _read_token(site: Site, asked: Asked) -> tuple[str, int, int]:
    """Return which search goes on, and where; the token belongs to its query and lives a week."""
    try:
        content = json.loads(base64.urlsafe_b64decode((asked.token or "").encode()))
        digest, name, page, start, until = content
        good = digest == _digest(asked.jql) and until >= site.now().timestamp()
        good = good and isinstance(name, str) and type(page) is int is type(start) and page > 0 < start
    except (ValueError, TypeError):
        good, name, page, start = False, "", 0, 0
    if not good:
        raise errors.refusal(400, BAD_TOKEN)
    return name, page, start


def gone(call: Call) -> Response:
    """Say that the old search was removed."""
    raise errors.refusal(410, GONE)


def count(call: Call) -> Response:
    """Return how many issues match, roughly."""
    jql = required(call.closed("jql"), "jql", str)
    found = prepared(call.site, call.caller, jql)
    return reply({"count": len(Search(call.site, call.caller, found).ids)})


def match(call: Call) -> Response:
    """Return which of some issues each query matches; reads the store, not the index."""
    body = call.closed("issueIds", "jqls")
    ids, jqls = required(body, "issueIds", list), texts(body, "jqls")
    if not all(type(id) is int for id in ids) or not jqls:
        raise errors.invalid_payload()
    known = [
        issue for id in ids if (issue := call.site.find_issue(id)) and call.site.sees(call.caller, issue)
    ]
    return reply({"matches": [_matched(call, known, jql) for jql in jqls]})


def _matched(call: Call, known: list[Issue], jql: str) -> Json:
    try:
        found = jql_match.prepare(call.site, call.caller, jql)
    except JqlSyntax as error:
        return {"matchedIssues": [], "errors": [str(error)]}
    matched = [] if found.errors else [issue.id for issue in known if found.test(issue)]
    return {"matchedIssues": matched, "errors": found.errors}


# --- Data Center ----------------------------------------------------------------------------------


def dc_get(call: Call) -> Response:
    """Search as Data Center does, by offset, with the query string."""
    start, size = call.number("startAt", 0), call.number("maxResults", 50)
    names = call.listed("fields")
    strict = call.query("validateQuery", "true").lower() in ("true", "strict")
    return _dc_answer(call, call.query("jql"), (start, size), names, call.listed("expand"), strict=strict)


_DC_BODY = ("jql", "startAt", "maxResults", "validateQuery", "fields", "expand")


def dc_post(call: Call) -> Response:
    """Search as Data Center does, with a body; it takes no ``properties``."""
    body = call.object()
    for name in body:
        if name not in _DC_BODY:
            known = ", ".join(f'"{one}"' for one in _DC_BODY)
            text = f'Unrecognized field "{name}" (Class SearchRequestBean), not marked as ignorable'
            raise errors.refusal(400, f"{text} (known: {known})")
    start, size = optional(body, "startAt", int, 0), optional(body, "maxResults", int, 50)
    strict = optional(body, "validateQuery", (bool, str), default=True) not in (
        False,
        "false",
        "none",
        "warn",
    )
    jql = optional(body, "jql", str, "")
    return _dc_answer(call, jql, (start, size), texts(body, "fields"), texts(body, "expand"), strict=strict)


def _dc_answer(
    call: Call, jql: str, where: tuple[int, int], names: list[str], expand: list[str], *, strict: bool
) -> Response:
    start, size = max(0, where[0]), min(where[1], call.site.switches.dc_longest_page)
    if size < 0:
        size = call.site.switches.dc_longest_page

    def find() -> jql_match.Found:
        try:
            found = jql_match.prepare(call.site, call.caller, jql)
        except JqlSyntax as error:
            raise errors.refusal(400, str(error)) from error
        if found.errors and strict:
            raise errors.refusal(400, *found.errors)
        return found

    rows, total = offset_page(call.site, call.caller, jql, find, start, size)
    wanted = show_issue.wanted(call.site, names, ["*navigable"])
    body: Json = {"expand": "schema,names", "startAt": start, "maxResults": size, "total": total}
    body["issues"] = [show_issue.issue(call, row, wanted, _per_row(expand)) for row in rows]
    return reply(body | _heads(call, wanted, expand))


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
    Rule("GET", "/rest/api/{v}/search/jql", get, on="cloud"),
    Rule("POST", "/rest/api/{v}/search/jql", post, on="cloud"),
    Rule("GET", "/rest/api/{v}/search", gone, on="cloud"),
    Rule("POST", "/rest/api/{v}/search", gone, bare=True, on="cloud"),
    Rule("GET", "/rest/api/{v}/search", dc_get, on="dc"),
    Rule("POST", "/rest/api/{v}/search", dc_post, on="dc"),
    Rule("POST", "/rest/api/{v}/search/approximate-count", count, on="cloud"),
    Rule("POST", "/rest/api/{v}/jql/parse", parse, on="cloud"),
    Rule("POST", "/rest/api/{v}/jql/match", match, on="cloud"),
]
