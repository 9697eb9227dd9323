"""How people, projects, labels, milestones and boards look on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from deskbridge.sandbox.gitlab import access, listing
from deskbridge.sandbox.gitlab.places import Group, Label, Milestone, Owner, Project, Token, User
from deskbridge.sandbox.gitlab.records import Board, BoardList
from deskbridge.sandbox.gitlab.site import Site

Shape = dict[str, Any]
Counts = dict[Label, tuple[int, int]]
"""How many open and closed issues bear a label."""


def instant(value: datetime | None) -> str | None:
    """Return ISO 8601 with milliseconds and Z; what is finer is kept but never shown (2.4)."""
    return (
        None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    )


def day(value: date | None) -> str | None:
    """Return ``YYYY-MM-DD``."""
    return value.isoformat() if value else None


def user(site: Site, one: User | None) -> Shape | None:
    """Return the short form of a user that stands in other objects."""
    if one is None:
        return None
    return {
        "id": one.id,
        "username": one.username,
        "public_email": one.public_email,
        "name": one.name,
        "state": one.state,
        "locked": False,
        "avatar_url": None,
        "web_url": f"{site.base_url}/{one.username}",
    }


def user_page(site: Site, one: User) -> Shape:
    """Return what everybody sees of a user who is read alone."""
    return (user(site, one) or {}) | {
        "created_at": instant(one.created_at),
        "bio": "",
        "location": None,
        "linkedin": "",
        "twitter": "",
        "website_url": "",
        "organization": "",
        "job_title": "",
        "pronouns": None,
        "bot": one.kind in ("bot", "support"),
        "work_information": None,
        "followers": 0,
        "following": 0,
        "local_time": None,
    }


def me(site: Site, one: User) -> Shape:
    """Return what a user sees of themselves."""
    return user_page(site, one) | {
        "last_sign_in_at": None,
        "confirmed_at": instant(one.created_at),
        "last_activity_on": day(site.now().date()),
        "email": one.email,
        "commit_email": one.email,
        "theme_id": 3,
        "color_scheme_id": 1,
        "projects_limit": 0,
        "current_sign_in_at": None,
        "identities": [],
        "can_create_group": False,
        "can_create_project": False,
        "two_factor_enabled": False,
        "external": False,
        "private_profile": False,
    }


def member(site: Site, owner: Owner, one: User, level: int) -> Shape:
    """Return a membership."""
    return (user(site, one) or {}) | {
        "access_level": level,
        "created_at": instant(owner.created_at),
        "expires_at": day(owner.until.get(one)),
        "membership_state": "active",
    }


def namespace(site: Site, group: Group) -> Shape:
    """Return a group as what projects live in."""
    return {
        "id": group.id,
        "name": group.name,
        "path": group.path,
        "kind": "group",
        "full_path": group.full_path,
        "parent_id": None,
        "avatar_url": None,
        "web_url": f"{site.base_url}/groups/{group.full_path}",
    }


def project_brief(site: Site, one: Project) -> Shape:
    """Return the short form of a project (``simple=true``)."""
    host = site.base_url.partition("://")[2]
    return {
        "id": one.id,
        "description": one.description,
        "name": one.name,
        "name_with_namespace": f"{one.group.name} / {one.name}",
        "path": one.path,
        "path_with_namespace": one.full_path,
        "created_at": instant(one.created_at),
        "default_branch": one.default_branch,
        "tag_list": one.topics,
        "topics": one.topics,
        "ssh_url_to_repo": f"git@{host.partition(':')[0]}:{one.full_path}.git",
        "http_url_to_repo": f"{site.base_url}/{one.full_path}.git",
        "web_url": f"{site.base_url}/{one.full_path}",
        "readme_url": None,
        "forks_count": 0,
        "avatar_url": None,
        "star_count": 0,
        "last_activity_at": instant(one.created_at),
        "visibility": "private",
        "namespace": namespace(site, one.group),
    }


_FIXED: Shape = {
    "container_registry_enabled": False,
    "container_registry_access_level": "disabled",
    "packages_enabled": True,
    "empty_repo": True,
    "merge_requests_enabled": True,
    "merge_requests_access_level": "enabled",
    "wiki_enabled": True,
    "wiki_access_level": "enabled",
    "jobs_enabled": True,
    "builds_access_level": "enabled",
    "snippets_enabled": True,
    "snippets_access_level": "enabled",
    "repository_access_level": "enabled",
    "forking_access_level": "enabled",
    "analytics_access_level": "enabled",
    "can_create_merge_request_in": True,
    "resolve_outdated_diff_discussions": False,
    "lfs_enabled": True,
    "request_access_enabled": True,
    "only_allow_merge_if_pipeline_succeeds": False,
    "only_allow_merge_if_all_discussions_are_resolved": False,
    "remove_source_branch_after_merge": True,
    "printing_merge_request_link_enabled": True,
    "merge_method": "merge",
    "squash_option": "default_off",
    "auto_devops_enabled": False,
    "autoclose_referenced_issues": True,
    "import_status": "none",
    "import_type": None,
    "shared_runners_enabled": True,
    "shared_with_groups": [],
    "suggestion_commit_message": None,
    "public_jobs": True,
    "ci_config_path": None,
}
"""What a project has beside its issues, as a fresh one has it."""


def project(site: Site, one: Project, caller: User) -> Shape:
    """Return a project with what `caller` may do in it."""
    api = f"{site.base_url}/api/v4/projects/{one.id}"
    parts = {"repo_branches": "repository/branches", "cluster_agents": "cluster_agents"}
    parts |= {part: part for part in ("issues", "merge_requests", "labels", "events", "members")}
    paid = {"issues_template": None, "merge_requests_template": None} if site.premium else {}
    return (
        project_brief(site, one)
        | _FIXED
        | paid
        | {
            "_links": {"self": api} | {name: f"{api}/{part}" for name, part in parts.items()},
            "archived": one.archived,
            "issues_enabled": one.issues_enabled,
            "issues_access_level": "enabled" if one.issues_enabled else "disabled",
            "service_desk_enabled": one.service_desk_enabled,
            "service_desk_address": desk_address(one) if one.service_desk_enabled else None,
            "emails_enabled": one.emails_enabled,
            "emails_disabled": not one.emails_enabled,
            "open_issues_count": listing.opened(site, one),
            "description_html": one.description,
            "updated_at": instant(one.created_at),
            "creator_id": None,
            "permissions": {
                "project_access": _permission(one.members.get(caller)),
                "group_access": _permission(one.group.members.get(caller)),
            },
        }
    )


def _permission(level: int | None) -> Shape | None:
    return None if level is None else {"access_level": level, "notification_level": 3}


def desk_address(one: Project) -> str:
    """Return the address that turns mails into tickets of a project (7.2)."""
    key = one.full_path.replace("/", "-")
    return f"incoming+{key}-{one.id}-issue-@gitlab.example"


def group(site: Site, one: Group) -> Shape:
    """Return a group."""
    return {
        "id": one.id,
        "web_url": f"{site.base_url}/groups/{one.full_path}",
        "name": one.name,
        "path": one.path,
        "description": "",
        "visibility": "private",
        "full_name": one.name,
        "full_path": one.full_path,
        "created_at": instant(one.created_at),
        "parent_id": None,
        "avatar_url": None,
        "emails_enabled": True,
        "archived": False,
    }


def label_brief(one: Label) -> Shape:
    """Return a label as it stands in events and board lists."""
    return {"id": one.id, "name": one.name, "color": one.color, "description": one.description}


def label_detail(one: Label) -> Shape:
    """Return a label as ``with_labels_details`` shows it."""
    return label_brief(one) | {
        "description_html": one.description or "",
        "text_color": _text_color(one.color),
    }


def label(site: Site, one: Label, caller: User, counts: Counts | None = None) -> Shape:
    """Return a label as the label calls show it."""
    shape = label_detail(one)
    if counts is not None:
        opened, closed = counts.get(one, (0, 0))
        shape |= {
            "open_issues_count": opened,
            "closed_issues_count": closed,
            "open_merge_requests_count": 0,
        }
    return shape | {
        "subscribed": caller in one.subscribers,
        "priority": one.priority,
        "is_project_label": isinstance(one.owner, Project),
    }


def _text_color(color: str) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#1F1E24" if red + green + blue > 500 else "#FFFFFF"


def milestone(site: Site, one: Milestone) -> Shape:
    """Return a milestone."""
    in_project = isinstance(one.owner, Project)
    place = one.owner.full_path if in_project else f"groups/{one.owner.full_path}"
    return {
        "id": one.id,
        "iid": one.iid,
        "project_id" if in_project else "group_id": one.owner.id,
        "title": one.title,
        "description": one.description,
        "state": one.state,
        "created_at": instant(one.created_at),
        "updated_at": instant(one.updated_at),
        "due_date": day(one.due_date),
        "start_date": day(one.start_date),
        "expired": one.due_date is not None and one.due_date < site.now().date(),
        "web_url": f"{site.base_url}/{place}/-/milestones/{one.iid}",
    }


def board(site: Site, one: Board, caller: User) -> Shape:
    """Return a board with its lists; the built-in Open and Closed columns are not among them (6.3)."""
    in_project = isinstance(one.owner, Project)
    shape: Shape = {
        "id": one.id,
        "name": one.name,
        "hide_backlog_list": one.hide_backlog_list,
        "hide_closed_list": one.hide_closed_list,
        "project": project_brief(site, one.owner) if isinstance(one.owner, Project) else None,
        "lists": [board_list(site, one, column) for column in one.lists],
    }
    if not in_project and isinstance(one.owner, Group):
        shape["group"] = group(site, one.owner) if access.sees_group(site, caller, one.owner) else None
    if site.premium:
        shape |= {
            "milestone": one.milestone and milestone(site, one.milestone),
            "assignee": user(site, one.assignee),
            "labels": [label_detail(each) for each in one.labels],
            "weight": one.weight,
        }
    return shape


def board_list(site: Site, one: Board, column: BoardList) -> Shape:
    """Return a list of a board."""
    shape: Shape = {
        "id": column.id,
        "label": column.label and label_brief(column.label),
        "position": one.lists.index(column) + site.switches.list_base,
    }
    if site.premium:
        shape |= {"max_issue_count": 0, "max_issue_weight": 0, "limit_metric": None}
    if column.assignee:
        shape["assignee"] = user(site, column.assignee)
    if column.milestone:
        shape["milestone"] = milestone(site, column.milestone)
    return shape


def token(one: Token) -> Shape:
    """Return an access token, without what makes it valid."""
    shape = {
        "id": one.id,
        "name": one.name,
        "revoked": one.revoked,
        "created_at": instant(one.created_at),
        "description": one.description,
        "scopes": list(one.scopes),
        "user_id": one.user.id,
        "last_used_at": instant(one.last_used_at),
        "active": not one.revoked,
        "expires_at": day(one.expires_at),
    }
    owned = {"access_level": int(one.level)} if one.owner else {}
    if one.owner:
        owned |= {"resource_type": type(one.owner).__name__.lower(), "resource_id": one.owner.id}  # type: ignore[dict-item]
    return shape | owned
