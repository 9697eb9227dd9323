"""Customers' requests: raised, listed, their status, transitions and comments (reference, 8.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import (
    api_desks,
    api_issues,
    comments,
    desk_mails,
    desk_rules,
    desk_show,
    desk_sla,
    errors,
    fields,
    show,
    show_issue,
    transit,
    workflow,
)
from deskbridge.sandbox.jira.desk_show import APPROVERS, ORGANIZATIONS, PARTICIPANTS, TYPE
from deskbridge.sandbox.jira.model import Comment, FieldDef, Issue, Json, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.records import Desk, RequestType
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import Refused, reply

_EXPANDS = ["participant", "status", "sla", "requestType", "serviceDesk", "attachment", "action", "comment"]


def request_of(call: Call) -> Issue:
    """Return the request that the path names, as its agent or as somebody whom the portal shows it."""
    issue = call.site.find_issue(call.path("key"))
    if issue is not None and call.site.desk_of(issue) is not None and issue.values.get(TYPE):
        mine = call.site.sees(call.user, issue) or desk_rules.sees(call.site, call.user, issue)
        if mine:
            return issue
    text = "The request does not exist, or you do not have permission to see it."
    raise errors.desk(404, text, "sd.request.not.found")


def is_agent(call: Call, issue: Issue) -> bool:
    """Whether the caller works on a request's desk."""
    return desk_rules.is_agent(call.site, call.user, issue)


def as_desk(refusal: Refused) -> Refused:
    """Return a refusal of the platform in service management's shape."""
    body: Any = refusal.body if isinstance(refusal.body, dict) else {}
    texts = [*body.get("errorMessages", []), *(f"{n}: {t}" for n, t in (body.get("errors") or {}).items())]
    return errors.desk(refusal.status, " ".join(texts) or "Invalid request.", "sd.validation")


# --- raising --------------------------------------------------------------------------------------


def create(call: Call) -> Response:
    """Raise a request, as oneself or as an agent on behalf of a customer."""
    body = call.object()
    desk = api_desks.find_desk(call, body.get("serviceDeskId"))
    kind = api_desks.find_type(desk, body.get("requestTypeId"))
    agent = may(call.user, "SERVICEDESK_AGENT", call.site.projects[desk.project])
    reporter = _reporter(call, desk, body.get("raiseOnBehalfOf"), agent)
    adf = bool(optional(body, "isAdfRequest", bool, default=False))
    values = _values(call, desk, kind, optional(body, "requestFieldValues", dict, {}), adf)
    people = [_person(call, one).account_id for one in optional(body, "requestParticipants", list, [])]
    if people and not agent:
        raise errors.desk(403, "You do not have permission to add participants.", "sd.participants")
    values |= {"reporter": reporter.account_id, TYPE: kind.id}
    if people:
        values[PARTICIPANTS] = people
    home = call.site.projects[desk.project]
    issue = api_issues.store(call.site, home, kind.issue_type, call.user, values)
    _waits_for_approval(call, issue, kind)
    desk_mails.facts(issue).channel = optional(body, "channel", str, "api")
    api_issues.announce(call.site, issue, call.user)
    return reply(shown(call, issue), 201)


def _reporter(call: Call, desk: Desk, named: object, agent: bool) -> User:
    if named is None:
        return call.user
    if not agent:
        raise errors.desk(
            403, "You do not have permission to raise requests on behalf of others.", "sd.behalf"
        )
    person = _person(call, named)
    if not desk_rules.may_open(call.site, person, desk):
        raise errors.desk(
            400, f"{person.name} cannot raise requests in this service desk.", "sd.behalf.access"
        )
    return person


def _person(call: Call, named: object) -> User:
    user = call.site.named(named)
    if user is None:
        raise errors.desk(400, f"The user '{named}' does not exist.", "sd.user.not.found")
    return user


def _values(call: Call, desk: Desk, kind: RequestType, given: Json, adf: bool) -> dict[str, Any]:
    """Return a form's values; only fields of the request type may be sent, required ones must be."""
    known = dict(kind.fields)
    wrong = {name: "Field is not on the request type." for name in given if name not in known}
    wrong |= {
        name: "Please provide a valid value."
        for name, needed in known.items()
        if needed and not given.get(name)
    }
    values: dict[str, Any] = {}
    call.version = "3" if adf else "2"
    for name, value in given.items():
        if name not in wrong and name != "attachment":
            try:
                values[name] = fields.parse(call, desk.project, call.site.fields[name], value)
            except fields.BadValue as error:
                wrong[name] = str(error)
    call.version = "2"
    if wrong:
        texts = "; ".join(f"{name}: {text}" for name, text in wrong.items())
        raise errors.desk(
            400, f"Your request could not be created. Please check the fields: {texts}", "sd.fields"
        )
    return values


def _waits_for_approval(call: Call, issue: Issue, kind: RequestType) -> None:
    if kind.approved and issue.values.get(APPROVERS):
        issue.status = workflow.FOR_APPROVAL


# --- shown ----------------------------------------------------------------------------------------


def shown(call: Call, issue: Issue) -> Json:
    """Return a request with what the caller expands."""
    kind = desk_show.type_of(call, issue)
    found = call.site.desk_of(issue)
    assert kind is not None
    assert found is not None
    body: Json = {
        "_expands": _EXPANDS,
        "issueId": str(issue.id),
        "issueKey": issue.key,
        "summary": issue.values["summary"],
        "requestTypeId": kind.id,
        "serviceDeskId": found.id,
        "createdDate": desk_show.date(call, issue.created),
        "reporter": desk_show.person(call, issue.values.get("reporter")),
        "requestFieldValues": _field_values(call, issue, kind),
        "currentStatus": desk_show.status(call, issue, *desk_show.history(issue)[0]),
        "_links": desk_show.links(call, issue),
    }
    wanted = {part.partition(".")[0] for part in call.listed("expand")}
    # Lists are asked for by the singular and shown by the plural.
    return body | {
        name: build(call, issue)
        for name, build in _EXPANDED.items()
        if {name, name.removesuffix("s")} & wanted
    }


def _field_values(call: Call, issue: Issue, kind: RequestType) -> list[Json]:
    rows = []
    for name, _ in kind.fields:
        known, value = call.site.fields[name], issue.values.get(name)
        if value is None:
            continue
        row: Json = {"fieldId": name, "label": known.name, "value": _field_value(call, issue, known, value)}
        if known.kind == "text":
            row["renderedValue"] = {"html": show.rendered_text(call.site, issue, value)}
        rows.append(row)
    return rows


def _field_value(call: Call, issue: Issue, known: FieldDef, value: Any) -> Any:
    """Return a value as a request shows it: people in service management's words, the rest in Jira's."""
    if known.kind == "text":
        return call.site.text(issue, value, "2")
    if known.kind in ("user", "users"):
        accounts = value if isinstance(value, list) else [value]
        return [desk_show.person(call, account) for account in accounts]
    return show_issue.field(call, issue, known)


def _inner(call: Call, values: list[Any]) -> Json:
    """Return a list inside a request: always its first page."""
    head = {"size": len(values[:50]), "start": 0, "limit": 50, "isLastPage": len(values) <= 50}
    return {"_expands": [], **head, "_links": {}, "values": values[:50]}


def _participants(call: Call, issue: Issue) -> Json:
    return _inner(call, [desk_show.person(call, one) for one in issue.values.get(PARTICIPANTS) or ()])


def _actions(call: Call, issue: Issue) -> Json:
    allowed = {"allowed": True}
    names = ("addAttachment", "addComment", "addParticipant", "removeParticipant")
    return dict.fromkeys(names, allowed)


_EXPANDED: dict[str, Callable[[Call, Issue], Json | None]] = {
    "participants": _participants,
    "status": lambda call, issue: _inner(call, _statuses(call, issue)),
    "sla": lambda call, issue: _inner(call, [desk_sla.shown(call, issue, one) for one in desk_sla.METRICS]),
    "requestType": lambda call, issue: (
        desk_show.request_type(call, kind) if (kind := desk_show.type_of(call, issue)) else None
    ),
    "serviceDesk": lambda call, issue: (
        desk_show.desk(call, found) if (found := call.site.desk_of(issue)) else None
    ),
    "attachments": lambda call, issue: _inner(
        call, [desk_show.attachment(call, one) for one in issue.attachments if one.public]
    ),
    "actions": _actions,
    "comments": lambda call, issue: _inner(
        call, [desk_show.comment(call, one) for one in readable(call, issue)]
    ),
}


def get(call: Call) -> Response:
    """Return a request."""
    return reply(shown(call, request_of(call)))


def listed(call: Call) -> Response:
    """Return the caller's own requests: what a person sees, no way to synchronise (reference, 8.2)."""
    ownership = call.listed("requestOwnership") or ["OWNED_REQUESTS", "PARTICIPATED_REQUESTS"]
    state, text = call.query("requestStatus", "ALL_REQUESTS"), call.query("searchTerm").lower()
    rows = [
        issue
        for issue in reversed(call.site.issues.values())
        if issue.values.get(TYPE)
        and _mine(call, issue, ownership)
        and state
        in ("ALL_REQUESTS", "CLOSED_REQUESTS" if issue.values.get("resolution") else "OPEN_REQUESTS")
        and text in issue.values["summary"].lower()
        and _at(call, issue)
    ]
    page = desk_show.page(call, rows, _EXPANDS)
    return reply({**page, "values": [shown(call, issue) for issue in page["values"]]})


def _mine(call: Call, issue: Issue, ownership: list[str]) -> bool:
    me, values = call.user.account_id, issue.values
    shared = (call.site.organizations[id].users for id in values.get(ORGANIZATIONS) or ())
    rounds = issue.request.approvals if issue.request else []
    owns = {
        "OWNED_REQUESTS": values.get("reporter") == me,
        "PARTICIPATED_REQUESTS": me in (values.get(PARTICIPANTS) or ()),
        "ORGANIZATION": any(me in users for users in shared),
        "APPROVER": any(me in one.approvers for one in rounds),
    }
    return any(owns.get(name, False) for name in ownership) or (
        "ALL_REQUESTS" in ownership and desk_rules.sees(call.site, call.user, issue)
    )


def _at(call: Call, issue: Issue) -> bool:
    desk, kind, organization = (call.query(n) for n in ("serviceDeskId", "requestTypeId", "organizationId"))
    found = call.site.desk_of(issue)
    ids = [str(one) for one in issue.values.get(ORGANIZATIONS) or ()]
    return (
        (not desk or (found is not None and found.id == desk))
        and (not kind or issue.values.get(TYPE) == kind)
        and (not organization or organization in ids)
    )


# --- status and transitions -----------------------------------------------------------------------


def _statuses(call: Call, issue: Issue) -> list[Json]:
    return [desk_show.status(call, issue, id, at) for id, at in desk_show.history(issue)]


def statuses(call: Call) -> Response:
    """Return the statuses a request had, newest first."""
    return reply(desk_show.page(call, _statuses(call, request_of(call))))


def transitions(call: Call) -> Response:
    """Return the transitions that customers can take now."""
    issue = request_of(call)
    found = [{"id": t.id, "name": t.name} for t in workflow.available(call.site, issue) if t.portal]
    return reply(desk_show.page(call, found))


def take(call: Call) -> Response:
    """Take a transition that the portal shows; with a comment if one is given."""
    issue, body = request_of(call), call.object()
    for found in workflow.available(call.site, issue):
        if found.portal and found.id == str(body.get("id")):
            more = optional(body, "additionalComment", dict, {})
            values = workflow.side_effects(call.site, issue, found, {})
            transit.move(call, issue, found, values)
            if more.get("body"):
                add_text(call, issue, more["body"], public=True)
            return reply(status=204)
    raise errors.desk(
        400, f"The transition '{body.get('id')}' is not valid for this request.", "sd.transition"
    )


# --- comments -------------------------------------------------------------------------------------


def readable(call: Call, issue: Issue) -> list[Comment]:
    """Return the comments that the caller reads: a customer the public ones only."""
    agent = not call.user.customer
    return [one for one in issue.comments if not one.visibility and (agent or show.is_public(one))]


def list_comments(call: Call) -> Response:
    """Return a request's comments, public, internal or both."""
    issue = request_of(call)
    public, internal = call.flag("public", default=True), call.flag("internal", default=True)
    found = [c for c in readable(call, issue) if (public if show.is_public(c) else internal)]
    page = desk_show.page(call, found, ["attachment", "renderedBody"])
    expand = call.listed("expand")
    return reply({**page, "values": [desk_show.comment(call, one, expand) for one in page["values"]]})


def get_comment(call: Call) -> Response:
    """Return one comment."""
    for one in readable(call, request_of(call)):
        if one.id == call.id():
            return reply(desk_show.comment(call, one, call.listed("expand")))
    raise errors.desk(404, "The comment does not exist.", "sd.comment.not.found")


def add_comment(call: Call) -> Response:
    """Add a comment; one must say whether customers shall read it."""
    issue, body = request_of(call), call.object()
    if not isinstance(body.get("public"), bool):
        raise errors.desk(400, "The 'public' field is required.", "sd.comment.public")
    made = add_text(call, issue, body.get("body"), public=body["public"])
    return reply(desk_show.comment(call, made), 201)


def add_text(call: Call, issue: Issue, text: Any, *, public: bool) -> Comment:
    """Put a comment of wiki text on a request."""
    if not public and call.user.customer:
        raise errors.desk(403, "Customers cannot add internal comments.", "sd.comment.internal")
    if not isinstance(text, str) or not text.strip():
        raise errors.desk(400, "The comment body can not be empty.", "sd.comment.body")
    call.version = "2"
    try:
        words = comments.text_of(call, text)
    except Refused as refusal:
        raise as_desk(refusal) from refusal
    now, me = call.site.now(), call.user.account_id
    made = Comment(0, issue.id, me, me, words, now, now)
    made.properties[comments.PUBLIC] = {"internal": not public}
    return comments.add(call.site, issue, made, call.user)


_R = "/rest/servicedeskapi/request"
RULES = [
    Rule("GET", _R, listed, sign_in=True),
    Rule("POST", _R, create, sign_in=True),
    Rule("GET", _R + "/{key}", get, sign_in=True),
    Rule("GET", _R + "/{key}/status", statuses, sign_in=True),
    Rule("GET", _R + "/{key}/transition", transitions, sign_in=True),
    Rule("POST", _R + "/{key}/transition", take, sign_in=True),
    Rule("GET", _R + "/{key}/comment", list_comments, sign_in=True),
    Rule("POST", _R + "/{key}/comment", add_comment, sign_in=True),
    Rule("GET", _R + "/{key}/comment/{id}", get_comment, sign_in=True),
]
