"""The bodies of webhooks (8.3, 8.4): other words and other forms than the API's."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from deskbridge.sandbox.gitlab import durations
from deskbridge.sandbox.gitlab.places import Label, Milestone, Owner, Project, Token, User
from deskbridge.sandbox.gitlab.records import Award, Issue, Note
from deskbridge.sandbox.gitlab.site import Site

Shape = dict[str, Any]

_PICTURE = re.compile(r"(!\[[^\]\n]*\]\()(/uploads/[^)\s]+)(\))")
_STATES = {"opened": 1, "closed": 2}
_KINDS = {"test_case": "TestCase"}


def instant(site: Site, value: datetime | None) -> str | None:
    """Return an instant in the form that the instance's hooks have."""
    form = "%Y-%m-%dT%H:%M:%SZ" if site.switches.hook_dates == "iso" else "%Y-%m-%d %H:%M:%S UTC"
    return None if value is None else value.strftime(form)


def user(one: User) -> Shape:
    """Return a user; the mail address only where it is public."""
    shape = {"id": one.id, "name": one.name, "username": one.username, "avatar_url": None}
    return shape | {"email": one.public_email or "[REDACTED]"}


def project(site: Site, one: Project) -> Shape:
    """Return a project."""
    web = f"{site.base_url}/{one.full_path}"
    ssh = f"git@{site.base_url.partition('://')[2].partition(':')[0]}:{one.full_path}.git"
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description or None,
        "web_url": web,
        "avatar_url": None,
        "git_ssh_url": ssh,
        "git_http_url": f"{web}.git",
        "namespace": one.group.name,
        "visibility_level": 0,
        "path_with_namespace": one.full_path,
        "default_branch": one.default_branch,
        "ci_config_path": None,
        "homepage": web,
        "url": ssh,
        "ssh_url": ssh,
        "http_url": f"{web}.git",
    }


def label(site: Site, one: Label) -> Shape:
    """Return a label: its name is called `title` here."""
    in_project = isinstance(one.owner, Project)
    return {
        "id": one.id,
        "title": one.name,
        "color": one.color,
        "project_id": one.owner.id if in_project else None,
        "created_at": instant(site, one.created_at),
        "updated_at": instant(site, one.created_at),
        "template": False,
        "description": one.description,
        "type": "ProjectLabel" if in_project else "GroupLabel",
        "group_id": None if in_project else one.owner.id,
    }


def absolute(site: Site, place: Project, text: str | None) -> str | None:
    """Return a text with its simple relative pictures as addresses: it differs from the API's (5)."""
    return text and _PICTURE.sub(rf"\g<1>{site.base_url}/-/project/{place.id}\g<2>\g<3>", text)


def facts(site: Site, one: Issue) -> Shape:
    """Return the fields of an issue whose changes hooks tell."""
    shape: Shape = {
        "title": one.title,
        "description": one.description,
        "confidential": one.confidential,
        "discussion_locked": one.locked,
        "due_date": one.due_date and one.due_date.isoformat(),
        "milestone_id": one.milestone and one.milestone.id,
        "state_id": _STATES[one.state],
        "closed_at": instant(site, one.closed_at),
        "updated_at": instant(site, one.updated_at),
        "updated_by_id": one.updated_by and one.updated_by.id,
        "last_edited_at": instant(site, one.edited_at),
        "last_edited_by_id": one.edited_by and one.edited_by.id,
        "moved_to_id": one.moved_to and one.moved_to.id,
        "duplicated_to_id": one.duplicate_of and one.duplicate_of.id,
        "time_estimate": one.time_estimate,
        "total_time_spent": one.time_spent,
        "severity": one.severity,
        "labels": [label(site, each) for each in one.labels],
        "assignees": [user(each) for each in one.assignees],
    }
    return shape | ({"weight": one.weight, "health_status": one.health} if site.premium else {})


def changed(before: Shape, after: Shape) -> Shape:
    """Return what is different, as `changes` has it."""
    names = (name for name, value in after.items() if before.get(name) != value)
    return {name: {"previous": before.get(name), "current": after[name]} for name in names}


def _attributes(site: Site, one: Issue) -> Shape:
    """Return an issue as it stands in its own hooks and in those of its notes."""
    shape = facts(site, one)
    del shape["assignees"]
    ids = [each.id for each in one.assignees]
    rest: Shape = {
        "id": one.id,
        "iid": one.iid,
        "project_id": one.project.id,
        "author_id": one.author.id,
        "assignee_id": ids[0] if ids else None,
        "assignee_ids": ids,
        "created_at": instant(site, one.created_at),
        "description": absolute(site, one.project, one.description),
        "relative_position": int(one.position),
        "state": one.state,
        "type": _KINDS.get(one.kind, one.kind.capitalize()),
        "url": site.web_url(one),
        "human_time_estimate": durations.words(one.time_estimate),
        "human_total_time_spent": durations.words(one.time_spent),
        "time_change": one.time_change,
        "human_time_change": durations.words(one.time_change),
        "customer_relations_contacts": [],
    }
    if one.kind == "incident":
        rest |= {"escalation_status": one.escalation}
    return shape | rest


def _about(site: Site, place: Project, actor: User) -> Shape:
    whole = project(site, place)
    repository = {name: whole[name] for name in ("name", "url", "description", "homepage")}
    return {"user": user(actor), "project": whole, "repository": repository}


def issue(site: Site, actor: User, one: Issue, action: str, changes: Shape) -> Shape:
    """Return the body of an issue hook; without an action it is a test's."""
    kind = "issue" if one.kind in ("issue", "incident", "test_case") else "work_item"
    attributes = _attributes(site, one) | ({"action": action} if action else {})
    shape = {
        "object_kind": kind,
        "event_type": f"confidential_{kind}" if one.confidential else kind,
        **_about(site, one.project, actor),
        "object_attributes": attributes,
        "labels": [label(site, each) for each in one.labels],
        "changes": changes,
    }
    people = [user(each) for each in one.assignees]
    return shape | ({"assignees": people, "assignee": people[0]} if people else {})


def note(site: Site, one: Note, action: str) -> Shape:
    """Return the body of a note hook: told as its author's doing, whoever edited it (8.4)."""
    place, text = one.issue.project, absolute(site, one.issue.project, one.body)
    attributes: Shape = {
        "attachment": None,
        "author_id": one.author.id,
        "change_position": None,
        "commit_id": None,
        "created_at": instant(site, one.created_at),
        "discussion_id": one.discussion,
        "id": one.id,
        "internal": one.internal,
        "line_code": None,
        "note": text,
        "noteable_id": one.issue.id,
        "noteable_type": "Issue",
        "original_position": None,
        "position": None,
        "project_id": place.id,
        "resolved_at": None,
        "resolved_by_id": None,
        "resolved_by_push": None,
        "st_diff": None,
        "system": False,
        "type": "DiscussionNote" if one.threaded else None,
        "updated_at": instant(site, one.updated_at),
        "updated_by_id": one.edited_by and one.edited_by.id,
        "description": text,
        "url": f"{site.web_url(one.issue)}#note_{one.id}",
        "action": action,
    }
    secret = one.internal or one.issue.confidential
    return {
        "object_kind": "note",
        "event_type": "confidential_note" if secret else "note",
        **_about(site, place, one.author),
        "project_id": place.id,
        "object_attributes": attributes,
        "issue": _attributes(site, one.issue),
    }


def emoji(site: Site, row: Award, thing: Issue | Note, action: str) -> Shape:
    """Return the body of an emoji hook."""
    on = thing.issue if isinstance(thing, Note) else thing
    url = site.web_url(on) + (f"#note_{thing.id}" if isinstance(thing, Note) else "")
    attributes = {
        "user_id": row.user.id,
        "created_at": instant(site, row.created_at),
        "id": row.id,
        "name": row.name,
        "awardable_type": type(thing).__name__,
        "awardable_id": thing.id,
        "updated_at": instant(site, row.created_at),
        "action": action,
        "awarded_on_url": url,
    }
    shape = {"object_kind": "emoji", "event_type": action, **_about(site, on.project, row.user)}
    shape |= {"project_id": on.project.id, "object_attributes": attributes, "issue": _attributes(site, on)}
    return shape | ({"note": note(site, thing, "")["object_attributes"]} if isinstance(thing, Note) else {})


def milestone(site: Site, one: Milestone, place: Project, action: str) -> Shape:
    """Return the body of a milestone hook."""
    attributes = {
        "id": one.id,
        "iid": one.iid,
        "title": one.title,
        "description": one.description,
        "state": one.state,
        "created_at": instant(site, one.created_at),
        "updated_at": instant(site, one.updated_at),
        "due_date": one.due_date and one.due_date.isoformat(),
        "start_date": one.start_date and one.start_date.isoformat(),
        "project_id": place.id,
    }
    whole = project(site, place)
    shape = {"object_kind": "milestone", "event_type": "milestone", "project": whole}
    return shape | {"object_attributes": attributes, "action": action}


def token(site: Site, one: Token, owner: Owner) -> Shape:
    """Return the body of the hook that warns of an access token about to expire."""
    attributes = {
        "user_id": one.user.id,
        "created_at": instant(site, one.created_at),
        "id": one.id,
        "name": one.name,
        "expires_at": one.expires_at and one.expires_at.isoformat(),
    }
    shape = {"object_kind": "access_token", "event_name": "expiring_access_token"}
    if isinstance(owner, Project):
        shape |= {"project": project(site, owner)}  # type: ignore[dict-item]
    else:
        shape |= {"group": {"group_name": owner.name, "group_path": owner.path, "group_id": owner.id}}  # type: ignore[dict-item]
    return shape | {"object_attributes": attributes}
