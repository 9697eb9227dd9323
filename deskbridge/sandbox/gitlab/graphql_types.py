"""The GraphQL types of places and queries, and all types of an instance by its tier and version (3.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deskbridge.sandbox.gitlab import access, entities, listing
from deskbridge.sandbox.gitlab import graphql_items as items
from deskbridge.sandbox.gitlab.call import is_number
from deskbridge.sandbox.gitlab.graphql_run import Context, Field, Typed, texts
from deskbridge.sandbox.gitlab.places import Group, Project, Status, User
from deskbridge.sandbox.gitlab.records import Issue, Note
from deskbridge.sandbox.gitlab.timelogs import TIMELOG


def _definitions(context: Context, pair: tuple[Any, str], _: object) -> list[Typed]:
    """Return what each widget of a type allows; without statuses there is no such widget (3.8)."""
    names = [kind.removeprefix("WorkItemWidget") for kind in context.members["WorkItemWidget"]]
    stated = pair[1] in ("issue", "task") and context.site.switches.statuses
    return [
        Typed("WorkItemWidgetDefinitionStatus", pair)
        if name == "Status"
        else Typed("WorkItemWidgetDefinitionGeneric", name)
        for name in names
        if name != "Status" or stated
    ]


def _types(context: Context, place: Any, arguments: dict[str, Any]) -> list[tuple[Any, str]]:
    wanted = arguments.get("name")
    kinds = [kind for kind in items.KINDS if kind in ("issue", "incident", "task", "ticket")]
    return [(place, kind) for kind in kinds if wanted in (None, kind.upper())]


_TYPE = {
    "id": items.plain(lambda pair: items.gid("WorkItems::Type", items.KINDS.index(pair[1]) + 1)),
    "name": items.plain(lambda pair: pair[1].replace("_", " ").capitalize()),
    "iconName": items.plain(lambda pair: f"work-item-{pair[1].replace('_', '-')}"),
    "widgetDefinitions": Field("WorkItemWidgetDefinition[]", _definitions),
}


def _issues(context: Context, place: Project | Group, arguments: dict[str, Any]) -> Sequence[Issue]:
    """Return issues by iid or state, newest first."""
    site, user = context.site, context.user
    places = [one for one in site.projects.values() if place in (one, one.group)]
    wanted = texts(arguments.get("iids") or arguments.get("iid"), "iids")
    state = str(arguments.get("state") or "all").lower()
    if not wanted:
        return listing.newest(site, user, places, state)
    found = (one.issues.get(int(iid)) for one in places for iid in wanted if is_number(iid))
    rows = [one for one in found if one and access.reads(user, one) and state in ("all", one.state)]
    return sorted(rows, key=lambda issue: (issue.created_at, issue.id), reverse=True)


def _issue(context: Context, place: Project | Group, arguments: dict[str, Any]) -> Issue | None:
    """Return an issue by iid; groups have none of their own here."""
    iid = str(arguments.get("iid", ""))
    if isinstance(place, Group) or not is_number(iid):
        return None
    return items.kept(context, place.issues.get(int(iid)))


_LISTS = ("iid", "iids", "state")
_PLACE = {
    "id": items.plain(lambda one: items.gid(type(one).__name__, one.id)),
    "name": items.plain(lambda one: one.name),
    "path": items.plain(lambda one: one.path),
    "fullPath": items.plain(lambda one: one.full_path),
    "webUrl": Field("", lambda context, one, _: f"{context.site.base_url}/{one.full_path}"),
    "visibility": items.plain(lambda one: "private"),
    "labels": Field("Label*", lambda context, one, _: list(context.site.labels_for(one))),
    "workItemTypes": Field("WorkItemType*", _types, ("name",)),
    "workItems": Field("WorkItem*", _issues, _LISTS),
}
_PROJECT = _PLACE | {
    "nameWithNamespace": items.plain(lambda one: f"{one.group.name} / {one.name}"),
    "description": items.plain(lambda one: one.description),
    "archived": items.plain(lambda one: one.archived),
    "serviceDeskEnabled": items.plain(lambda one: one.service_desk_enabled),
    "serviceDeskAddress": items.plain(
        lambda one: entities.desk_address(one) if one.service_desk_enabled else None
    ),
    "group": items.other("Group", lambda one: one.group),
    "namespace": items.other("Namespace", lambda one: one.group),
    "issue": Field("Issue", _issue, ("iid",)),
    "issues": Field("Issue*", _issues, _LISTS),
}
_GROUP = _PLACE | {
    "fullName": items.plain(lambda one: one.name),
    "issues": Field("Issue*", _issues, _LISTS),
    "projects": Field(
        "Project*",
        lambda context, one, _: [
            p for p in context.site.projects.values() if p.group is one and access.level(context.user, p)
        ],
    ),
}
_NAMESPACE = _PLACE | {"workItem": Field("WorkItem", _issue, ("iid!",))}


def _project(context: Context, _: object, arguments: dict[str, Any]) -> Project | None:
    place = context.site.project_at(str(arguments["fullPath"]))
    return place if place and access.level(context.user, place) else None


def _group(context: Context, _: object, arguments: dict[str, Any]) -> Group | None:
    place = context.site.group_at(str(arguments["fullPath"]))
    return place if place and access.sees_group(context.site, context.user, place) else None


def _by_gid(context: Context, _: object, arguments: dict[str, Any]) -> Issue | None:
    return items.kept(context, context.site.issues.get(items.from_gid(arguments["id"], "WorkItem", "Issue")))


def _note(context: Context, _: object, arguments: dict[str, Any]) -> Note | None:
    kinds = ("Note", "DiscussionNote")
    found = context.site.note_at(items.from_gid(arguments["id"], *kinds))
    visible = found and access.reads(context.user, found.issue) and access.reads_note(context.user, found)
    return found if visible else None


def _user(context: Context, _: object, arguments: dict[str, Any]) -> User | None:
    if arguments.get("id"):
        return context.site.users.get(items.from_gid(arguments["id"], "User"))
    return context.site.user_named(str(arguments.get("username") or ""))


_QUERY = {
    "currentUser": Field(
        "CurrentUser", lambda context, _, __: None if context.user.id == access.NOBODY else context.user
    ),
    "user": Field("UserCore", _user, ("id", "username")),
    "project": Field("Project", _project, ("fullPath!",)),
    "group": Field("Group", _group, ("fullPath!",)),
    "namespace": Field(
        "Namespace", lambda c, _, given: _group(c, _, given) or _project(c, _, given), ("fullPath!",)
    ),
    "issue": Field("Issue", _by_gid, ("id!",)),
    "workItem": Field("WorkItem", _by_gid, ("id!",)),
    "note": Field("Note", _note, ("id!",)),
    "metadata": Field("Metadata", lambda context, _, __: context.site.switches.version),
    "echo": Field(
        "", lambda context, _, given: f'"{context.user.username}" says: {given["text"]}', ("text!",)
    ),
}
_METADATA = {
    "version": items.plain(lambda version: version),
    "revision": items.plain(lambda version: "0a1b2c3d4e5"),
    "enterprise": items.plain(lambda version: True),
}
Types = dict[str, dict[str, Field]]


def types(*, premium: bool, statuses: bool) -> tuple[Types, dict[str, Sequence[str]]]:
    """Return the types of an instance, and which of them stand behind each interface."""
    widgets = items.WIDGETS | (items.WIDGETS_PAID if premium else {})
    stated = {"status": Field("WorkItemStatus", items.status)} if statuses else {}
    if statuses:
        widgets = widgets | {"Status": stated}
    found: Types = {
        "Query": _QUERY,
        "CurrentUser": items.USER,
        "UserCore": items.USER,
        "Label": items.LABEL,
        "Milestone": items.MILESTONE,
        "Note": items.NOTE,
        "Discussion": items.DISCUSSION,
        "AwardEmoji": items.AWARD,
        "Timelog": TIMELOG,
        "Issue": items.ISSUE | (items.ISSUE_PAID if premium else {}) | stated,
        "WorkItem": items.WORK_ITEM,
        "WorkItemPermissions": items.PERMISSIONS,
        "WorkItemType": _TYPE,
        "WorkItemStatus": items.STATUS,
        "EmailParticipantType": {"email": items.plain(lambda address: address)},
        "Project": _PROJECT,
        "Group": _GROUP,
        "Namespace": _NAMESPACE,
        "Metadata": _METADATA,
        "PageInfo": dict.fromkeys(
            ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"), items.plain(lambda one: None)
        ),
    }
    kinds = []
    for name, fields in sorted(widgets.items()):
        kinds.append(f"WorkItemWidget{name}")
        found[kinds[-1]] = {"type": _constant(items.constant_case(name)), **fields}
    found["WorkItemWidget"] = {"type": _constant("")}
    found |= _definition_types()
    definitions = ("WorkItemWidgetDefinitionStatus", "WorkItemWidgetDefinitionGeneric")
    return found, {"WorkItemWidget": kinds, "WorkItemWidgetDefinition": definitions}


def _constant(value: str) -> Field:
    return Field("", lambda context, one, arguments: value)


def _definition_types() -> Types:
    def by(category: str) -> Field:
        def get(context: Context, _: object, __: object) -> Status | None:
            return next((one for one in context.site.statuses if one.category == category), None)

        return Field("WorkItemStatus", get)

    stated = {
        "type": _constant("STATUS"),
        "allowedStatuses": Field("WorkItemStatus[]", lambda context, _, __: context.site.statuses),
        "defaultOpenStatus": by("to_do"),
        "defaultClosedStatus": by("done"),
    }
    generic = {"type": items.plain(items.constant_case)}
    return {
        "WorkItemWidgetDefinition": {"type": _constant("")},
        "WorkItemWidgetDefinitionStatus": stated,
        "WorkItemWidgetDefinitionGeneric": generic,
    }
