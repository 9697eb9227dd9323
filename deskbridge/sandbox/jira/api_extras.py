"""Transitions, watchers, votes, mails to people, and links between issues (reference, 3.5 and 4)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import adds, comments, errors, show, show_issue, transit
from deskbridge.sandbox.jira.fields import GROUPS
from deskbridge.sandbox.jira.model import Issue, IssueLink, Json, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call, Rule, optional, texts
from deskbridge.sandbox.kernel import reply

# --- transitions ----------------------------------------------------------------------------------


def list_transitions(call: Call) -> Response:
    """Return the transitions that the issue can take now."""
    issue = call.issue()
    wanted = call.query("transitionId")
    screens = "transitions.fields" in call.listed("expand")
    hidden = call.flag("includeUnavailableTransitions")
    found = transit.shown(call, issue, screens=screens, hidden=hidden)
    kept = [one for one in found if not wanted or one["id"] == wanted]
    return reply({"expand": "transitions", "transitions": kept})


def take(call: Call) -> Response:
    """Take a transition; 204 does not prove that the status changed (reference, 4.1)."""
    transit.take(call, call.issue(), call.object())
    return reply(status=204)


# --- watchers and votes ---------------------------------------------------------------------------


def watching(call: Call) -> Response:
    """Return which of some issues the caller watches; False for those they don't see."""
    found = {id: call.site.find_issue(id) for id in texts(call.object(), "issueIds")}
    me = call.user.account_id
    watched = {
        id: issue is not None and call.site.sees(call.user, issue) and me in issue.watchers
        for id, issue in found.items()
    }
    return reply({"issuesIsWatching": watched})


def watchers(call: Call) -> Response:
    """Return who watches an issue."""
    issue = call.issue()
    people = [show.user(call, account) for account in issue.watchers]
    mine = call.user.account_id in issue.watchers
    url = call.url(f"issue/{issue.key}/watchers")
    return reply({"self": url, "isWatching": mine, "watchCount": len(people), "watchers": people})


def watch(call: Call) -> Response:
    """Let an account watch, the caller when none is named; `updated` stays as it is."""
    issue = call.issue()
    named = call.json() if call.raw else None
    if call.raw and not isinstance(named, str):
        raise errors.invalid_payload()
    user = _watcher(call, issue, named) if named else call.user
    if user.account_id not in issue.watchers:
        issue.watchers.append(user.account_id)
        call.site.noted(issue.id)
    return reply(status=204)


def _watcher(call: Call, issue: Issue, named: object) -> User:
    user = call.site.named(named)
    if user is None:
        raise errors.refusal(404, "The user was not found or you cannot see them.")
    if user is not call.user and not may(call.user, "MANAGE_WATCHERS", call.site.projects[issue.project]):
        raise errors.forbidden("You do not have the permission to manage the watchers of this issue.")
    return user


def unwatch(call: Call) -> Response:
    """Let an account no longer watch."""
    issue, named = call.issue(), call.query("accountId" if call.site.cloud else "username")
    if not named:
        raise errors.refusal(400, "The user was not found or you cannot see them.")
    user = _watcher(call, issue, named)
    if user.account_id in issue.watchers:
        issue.watchers.remove(user.account_id)
        call.site.noted(issue.id)
    return reply(status=204)


def votes(call: Call) -> Response:
    """Return who voted for an issue."""
    issue = call.issue()
    voters = [show.user(call, account) for account in issue.votes]
    url = call.url(f"issue/{issue.key}/votes")
    mine = call.user.account_id in issue.votes
    return reply({"self": url, "votes": len(voters), "hasVoted": mine, "voters": voters})


def vote(call: Call) -> Response:
    """Vote as the caller; a reporter has no vote, and a resolved issue takes none."""
    issue, me = call.issue(), call.user.account_id
    if issue.values.get("reporter") == me:
        raise errors.refusal(404, "You cannot vote for an issue you have reported.")
    if issue.values.get("resolution"):
        raise errors.refusal(404, "You cannot vote or change your vote on resolved issues.")
    if me not in issue.votes:
        issue.votes.append(me)
        call.site.noted(issue.id)
    return reply(status=204)


def unvote(call: Call) -> Response:
    """Take the caller's vote back."""
    issue, me = call.issue(), call.user.account_id
    if me not in issue.votes:
        raise errors.refusal(404, "Cannot remove a vote that does not exist.")
    issue.votes.remove(me)
    call.site.noted(issue.id)
    return reply(status=204)


# --- mails ----------------------------------------------------------------------------------------


def notify_people(call: Call) -> Response:
    """Write a mail about an issue to the people a body names; not to the caller alone."""
    issue, body = call.issue(), call.object() if call.raw else {}
    people = _recipients(call, issue, optional(body, "to", dict, {}))
    others = [user for user in people if user is not call.user]
    if not others:
        raise errors.refusal(400, "No recipients were defined for notification.")
    for user in others:
        text = optional(body, "textBody", str, "") or optional(body, "htmlBody", str, "")
        subject = optional(body, "subject", str, "") or f"({issue.key}) {issue.values['summary']}"
        call.site.world.mail(
            system="jira",
            to=user.email,
            subject=f"[JIRA] {subject}",
            text=text,
            cause="notify",
            actor=call.user.email,
            customer=user.customer,
        )
    return reply(status=204)


def _recipients(call: Call, issue: Issue, to: Json) -> list[User]:
    accounts: list[Any] = [
        issue.values.get(name) for name in ("reporter", "assignee") if to.get(name) is True
    ]
    accounts += issue.watchers if to.get("watchers") is True else []
    accounts += issue.votes if to.get("voters") is True else []
    key = "accountId" if call.site.cloud else "name"
    for given in optional(to, "users", list, []):
        user = call.site.named(given.get(key)) if isinstance(given, dict) else None
        if user is None:
            raise errors.refusal(400, "User does not exist.")
        accounts.append(user.account_id)
    for given in optional(to, "groups", list, []):
        if not isinstance(given, dict) or given.get("name") not in GROUPS:
            raise errors.refusal(400, "Group does not exist.")
        admins = GROUPS[given["name"]]
        accounts += [
            u.account_id for u in call.site.users.values() if u.site_admin or not (admins or u.customer)
        ]
    known = (call.site.users.get(account or "") for account in dict.fromkeys(accounts))
    return [user for user in known if user is not None and user.active]


# --- links between issues -------------------------------------------------------------------------


def add_link(call: Call) -> Response:
    """Link two issues; the answer is empty, and a comment is added however often one posts."""
    body = call.object()
    type = adds.link_type(body.get("type"))
    source, target = (_end(call, body.get(name)) for name in ("inwardIssue", "outwardIssue"))
    if not may(call.user, "LINK_ISSUES", call.site.projects[source.project]):
        raise errors.refusal(401, "No Link Issue Permission for issue '" + source.key + "'")
    given = optional(body, "comment", dict)
    comment = comments.draft(call, source, given) if given else None
    adds.add_link(call, type, source, target)
    if comment is not None:
        comments.add(call.site, source, comment, call.user)
    return reply(status=201)


def _end(call: Call, given: object) -> Issue:
    if not isinstance(given, dict) or not ("key" in given or "id" in given):
        raise errors.invalid_payload()
    return call.site.issue(call.caller, given.get("key", given.get("id")))


def _link(call: Call) -> IssueLink:
    link = call.site.links.get(call.id())
    ends = [call.site.issues[id] for id in (link.source, link.target)] if link else []
    if link is None or not any(call.site.sees(call.caller, end) for end in ends):
        raise errors.refusal(404, f"No issue link with id '{call.path('id')}' exists.")
    return link


def get_link(call: Call) -> Response:
    """Return a link with both its issues."""
    return reply(show_issue.link(call, _link(call)))


def delete_link(call: Call) -> Response:
    """Take a link away."""
    adds.drop_link(call, _link(call))
    return reply(status=204)


_ISSUE = "/rest/api/{v}/issue/{key}"
RULES = [
    Rule("GET", _ISSUE + "/transitions", list_transitions),
    Rule("POST", _ISSUE + "/transitions", take),
    Rule("POST", "/rest/api/{v}/issue/watching", watching, sign_in=True, on="cloud"),
    Rule("GET", _ISSUE + "/watchers", watchers),
    Rule("POST", _ISSUE + "/watchers", watch, bare=True),
    Rule("DELETE", _ISSUE + "/watchers", unwatch, bare=True),
    Rule("GET", _ISSUE + "/votes", votes),
    Rule("POST", _ISSUE + "/votes", vote, bare=True),
    Rule("DELETE", _ISSUE + "/votes", unvote, bare=True),
    Rule("POST", _ISSUE + "/notify", notify_people, bare=True),
    Rule("POST", "/rest/api/{v}/issueLink", add_link),
    Rule("GET", "/rest/api/{v}/issueLink/{id}", get_link),
    Rule("DELETE", "/rest/api/{v}/issueLink/{id}", delete_link, bare=True),
]
