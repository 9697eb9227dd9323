"""Labels and milestones of projects and groups (6.1, 6.2)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, entities, entities_issue, labels, webhooks
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.places import Group, Label, Level, Milestone, Owner
from deskbridge.sandbox.kernel import Refused, reply

_TAKEN = "already being used for another group or project milestone."


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    found = []
    for owner in ("projects", "groups"):
        for kind, handlers in (("labels", _LABELS), ("milestones", _MILESTONES)):
            below, one = f"/{owner}/{{id}}/{kind}", f"/{owner}/{{id}}/{kind}/{{name}}"
            paths = {"list": ("GET", below), "create": ("POST", below), "show": ("GET", one)}
            paths |= {"edit": ("PUT", one), "delete": ("DELETE", one)}
            found += [router.route(*paths[verb], handler) for verb, handler in handlers.items()]
        # The form without the name in the path is the older one; python-gitlab still uses it.
        found.append(router.route("PUT", f"/{owner}/{{id}}/labels", edit_label))
        found.append(router.route("DELETE", f"/{owner}/{{id}}/labels", delete_label))
        for verb, action in (("subscribe", subscribe), ("unsubscribe", unsubscribe)):
            found.append(router.route("POST", f"/{owner}/{{id}}/labels/{{name}}/{verb}", action))
        found.append(router.route("GET", f"/{owner}/{{id}}/milestones/{{name}}/issues", milestone_issues))
    found.append(router.route("PUT", "/projects/{id}/labels/{name}/promote", promote_label))
    found.append(router.route("POST", "/projects/{id}/milestones/{name}/promote", promote_milestone))
    return found


def list_labels(call: Call) -> Response:
    """List the labels usable here, by name; those of the group are among a project's."""
    owner, part = call.owner(), (call.params.text("search") or "").lower()
    rows = [label for label in _usable(call, owner) if part in label.name.lower()]
    if call.params.flag("include_ancestor_groups") is False or call.params.flag("only_group_labels"):
        rows = [label for label in rows if label.owner is owner]
    rows.sort(key=lambda label: label.name.lower())
    counts = labels.counts(call.site, owner) if call.params.flag("with_counts") else None
    return paged(call, rows, lambda label: entities.label(call.site, label, call.user, counts))


def _usable(call: Call, owner: Owner) -> list[Label]:
    rows = list(call.site.labels_for(owner))
    if isinstance(owner, Group) and call.params.flag("include_descendant_groups"):
        below = [one for one in call.site.projects.values() if one.group is owner]
        return (
            rows
            if call.params.flag("only_group_labels")
            else [
                *rows,
                *(one for one in call.site.labels.values() if one.owner in below),
            ]
        )
    return rows


def _shown(call: Call, label: Label, status: int = 200) -> Response:
    return reply(entities.label(call.site, label, call.user), status)


def create_label(call: Call) -> Response:
    """Make a label; a name that is in use here, also in the group, is refused with 409."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    call.params.need("name")
    name = labels.checked_name(call.params.text("name") or "")
    color = labels.color_of(call.params.text("color"))
    if labels.find(call.site, owner, name):
        raise Refused(409, {"message": "Label already exists"})
    text, priority = call.params.text("description"), call.params.number("priority")
    label = labels.create(call.site, owner, name, color, text, priority)
    return _shown(call, label, 201)


def _label(call: Call, owner: Owner, *, own: bool = False) -> Label:
    """Return the label in the path or the parameters, by id or by name; writes take only the owner's own."""
    if "name" in call.request.path_params:
        given = call.path("name")
    else:
        call.params.need_exactly_one("label_id", "name")
        given = call.params.text("label_id") or call.params.text("name") or ""
    for label in call.site.labels_for(owner):
        if given in (str(label.id), label.name) and (label.owner is owner or not own):
            return label
    raise missing("Label Not Found")


def show_label(call: Call) -> Response:
    """Answer one label."""
    return _shown(call, _label(call, call.owner()))


def edit_label(call: Call) -> Response:
    """Rename or recolour a label; issues that bear it are not touched (2.4)."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    call.params.need_one("new_name", "color", "description", "priority")
    label = _label(call, owner, own=True)
    if call.params.text("new_name"):
        name = labels.checked_name(call.params.text("new_name") or "")
        if labels.find(call.site, owner, name) not in (None, label):
            raise Refused(400, {"message": {"title": ["has already been taken"]}})
        label.name = name
    if "color" in call.params:
        label.color = labels.color_of(call.params.text("color"))
    label.description = call.params.text("description", label.description)
    if "priority" in call.params:
        label.priority = call.params.number("priority")
    call.site.changes.renew()
    return _shown(call, label)


def delete_label(call: Call) -> Response:
    """Take a label away, with its lists on boards."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    labels.delete(call.site, _label(call, owner, own=True))
    return nothing()


def promote_label(call: Call) -> Response:
    """Make a project's label its group's: for those who may edit the group's labels too."""
    project = call.project()
    label = _label(call, project, own=True)
    call.need(project.group, Level.PLANNER)
    return _shown(call, labels.promote(call.site, label))


def subscribe(call: Call) -> Response:
    """Subscribe the caller to a label; 304 when it is so already."""
    label = _label(call, call.owner())
    if call.user in label.subscribers:
        return Response(status_code=304)
    label.subscribers.append(call.user)
    return _shown(call, label, 201)


def unsubscribe(call: Call) -> Response:
    """Unsubscribe the caller from a label; 304 when it is so already."""
    label = _label(call, call.owner())
    if call.user not in label.subscribers:
        return Response(status_code=304)
    label.subscribers.remove(call.user)
    return _shown(call, label, 201)


def list_milestones(call: Call) -> Response:
    """List milestones; those of the group only when asked for."""
    owner = call.owner()
    ancestors = call.params.flag("include_ancestors") or call.params.flag("include_parent_milestones")
    before, after = call.params.instant("updated_before"), call.params.instant("updated_after")
    state = call.params.choice("state", ("active", "closed", "all"), "all")
    iids, title = call.params.numbers("iids"), call.params.text("title")
    part = (call.params.text("search") or "").lower()
    rows = [
        one
        for one in call.site.milestones_for(owner)
        if (one.owner is owner or ancestors)
        and state in ("all", one.state)
        and (not iids or one.iid in iids)
        and title in (None, one.title)
        and part in f"{one.title} {one.description}".lower()
        and (before is None or one.updated_at <= before)
        and (after is None or one.updated_at >= after)
    ]
    return paged(call, rows[::-1], lambda one: entities.milestone(call.site, one))


def create_milestone(call: Call) -> Response:
    """Make a milestone; titles are unique in a project and its group."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    call.params.need("title")
    now = call.site.now()
    stone = Milestone(0, owner.milestones + 1, "", owner, now, now)
    _fill(call, stone)
    stone.id, owner.milestones = call.site.next("milestone"), stone.iid
    call.site.milestones[stone.id] = stone
    call.site.changes.renew()
    webhooks.milestone(call.site, stone, "create")
    return reply(entities.milestone(call.site, stone), 201)


def _fill(call: Call, stone: Milestone) -> None:
    title = (call.params.text("title", stone.title) or "").strip()
    known = [one.title for one in call.site.milestones_for(stone.owner) if one is not stone]
    if not title or title in known:
        raise Refused(400, {"message": {"title": [_TAKEN if title else "can't be blank"]}})
    stone.title = title
    stone.description = call.params.text("description", stone.description) or ""
    if "due_date" in call.params:
        stone.due_date = call.params.day("due_date")
    if "start_date" in call.params:
        stone.start_date = call.params.day("start_date")
    if stone.start_date and stone.due_date and stone.due_date < stone.start_date:
        raise Refused(400, {"message": {"due_date": ["must be greater than start date"]}})
    stone.updated_at = call.site.now()


def _milestone(call: Call, owner: Owner) -> Milestone:
    stone = call.row(call.site.milestones, "name", "Milestone Not Found")
    if stone.owner is not owner:
        raise missing("Milestone Not Found")
    return stone


def show_milestone(call: Call) -> Response:
    """Answer one milestone."""
    return reply(entities.milestone(call.site, _milestone(call, call.owner())))


def edit_milestone(call: Call) -> Response:
    """Change a milestone, close it or make it active again."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    call.params.need_one("title", "description", "start_date", "due_date", "state_event")
    stone = _milestone(call, owner)
    event = call.params.choice("state_event", ("close", "activate"))
    _fill(call, stone)
    if event:
        stone.state = "closed" if event == "close" else "active"
        webhooks.milestone(call.site, stone, "close" if event == "close" else "reopen")
    call.site.changes.renew()
    return reply(entities.milestone(call.site, stone))


def delete_milestone(call: Call) -> Response:
    """Take a milestone away, off its issues too."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    stone = _milestone(call, owner)
    del call.site.milestones[stone.id]
    for issue in call.site.issues.values():
        issue.milestone = None if issue.milestone is stone else issue.milestone
    call.site.changes.renew()
    webhooks.milestone(call.site, stone, "delete")
    return nothing()


def milestone_issues(call: Call) -> Response:
    """List the issues of a milestone that the caller sees."""
    stone = _milestone(call, call.owner())
    rows = [one for one in call.site.issues.values() if one.milestone is stone]
    rows = [one for one in rows if access.reads(call.user, one)]
    return paged(call, rows[::-1], lambda one: entities_issue.issue(call.site, one, call.user))


def promote_milestone(call: Call) -> Response:
    """Make a project's milestone its group's."""
    project = call.project()
    stone = _milestone(call, project)
    call.need(project.group, Level.PLANNER)
    project.group.milestones += 1
    stone.owner, stone.iid = project.group, project.group.milestones
    call.site.changes.renew()
    return reply(entities.milestone(call.site, stone))


_LABELS = {
    "list": list_labels,
    "create": create_label,
    "show": show_label,
    "edit": edit_label,
    "delete": delete_label,
}
_MILESTONES = {
    "list": list_milestones,
    "create": create_milestone,
    "show": show_milestone,
    "edit": edit_milestone,
    "delete": delete_milestone,
}
