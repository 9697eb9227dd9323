"""Transitions: which there are, and what happens on the way (reference, 4.1)."""

from __future__ import annotations

from deskbridge.sandbox.jira import adds, api_projects, desk_rules, edit, errors, notify, show, workflow
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call


def shown(call: Call, issue: Issue, *, screens: bool = False, hidden: bool = False) -> list[Json]:
    """Return the transitions that the issue can take now; none without the permission."""
    if not may(call.caller, "TRANSITION_ISSUES", call.site.projects[issue.project]):
        return []
    found = workflow.available(call.site, issue, hidden=hidden)
    return [_transition(call, issue, one, screens) for one in found]


def _transition(call: Call, issue: Issue, found: workflow.Transition, screens: bool) -> Json:
    shown: Json = {
        "id": found.id,
        "name": found.name,
        "to": show.status(call, call.site.statuses[found.to]),
    }
    if call.site.cloud:
        shown |= {
            "hasScreen": bool(found.screen),
            "isGlobal": not found.sources,
            "isInitial": False,
            "isAvailable": not found.approval,
            "isConditional": found.approval,
            "isLooped": False,
        }
    if screens:
        home, kind = call.site.projects[issue.project], call.site.types[issue.type]
        shown["fields"] = api_projects.transition_fields(call, call.site, found, home, kind)
    return shown


def take(call: Call, issue: Issue, body: Json) -> None:
    """Take a transition: its screen, its validator, its post-functions."""
    found = _chosen(call, issue, body)
    draft = edit.read(call, issue.project, body, [*found.screen, "comment", "worklog"], issue)
    draft.miss(call.site, found.required, issue)
    draft.check()
    if found.assigned and not draft.values.get("assignee", issue.values.get("assignee")):
        raise errors.refusal(400, "The issue must be assigned before it can be resolved.")
    additions = adds.prepare(call, draft)
    move(call, issue, found, draft.values | workflow.side_effects(call.site, issue, found, draft.values))
    adds.add_all(call, issue, additions)


def move(call: Call, issue: Issue, found: workflow.Transition, values: Json) -> None:
    """Set the status and what the transition brings, and tell people."""
    site = call.site
    edit.touch(site, issue)
    items = edit.apply(site, issue, call.user, values, found.to, _kind(values, issue))
    names = {item.get("fieldId"): item["to"] for item in items}
    cause = "issue transitioned"
    if "resolution" in names:
        cause = "issue resolved" if names["resolution"] else "issue reopened"
    notify.notify(site, issue, call.user, cause, f"status: {site.statuses[found.to].name}")
    desk_rules.ask_approval(site, issue)


def _kind(values: Json, issue: Issue) -> str:
    """Return the type of event: workflows that resolve say so, all else is generic."""
    before, after = issue.values.get("resolution"), values.get("resolution")
    if bool(before) == bool(after):
        return "issue_generic"
    return "issue_resolved" if after else "issue_reopened"


def _chosen(call: Call, issue: Issue, body: Json) -> workflow.Transition:
    given = body.get("transition")
    id = given.get("id") if isinstance(given, dict) else None
    if id is None:
        raise errors.refusal(400, "Missing 'transition' identifier")
    allowed = may(call.user, "TRANSITION_ISSUES", call.site.projects[issue.project])
    for transition in workflow.available(call.site, issue) if allowed else ():
        if transition.id == str(id):
            return transition
    raise errors.refusal(400, f"Transition id '{id}' is not valid for this issue.")
