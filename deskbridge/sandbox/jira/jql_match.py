"""Finds the issues that a JQL query means, and says what in it is unknown (reference, 2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from deskbridge.sandbox.jira import adf, jql_desk, jql_text, jql_time
from deskbridge.sandbox.jira.fields import GROUPS
from deskbridge.sandbox.jira.jql_parse import Clause, Node, Query, Value, parse
from deskbridge.sandbox.jira.jql_values import values
from deskbridge.sandbox.jira.model import FieldDef, Filter, Issue, User
from deskbridge.sandbox.jira.state import Site, value_of
from deskbridge.sandbox.kernel import Refused

Test = Callable[[Issue], bool]
MOST_GLOBAL_IDS = 100
_BY_REMOTE = "issueswithremotelinksbyglobalid"
_EQUALITY = ("=", "!=", "in", "not in", "is", "is not")
_ORDERED = (*_EQUALITY, "<", "<=", ">", ">=")
_TEXTUAL = ("~", "!~", "is", "is not")
_NEGATED = {
    "=": "!=", "!=": "=", "in": "not in", "not in": "in", "is": "is not", "is not": "is",
    "~": "!~", "!~": "~", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
}  # fmt: skip


class Unknown(Exception):
    """A name or value that the site doesn't have, in Jira's words."""


@dataclass(slots=True)
class Found:
    """A query made ready: its test, its order, and what was unknown in it."""

    query: Query
    test: Test = lambda issue: True
    errors: list[str] = field(default_factory=list)


def prepare(site: Site, caller: User | None, text: str) -> Found:
    """Return a query made ready; raises JqlSyntax. Unknown names are listed, not raised."""
    return ready(site, caller, parse(text))


def ready(site: Site, caller: User | None, query: Query) -> Found:
    """Return a query that was read before made ready."""
    found = Found(query)
    if query.where is not None:
        found.test = _Compiler(site, caller, found.errors).test(query.where)
    return found


def indexed(site: Site, issue: Issue) -> Issue | None:
    """Return an issue as the search index has it, None when it isn't there yet (or no more, a while)."""
    if issue.stale is None:
        return issue
    age = (site.now() - issue.stale[0]).total_seconds()
    lag, flicker = site.switches.index_lag, site.switches.index_flicker
    if age < lag or (flicker and lag + flicker <= age < lag + 2 * flicker):
        return issue.stale[1]
    if age >= lag + 2 * flicker:
        issue.stale = None
    return issue


def sort_value(site: Site, name: str) -> Callable[[Issue], Any] | None:
    """Return what a field sorts by; None for an unknown one, which is ignored."""
    if name.lower() in ("key", "issuekey", "id", "issue"):
        return lambda row: row.id
    if name.lower() == "rank":
        return lambda row: row.rank
    known = site.field_named(name)
    if known is None or known.kind in _UNSORTED:
        return None
    return lambda row: _sortable(_plain(row, known))


_UNSORTED = (
    *("comments", "attachments", "links", "subtasks", "worklogs", "watches", "votes", "timetracking"),
    *("progress", "sla", "approvals", "feedback"),
)


def _sortable(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(map(str, value)).lower() or None
    return value.lower() if isinstance(value, str) else value


_INSTANTS: dict[str, Callable[[Issue], Any]] = {
    "created": lambda row: row.created,
    "updated": lambda row: row.updated,
    "resolutiondate": lambda row: row.resolved,
    "statuscategorychangedate": lambda row: row.status_since,
}


def _plain(row: Issue, known: FieldDef) -> Any:
    if known.id in _INSTANTS:
        return _INSTANTS[known.id](row)
    value = value_of(row, known.id)
    return adf.plain_text(value) if isinstance(value, dict) else value


class _Compiler:
    """Turns clauses into tests for one caller; collects what is unknown."""

    def __init__(self, site: Site, caller: User | None, errors: list[str]) -> None:
        self._site, self._caller, self._errors = site, caller, errors
        self._inside: set[int] = set()

    def test(self, node: Node, negated: bool = False) -> Test:
        """Return the test of a node. NOT is pushed down: it never matches an empty field."""
        if isinstance(node, Clause):
            return self._clause(node, _NEGATED.get(node.operator, "") if negated else node.operator)
        if node.operator == "not":
            return self.test(node.parts[0], not negated)
        tests = [self.test(part, negated) for part in node.parts]
        if (node.operator == "and") != negated:
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def _clause(self, clause: Clause, operator: str) -> Test:
        if clause.operator in ("was", "changed"):
            text = f"the jira sandbox does not know JQL {clause.operator.upper()}"
            raise Refused(501, {"sandbox": text})
        try:
            return self._known(clause, operator)
        except Unknown as error:
            self._errors.append(str(error))
            return lambda row: False

    def _known(self, clause: Clause, operator: str) -> Test:
        name = clause.field.lower()
        if name in ("key", "issuekey", "issue", "id"):
            if all(value.text.lower() == _BY_REMOTE for value in clause.values):
                return self._by_remote(clause, operator)
            return self._members(clause, operator, lambda row: [str(row.id)], self._issue_ids)
        if name in ("text", "comment"):
            return self._text(
                clause, operator, lambda row: jql_text.texts(row, only_comments=name == "comment")
            )
        people = {"watcher": lambda row: row.watchers, "voter": lambda row: row.votes}
        if name in people:
            return self._members(clause, operator, people[name], self._person)
        if name in ("filter", "savedfilter", "request", "searchrequest"):
            return self._filter(clause, operator)
        known = self._site.field_named(clause.field)
        if known is None:
            raise Unknown(f"Field '{clause.field}' does not exist or you do not have permission to view it.")
        return self._field(clause, operator, known)

    def _field(self, clause: Clause, operator: str, known: FieldDef) -> Test:
        if known.kind in ("watches", "votes"):
            count = (
                (lambda row: len(row.watchers)) if known.kind == "watches" else (lambda row: len(row.votes))
            )
            return self._number(clause, operator, known, count)
        if known.kind in ("line", "string", "text"):
            return self._text(clause, operator, lambda row: [jql_text.words_of(_plain(row, known))])
        if known.kind in ("date", "datetime"):
            return self._instant(clause, operator, known)
        if known.kind == "number":
            return self._number(clause, operator, known)
        if known.kind == "sla":
            return jql_desk.clause(self._site, clause, operator, known, Unknown)
        if known.kind in ("attachments", "links", "subtasks"):
            return self._members(clause, operator, lambda row: _listed(row, known.kind), lambda value: [])
        if known.kind == "resolution":
            clause = _unresolved_is_empty(clause)
        return self._members(
            clause,
            operator,
            lambda row: _ids(self._site, row, known),
            lambda v: self._resolve(known, v),
        )

    # --- kinds of clauses ---

    def _members(
        self,
        clause: Clause,
        operator: str,
        get: Callable[[Issue], list[str]],
        resolve: Callable[[Value], list[str]],
    ) -> Test:
        _supported(clause, operator, _EQUALITY)
        empty = any(value.empty for value in clause.values)
        wanted = {id for value in clause.values if not value.empty for id in resolve(value)}
        if operator in ("=", "in", "is"):
            return lambda row: bool(wanted.intersection(got)) if (got := get(row)) else empty
        return lambda row: not wanted.intersection(got) if (got := get(row)) else False

    def _text(self, clause: Clause, operator: str, get: Callable[[Issue], list[list[str]]]) -> Test:
        _supported(clause, operator, _TEXTUAL)
        if operator in ("is", "is not"):
            return lambda row: any(get(row)) == (operator == "is not")
        phrases = jql_text.phrases(clause.values[0].text)
        wanted = operator == "~"
        return lambda row: bool(any(jql_text.holds(words, phrases) for words in get(row)) == wanted)

    def _instant(self, clause: Clause, operator: str, known: FieldDef) -> Test:
        _supported(clause, operator, _ORDERED)
        if any(value.empty for value in clause.values):
            return lambda row: (_plain(row, known) is None) == (operator in ("is", "=", "in"))
        zone = self._caller.time_zone if self._caller else "UTC"
        instants = []
        for value in clause.values:
            instant = jql_time.instant(value, self._site.now(), zone)
            if instant is None:
                raise Unknown(jql_time.bad_date(value.text, clause.field))
            instants.append(instant)
        if known.kind == "date":
            days = [instant.date().isoformat() for instant in instants]
            return _compare(operator, lambda row: _plain(row, known), days)
        return _compare(operator, lambda row: _plain(row, known), instants)

    def _number(
        self, clause: Clause, operator: str, known: FieldDef, count: Callable[[Issue], Any] | None = None
    ) -> Test:
        _supported(clause, operator, _ORDERED)
        get = count or (lambda row: _plain(row, known))
        if any(value.empty for value in clause.values):
            return lambda row: (get(row) is None) == (operator in ("is", "=", "in"))
        try:
            numbers = [float(value.text) for value in clause.values]
        except ValueError as error:
            text = clause.values[0].text
            raise Unknown(
                f"The value '{text}' is not a valid number for the field '{clause.field}'."
            ) from error
        return _compare(operator, get, numbers)

    def _filter(self, clause: Clause, operator: str) -> Test:
        _supported(clause, operator, ("=", "!=", "in", "not in"))
        named = {value.text for value in clause.values}
        saved = [f for f in self._site.filters.values() if named & {str(f.id), f.name}]
        tests = [self._saved(one) for one in saved if one.id not in self._inside]
        if not tests:
            raise Unknown(f"The value '{clause.values[0].text}' does not exist for the field 'filter'.")
        wanted = operator in ("=", "in")
        return lambda row: any(test(row) for test in tests) == wanted

    def _saved(self, saved: Filter) -> Test:
        # A filter that names itself finds nothing instead of going round for ever.
        self._inside.add(saved.id)
        where = parse(saved.jql).where
        test = self.test(where) if where is not None else lambda row: True
        self._inside.discard(saved.id)
        return test

    # --- values ---

    def _issue_ids(self, value: Value) -> list[str]:
        if value.function:
            return self._linked(value)
        issue = self._site.find_issue(value.text) if self._caller else None
        if issue is None:
            raise Unknown(f"An issue with key '{value.text}' does not exist for field 'key'.")
        return [str(issue.id)]

    def _linked(self, value: Value) -> list[str]:
        name = value.text.lower()
        if name == "linkedissues" and value.arguments:
            issue = self._site.find_issue(value.arguments[0])
            ends = {end for link in (issue.links if issue else ()) for end in (link.source, link.target)}
            return [str(end) for end in ends if issue and end != issue.id]
        return self._no_function(value)

    def _by_remote(self, clause: Clause, operator: str) -> Test:
        _supported(clause, operator, ("=", "in", "!=", "not in"))
        wanted = {one for value in clause.values for one in value.arguments}
        if len(wanted) > MOST_GLOBAL_IDS:
            raise Unknown(f"Function 'issuesWithRemoteLinksByGlobalId' takes {MOST_GLOBAL_IDS} ids at most.")
        found = operator in ("=", "in")
        return lambda row: any(link.global_id in wanted for link in row.remote_links) == found

    def _no_function(self, value: Value) -> NoReturn:
        if value.text.lower() in _UNBUILT:
            raise Refused(501, {"sandbox": f"the jira sandbox does not know JQL {value.text}()"})
        raise Unknown(f"Unable to find JQL function '{value.text}({', '.join(value.arguments)})'.")

    def _person(self, value: Value) -> list[str]:
        return self._resolve(self._site.fields["reporter"], value)

    def _resolve(self, known: FieldDef, value: Value) -> list[str]:
        if value.function:
            return self._computed(known, value)
        if known.kind in ("labels", "epic", "group", "groups"):
            return [value.text.lower()]
        wanted = value.text.lower()
        ids = [
            id
            for id, *names in values(self._site, self._caller, known)
            if wanted in (id.lower(), *(n.lower() for n in names))
        ]
        if not ids:
            raise Unknown(f"The value '{value.text}' does not exist for the field '{known.clauses[0]}'.")
        return ids

    def _computed(self, known: FieldDef, value: Value) -> list[str]:
        """Return what a function gives for a field."""
        site, name = self._site, value.text.lower()
        if known.kind in ("user", "users") and name == "currentuser":
            return [self._caller.account_id] if self._caller else []
        if known.kind in ("user", "users") and name == "membersof":
            admins = GROUPS.get(value.arguments[0], True) if value.arguments else True
            return [u.account_id for u in site.users.values() if u.site_admin or not (admins or u.customer)]
        if known.kind in ("versions", "versionref", "versionrefs") and name in _RELEASED:
            wanted, parts = _RELEASED[name], (p for one in site.projects.values() for p in one.versions)
            return [part.id for part in parts if part.released == wanted]
        if known.kind == "sprint" and name in _SPRINTS:
            return [str(one.id) for one in site.sprints.values() if one.state == _SPRINTS[name]]
        if known.kind == "issuetype" and name in _LEVELS:
            return [one.id for one in site.types.values() if one.subtask == _LEVELS[name]]
        return self._no_function(value)


_RELEASED = {"releasedversions": True, "unreleasedversions": False}
_SPRINTS = {"opensprints": "active", "closedsprints": "closed", "futuresprints": "future"}
_LEVELS = {"subtaskissuetypes": True, "standardissuetypes": False}
# Functions that Jira has and this sandbox lacks.
_UNBUILT = frozenset(
    "approved approver cascadeoption choiceoption componentsleadbyuser currentlogin "
    "earliestunreleasedversion issuehistory lastlogin latestreleasedversion linkedworkitem myapproval "
    "mypending pending pendingby projectsleadbyuser projectswhereuserhaspermission "
    "projectswhereuserhasrole spacesleadbyuser spaceswhereuserhaspermission spaceswhereuserhasrole "
    "updatedby votedissues watchedissues workitemhistory organizationmembers customerdetail "
    "entitlementdetail".split()
)


def _unresolved_is_empty(clause: Clause) -> Clause:
    empty = Value("EMPTY", empty=True)
    values = tuple(empty if value.text.lower() == "unresolved" else value for value in clause.values)
    return dataclasses.replace(clause, values=values)


def _supported(clause: Clause, operator: str, operators: Iterable[str]) -> None:
    if operator not in operators:
        text = f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
        raise Unknown(text)
    if operator in ("is", "is not") and not clause.values[0].empty:
        raise Unknown(f"The operator '{clause.operator}' only supports EMPTY for the '{clause.field}' field.")


def _compare(operator: str, get: Callable[[Issue], Any], wanted: list[Any]) -> Test:
    first = wanted[0]
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda value: value == first,
        "!=": lambda value: value != first,
        "in": lambda value: value in wanted,
        "not in": lambda value: value not in wanted,
        "<": lambda value: bool(value < first),
        "<=": lambda value: bool(value <= first),
        ">": lambda value: bool(value > first),
        ">=": lambda value: bool(value >= first),
    }
    test = tests[operator]
    return lambda row: test(value) if (value := get(row)) is not None else False


def _ids(site: Site, row: Issue, known: FieldDef) -> list[str]:
    if known.kind == "statusCategory":
        return [site.statuses[row.status].category]
    value = value_of(row, known.id)
    if known.kind == "labels":
        return [label.lower() for label in value or ()]
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _listed(row: Issue, kind: str) -> list[str]:
    lists: dict[str, list[Any]] = {
        "attachments": row.attachments,
        "links": row.links,
        "subtasks": row.children,
    }
    return ["some"] if lists[kind] else []
