"""What belongs to a request: participants, files, clocks, approvals, ratings (reference, 6, 8.2 to 8.5)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from deskbridge.sandbox.jira import (
    api_files,
    desk_mails,
    desk_show,
    desk_sla,
    edit,
    errors,
    transit,
    workflow,
)
from deskbridge.sandbox.jira.api_requests import add_text, is_agent, request_of
from deskbridge.sandbox.jira.desk_show import PARTICIPANTS
from deskbridge.sandbox.jira.model import Approval, Attachment, Issue, Json
from deskbridge.sandbox.jira.records import Temporary
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

# --- participants and mails -----------------------------------------------------------------------


def participants(call: Call) -> Response:
    """Return who else takes part in a request."""
    return _people(call, request_of(call))


def _people(call: Call, issue: Issue) -> Response:
    found = [desk_show.person(call, account) for account in issue.values.get(PARTICIPANTS) or ()]
    return reply(desk_show.page(call, found))


def change_participants(call: Call) -> Response:
    """Add or remove participants; the answer is who they are now."""
    issue = request_of(call)
    named = accounts_of(call, call.object())
    have = list(issue.values.get(PARTICIPANTS) or ())
    if call.request.method == "POST":
        new = list(dict.fromkeys([*have, *named]))
    else:
        new = [one for one in have if one not in named]
    edit.apply(call.site, issue, call.user, {PARTICIPANTS: new})
    return _people(call, issue)


def accounts_of(call: Call, body: Json) -> list[str]:
    """Return the accounts that a body names: ``accountIds`` on Cloud, ``usernames`` on Data Center."""
    given = optional(body, "accountIds" if call.site.cloud else "usernames", list, [])
    users = [call.site.named(one) for one in given]
    if not given or None in users:
        raise errors.desk(400, "Some of the users do not exist.", "sd.user.not.found")
    return [user.account_id for user in users if user is not None]


def notification(call: Call) -> Response:
    """Return whether the caller gets mails of a request."""
    issue, me = request_of(call), call.user.account_id
    facts = desk_mails.facts(issue)
    reporter = issue.values.get("reporter") == me
    subscribed = (reporter or me in facts.followers) and me not in facts.muted
    return reply({"subscribed": subscribed})


def subscribe(call: Call) -> Response:
    """Let the caller get mails of a request, or no more."""
    issue, me = request_of(call), call.user.account_id
    facts = desk_mails.facts(issue)
    add, drop = (
        (facts.followers, facts.muted) if call.request.method == "PUT" else (facts.muted, facts.followers)
    )
    if me not in add:
        add.append(me)
    if me in drop:
        drop.remove(me)
    return reply(status=204)


# --- files ----------------------------------------------------------------------------------------


def files(call: Call) -> Response:
    """Return a request's files; a customer's view has only those that came through this API."""
    issue = request_of(call)
    found = [one for one in issue.attachments if one.public or not call.user.customer]
    return reply(desk_show.page(call, [desk_show.attachment(call, one) for one in found]))


def put_files(call: Call) -> Response:
    """Put temporary files on a request with a comment, for customers to see or not (reference, 6)."""
    issue, body = request_of(call), call.object()
    if not isinstance(body.get("public"), bool):
        raise errors.desk(400, "The 'public' field is required.", "sd.attachment.public")
    ids = optional(body, "temporaryAttachmentIds", list, [])
    waiting = [_temporary(call, id) for id in ids]
    if not waiting:
        raise errors.desk(400, "At least one temporary attachment is needed.", "sd.attachment.none")
    made = [_settle(call, issue, one, public=body["public"]) for one in waiting]
    more = optional(body, "additionalComment", dict, {})
    text = "\n".join(
        [*([str(more["body"])] if more.get("body") else []), *(f"[^{one.filename}]" for one in made)]
    )
    comment = add_text(call, issue, text, public=body["public"])
    for one in made:
        one.comment = comment.id
    shown = [desk_show.attachment(call, one) for one in made]
    page = {"_expands": [], "size": len(shown), "start": 0, "limit": 50, "isLastPage": True, "_links": {}}
    return reply({"comment": desk_show.comment(call, comment), "attachments": {**page, "values": shown}}, 201)


def _temporary(call: Call, id: object) -> Temporary:
    found = call.site.temporary.get(str(id))
    if found is None or found.expires < call.site.now().timestamp():
        text = f"The temporary attachment '{id}' does not exist or has expired."
        raise errors.desk(400, text, "sd.attachment.temporary.missing")
    return found


def _settle(call: Call, issue: Issue, waiting: Temporary, *, public: bool) -> Attachment:
    site, number = call.site, call.site.next_id("attachment")
    del site.temporary[waiting.id]
    (site.files / f"temp-{waiting.id}").rename(site.files / str(number))
    file = (number, waiting.filename, waiting.size, waiting.mime)
    made = api_files.attach(site, issue, call.user, file)
    made.public = public
    return made


# --- clocks ---------------------------------------------------------------------------------------


def clocks(call: Call) -> Response:
    """Return a request's clocks, to agents only."""
    issue = _for_agents(call)
    return reply(desk_show.page(call, [desk_sla.shown(call, issue, one) for one in desk_sla.METRICS]))


def clock(call: Call) -> Response:
    """Return one clock."""
    issue = _for_agents(call)
    for one in desk_sla.METRICS:
        if one.id == call.path("metric"):
            return reply(desk_sla.shown(call, issue, one))
    raise errors.desk(404, "The SLA metric does not exist.", "sd.sla.not.found")


def _for_agents(call: Call) -> Issue:
    issue = request_of(call)
    if not is_agent(call, issue):
        raise errors.desk(403, "Only agents can see the SLA of a request.", "sd.permission.agent")
    return issue


# --- approvals ------------------------------------------------------------------------------------


def approvals(call: Call) -> Response:
    """Return a request's rounds of approval."""
    return reply(desk_show.page(call, desk_show.approvals(call, request_of(call))))


def _round(call: Call) -> tuple[Issue, int, Approval]:
    issue = request_of(call)
    for number, one in enumerate(issue.request.approvals if issue.request else ()):
        if one.id == call.id():
            return issue, number, one
    raise errors.desk(404, "The approval does not exist.", "sd.approval.not.found")


def approval(call: Call) -> Response:
    """Return one round."""
    issue, number, _ = _round(call)
    return reply(desk_show.approvals(call, issue)[number])


def decide(call: Call) -> Response:
    """Approve or decline, as an approver who has not answered yet."""
    issue, number, found = _round(call)
    me, said = call.user.account_id, call.object().get("decision")
    if said not in ("approve", "decline"):
        raise errors.desk(400, "The decision is either approve or decline.", "sd.approval.decision")
    if me not in found.approvers:
        raise errors.desk(403, "You are not an approver of this request.", "sd.approval.permission")
    if found.decision != "pending" or found.approvers[me] != "pending":
        raise errors.desk(409, "The approval was already answered.", "sd.approval.completed")
    answer(call, issue, found, me, "approved" if said == "approve" else "declined")
    return reply(desk_show.approvals(call, issue)[number])


def answer(call: Call, issue: Issue, found: Approval, who: str, said: str) -> None:
    """Take an approver's answer: one no ends the round, so does everybody's yes."""
    found.approvers[who] = said
    if said == "approved" and set(found.approvers.values()) != {"approved"}:
        return
    found.decision, found.completed = said, call.site.now()
    wanted = workflow.FOR_SUPPORT if said == "approved" else workflow.DECLINED
    for one in workflow.available(call.site, issue, hidden=True):
        if one.approval and one.to == wanted:
            transit.move(call, issue, one, workflow.side_effects(call.site, issue, one, {}))


# --- ratings --------------------------------------------------------------------------------------


def rating(call: Call) -> Response:
    """Return how a request was rated."""
    facts = request_of(call).request
    if facts is None or not facts.rating:
        raise errors.desk(404, "The request has no feedback.", "sd.feedback.not.found")
    comment = {"comment": {"body": facts.rating_comment}} if facts.rating_comment else {}
    return reply({"type": "csat", "rating": facts.rating, **comment})


def rate(call: Call) -> Response:
    """Rate a request, as its reporter only: no integration can (reference, 8.4)."""
    issue, body = request_of(call), call.object()
    _reporter(call, issue)
    given = body.get("rating")
    if body.get("type", "csat") != "csat" or type(given) is not int or not 1 <= given <= 5:
        raise errors.desk(400, "The rating is a number from 1 to 5.", "sd.feedback.rating")
    facts = desk_mails.facts(issue)
    text = optional(optional(body, "comment", dict, {}), "body", str, "")
    facts.rating, facts.rating_comment, facts.rated = given, text, call.site.now()
    return reply({"type": "csat", "rating": given, "comment": {"body": text}}, 201)


def unrate(call: Call) -> Response:
    """Take a rating back."""
    issue = request_of(call)
    _reporter(call, issue)
    facts = desk_mails.facts(issue)
    facts.rating, facts.rating_comment, facts.rated = 0, "", None
    return reply(status=204)


def _reporter(call: Call, issue: Issue) -> None:
    if issue.values.get("reporter") != call.user.account_id:
        raise errors.desk(403, "Only the reporter can give feedback.", "sd.feedback.permission")


_K = "/rest/servicedeskapi/request/{key}/"


def _all(name: str, handlers: dict[str, Callable[[Call], Response]]) -> list[Rule]:
    return [Rule(m, _K + name, h, sign_in=True, bare=m in ("PUT", "DELETE")) for m, h in handlers.items()]


RULES = [
    *_all("participant", {"GET": participants, "POST": change_participants, "DELETE": change_participants}),
    *_all("notification", {"GET": notification, "PUT": subscribe, "DELETE": subscribe}),
    *_all("attachment", {"GET": files, "POST": put_files}),
    *_all("sla", {"GET": clocks}),
    *_all("sla/{metric}", {"GET": clock}),
    *_all("approval", {"GET": approvals}),
    *_all("approval/{id}", {"GET": approval, "POST": decide}),
    *_all("feedback", {"GET": rating, "POST": rate, "DELETE": unrate}),
]
