"""Webhooks of projects and (paid) of groups: managing, testing, the log, sending again (8.1)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, entities, payloads, webhooks
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.params import bad
from deskbridge.sandbox.gitlab.places import Level, Owner, Project
from deskbridge.sandbox.gitlab.records import Hook, Issue, Sent
from deskbridge.sandbox.kernel import Refused, reply

_OF_GROUPS = ("subgroup_events", "member_events", "project_events")
_MOST = {"project": 100, "group": 50}
_HEADERS = 20
_HEADER = re.compile(r"[A-Za-z]+[0-9]*(?:[._-][A-Za-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z]+[0-9]*(?:[._-][A-Za-z0-9]+)*")
_CLASSES = ("successful", "client_failure", "server_failure")
_STRATEGIES = ("wildcard", "regex", "all_branches")
_LACKS = {
    "push_events": "Ensure the project has at least one commit.",
    "tag_push_events": "Ensure the project has at least one commit.",
    "merge_requests_events": "Ensure the project has merge requests.",
    "pipeline_events": "Ensure the project has CI pipelines.",
    "job_events": "Ensure the project has CI jobs.",
    "wiki_page_events": "Ensure the wiki is enabled and has pages.",
    "deployment_events": "Ensure the project has deployments.",
    "releases_events": "Ensure the project has releases.",
    "milestone_events": "Ensure the project has milestones.",
    "note_events": "Ensure the project has notes.",
    "confidential_note_events": "Ensure the project has notes.",
    "issues_events": "Ensure the project has issues.",
    "confidential_issues_events": "Ensure the project has issues.",
    "emoji_events": "Ensure the project has notes.",
}
"""What a test answers when there is nothing to send."""


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    found = []
    for owner in ("projects", "groups"):
        many = f"/{owner}/{{id}}/hooks"
        one = f"{many}/{{hook_id}}"
        table: list[tuple[str, str, Any]] = [
            ("GET", many, list_hooks),
            ("POST", many, create),
            ("GET", one, show),
            ("PUT", one, edit),
            ("DELETE", one, delete),
            ("POST", f"{one}/test/{{trigger}}", test),
            ("GET", f"{one}/events", events),
            ("POST", f"{one}/events/{{event_id}}/resend", resend),
            ("PUT", f"{one}/custom_headers/{{key}}", set_header),
            ("DELETE", f"{one}/custom_headers/{{key}}", drop_header),
            ("PUT", f"{one}/url_variables/{{key}}", set_variable),
            ("DELETE", f"{one}/url_variables/{{key}}", drop_variable),
        ]
        found += [router.route(*row) for row in table]
    return found


def _owner(call: Call) -> Owner:
    """Return the place in the path, for its maintainers (project) or owners (group, paid)."""
    owner = call.owner()
    needed = Level.MAINTAINER if isinstance(owner, Project) else Level.OWNER
    if access.level(call.user, owner) < needed or not (isinstance(owner, Project) or call.site.premium):
        raise access.forbidden()
    return owner


def _names(owner: Owner) -> tuple[str, ...]:
    return webhooks.EVENTS if isinstance(owner, Project) else (*webhooks.EVENTS, *_OF_GROUPS)


def _hook(call: Call) -> Hook:
    owner = _owner(call)
    hook = call.row(call.site.hooks, "hook_id")
    if hook.owner is not owner:
        raise missing("Not found")
    return hook


def shape(call: Call, hook: Hook) -> entities.Shape:
    """Return a hook: never its secrets, of headers and variables only the names."""
    site, release = call.site, call.site.switches.release
    named = {"name": hook.name, "description": hook.description} if release >= (17, 1) else {}
    signed = {"signing_token_present": bool(hook.signing_token)} if release >= (19, 0) else {}
    kind = "project_id" if isinstance(hook.owner, Project) else "group_id"
    return {
        "id": hook.id,
        "url": hook.url,
        **named,
        "created_at": entities.instant(hook.created_at),
        **{event: hook.events.get(event, False) for event in _names(hook.owner)},
        "enable_ssl_verification": hook.verify,
        "alert_status": webhooks.alert(site, hook),
        "disabled_until": entities.instant(hook.disabled_until),
        "url_variables": [{"key": key} for key in hook.variables],
        "push_events_branch_filter": hook.branch_filter,
        "branch_filter_strategy": hook.branch_strategy,
        "custom_webhook_template": hook.template,
        "custom_headers": [{"key": key} for key in hook.headers],
        kind: hook.owner.id,
        **signed,
    }


def list_hooks(call: Call) -> Response:
    """List the hooks."""
    owner = _owner(call)
    rows = [hook for hook in call.site.hooks.values() if hook.owner is owner]
    return paged(call, rows, lambda hook: shape(call, hook))


def show(call: Call) -> Response:
    """Answer one hook."""
    return reply(shape(call, _hook(call)))


def create(call: Call) -> Response:
    """Make a hook; of its switches `push_events` is on unless told otherwise."""
    owner = _owner(call)
    call.params.need("url")
    kind = "project" if isinstance(owner, Project) else "group"
    if sum(hook.owner is owner for hook in call.site.hooks.values()) >= _MOST[kind]:
        raise Refused(422, {"error": f"Maximum number of {kind} hooks ({_MOST[kind]}) exceeded"})
    events = {name: name == "push_events" for name in _names(owner)}
    hook = Hook(0, owner, webhooks.new_uuid(call.site), "", call.site.now(), events)
    _fill(call, hook)
    hook.id = call.site.next("hook")
    call.site.hooks[hook.id] = hook
    return reply(shape(call, hook), 201)


def edit(call: Call) -> Response:
    """Change a hook; what is not named stays."""
    hook = _hook(call)
    _fill(call, hook)
    return reply(shape(call, hook))


def _fill(call: Call, hook: Hook) -> None:
    """Take all parameters or, when one is refused, none."""
    params, url = call.params, _url(call, hook)
    switches = {name: params.flag(name) for name in _names(hook.owner)}
    headers, variables = _pairs(call, "custom_headers", _HEADER), _pairs(call, "url_variables", _VARIABLE)
    strategy = params.choice("branch_filter_strategy", _STRATEGIES, hook.branch_strategy)
    verify = params.flag("enable_ssl_verification")
    hook.url, hook.branch_strategy = url, strategy or "wildcard"
    hook.events |= {name: value for name, value in switches.items() if value is not None}
    hook.headers = hook.headers if headers is None else headers
    hook.variables = hook.variables if variables is None else variables
    hook.verify = hook.verify if verify is None else verify
    hook.token = params.text("token", hook.token) or ""
    hook.signing_token = params.text("signing_token", hook.signing_token) or ""
    hook.branch_filter = params.text("push_events_branch_filter", hook.branch_filter)
    hook.template = params.text("custom_webhook_template", hook.template)
    hook.name, hook.description = params.text("name", hook.name), params.text("description", hook.description)


def _url(call: Call, hook: Hook) -> str:
    url = (call.params.text("url", hook.url) or "").strip()
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", url):
        raise Refused(422, {"error": "Invalid url given"})
    return url


def _pairs(call: Call, name: str, form: re.Pattern[str]) -> dict[str, str] | None:
    """Return ``[{"key": ..., "value": ...}]`` as a table; None when it is not given."""
    given = call.params.values.get(name)
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise bad(f"{name} is invalid")
    pairs = {}
    for row in given:
        for part in ("key", "value"):
            if part not in row:
                raise bad(f"{name}[0][{part}] is missing")
        pairs[str(row["key"])] = str(row["value"])
    if len(pairs) > _HEADERS or not all(form.fullmatch(key) and _one_line(v) for key, v in pairs.items()):
        raise Refused(422, {"error": "Illegal key or value"})
    return pairs


def _one_line(value: str) -> bool:
    return bool(value) and value.isprintable() and len(value) <= 2048


def delete(call: Call) -> Response:
    """Take a hook away; what it has queued is not sent any more."""
    hook = _hook(call)
    call.unmodified(hook.created_at)
    del call.site.hooks[hook.id]
    return nothing()


def _with(call: Call, table: dict[str, str], form: re.Pattern[str]) -> Response:
    call.params.need("value")
    key, value = call.path("key"), call.params.text("value") or ""
    full = key not in table and len(table) >= _HEADERS
    if full or not form.fullmatch(key) or not _one_line(value):
        raise Refused(422, {"error": "Illegal key or value"})
    table[key] = value
    return nothing()


def _without(call: Call, table: dict[str, str], what: str) -> Response:
    if table.pop(call.path("key"), None) is None:
        raise missing(f"{what} Not Found")
    return nothing()


def set_header(call: Call) -> Response:
    """Set a header of a hook's own."""
    return _with(call, _hook(call).headers, _HEADER)


def drop_header(call: Call) -> Response:
    """Take a header away."""
    return _without(call, _hook(call).headers, "Custom header")


def set_variable(call: Call) -> Response:
    """Set a variable of a hook's address."""
    return _with(call, _hook(call).variables, _VARIABLE)


def drop_variable(call: Call) -> Response:
    """Take a variable away."""
    return _without(call, _hook(call).variables, "URL variable")


async def test(call: Call) -> Response:
    """Send a sample now; a receiver that answers well gets a disabled hook going again (8.2)."""
    hook, trigger = _hook(call), call.path("trigger")
    if trigger not in _names(hook.owner):
        raise bad("trigger does not have a valid value")
    call.limit(f"web_hook_test {hook.owner.id}", call.site.switches.hook_tests_per_minute)
    sample = _sample(call, hook.owner, trigger)
    if sample is None:
        raise Refused(422, {"message": _LACKS.get(trigger, "Ensure the project has such an event.")})
    name, data = sample
    delivery = webhooks.delivery(call.site, hook, trigger, name, data)
    attempt = await call.site.world.hooks.send_now(delivery)
    if not 200 <= attempt.status < 300:
        raise Refused(422, {"message": attempt.error or f"The receiver answered {attempt.status}"})
    return reply({"message": "201 Created"}, 201)


def _sample(call: Call, owner: Owner, trigger: str) -> tuple[str, payloads.Shape] | None:
    """Return what a test sends: the last thing of its kind."""
    site, issue = call.site, _last_issue(call, owner)
    hidden = "Confidential " if trigger.startswith("confidential") else ""
    if trigger in ("issues_events", "confidential_issues_events") and issue:
        return f"{hidden}Issue Hook", payloads.issue(site, call.user, issue, "", {})
    notes = [note for note in issue.notes.values() if not note.system] if issue else []
    if trigger in ("note_events", "confidential_note_events") and notes:
        return f"{hidden}Note Hook", payloads.note(site, notes[-1], "create")
    stones = [one for one in site.milestones.values() if one.owner is owner]
    if trigger == "milestone_events" and stones and isinstance(owner, Project):
        return "Milestone Hook", payloads.milestone(site, stones[-1], owner, "create")
    mine = [one for one in site.tokens.values() if one.owner is owner]
    if trigger == "resource_access_token_events" and mine:
        return "Resource Access Token Hook", payloads.token(site, mine[-1], owner)
    return None


def _last_issue(call: Call, owner: Owner) -> Issue | None:
    """Return the newest issue, or the newest with a comment when there is one."""
    places = [one for one in call.site.projects.values() if owner in (one, one.group)]
    rows = [one for place in places for one in list(place.issues.values())[-100:]]
    return next((one for one in reversed(rows) if one.comments), rows[-1] if rows else None)


def _since(call: Call, release: tuple[int, int]) -> None:
    if call.site.switches.release < release:
        raise Refused(404, {"error": "404 Not Found"})


def events(call: Call) -> Response:
    """List the deliveries of the last seven days, newest first, by status if asked (17.3)."""
    hook = _hook(call)
    _since(call, (17, 3))
    if not 1 <= (call.params.number("per_page") or 20) <= 20:
        raise bad("per_page does not have a valid value")
    wanted = call.params.words("status")
    if not all(one in _CLASSES or (one.isdigit() and int(one) in list(HTTPStatus)) for one in wanted):
        raise bad("status does not have a valid value")
    rows = [row for row in webhooks.log(call.site, hook) if not wanted or _classed(row) & set(wanted)]
    return paged(call, rows, _event)


def _classed(row: Sent) -> set[str]:
    names = {2: "successful", 4: "client_failure"}
    return {str(row.status), names.get(row.status // 100, "server_failure")}


def _event(row: Sent) -> entities.Shape:
    return {
        "id": row.id,
        "url": row.url,
        "trigger": row.trigger.replace("_events", "_hooks"),
        "request_headers": row.headers,
        "request_data": row.data,
        "response_headers": {},
        "response_body": "",
        "execution_duration": row.seconds,
        "response_status": str(row.status) if row.status else "internal error",
    }


async def resend(call: Call) -> Response:
    """Send a delivery again under its first Idempotency-Key (17.4)."""
    hook = _hook(call)
    _since(call, (17, 4))
    call.limit(f"web_hook_event_resend {hook.owner.id}", call.site.switches.hook_tests_per_minute)
    row = call.row({one.id: one for one in hook.log}, "event_id")
    if row.url != hook.url:
        raise Refused(422, {"message": "The hook URL has changed. This log entry cannot be retried."})
    key, chain = row.headers.get("Idempotency-Key", ""), row.headers["X-Gitlab-Event-UUID"]
    again = webhooks.delivery(call.site, hook, row.trigger, row.event, row.data, chain=chain, key=key)
    attempt = await call.site.world.hooks.send_now(again)
    if not attempt.status:
        raise Refused(422, {"message": attempt.error})
    return reply({"response_status": attempt.status}, 201)
