"""Who may do what: Jira's built-in permissions, by four levels instead of schemes, and by hand."""

from __future__ import annotations

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.model import Project, User
from deskbridge.sandbox.kernel import Refused

# key: (id, name, type, who has it). `agent`: everybody, but in service projects agents only.
PERMISSIONS = {
    "ADMINISTER": ("0", "Administer Jira", "GLOBAL", "site"),
    "SYSTEM_ADMIN": ("44", "Jira System Administrators", "GLOBAL", "site"),
    "BULK_CHANGE": ("33", "Make bulk changes", "GLOBAL", "all"),
    "CREATE_SHARED_OBJECTS": ("22", "Share dashboards and filters", "GLOBAL", "all"),
    "MANAGE_GROUP_FILTER_SUBSCRIPTIONS": ("24", "Manage group filter subscriptions", "GLOBAL", "all"),
    "USER_PICKER": ("27", "Browse users and groups", "GLOBAL", "all"),
    "CREATE_PROJECT": ("45", "Create team-managed projects", "GLOBAL", "site"),
    "BROWSE_PROJECTS": ("10", "Browse Projects", "PROJECT", "all"),
    "ADMINISTER_PROJECTS": ("23", "Administer Projects", "PROJECT", "project"),
    "VIEW_READONLY_WORKFLOW": ("47", "View Read-Only Workflow", "PROJECT", "all"),
    "VIEW_DEV_TOOLS": ("29", "View Development Tools", "PROJECT", "all"),
    "MANAGE_SPRINTS_PERMISSION": ("48", "Manage sprints", "PROJECT", "all"),
    "SERVICEDESK_AGENT": ("49", "Service Project Agent", "PROJECT", "agent"),
    "CREATE_ISSUES": ("11", "Create Issues", "PROJECT", "agent"),
    "EDIT_ISSUES": ("12", "Edit Issues", "PROJECT", "agent"),
    "DELETE_ISSUES": ("16", "Delete Issues", "PROJECT", "project"),
    "ARCHIVE_ISSUES": ("50", "Archive Issues", "PROJECT", "project"),
    "ASSIGN_ISSUES": ("13", "Assign Issues", "PROJECT", "agent"),
    "ASSIGNABLE_USER": ("17", "Assignable User", "PROJECT", "agent"),
    "CLOSE_ISSUES": ("18", "Close Issues", "PROJECT", "agent"),
    "RESOLVE_ISSUES": ("14", "Resolve Issues", "PROJECT", "agent"),
    "TRANSITION_ISSUES": ("46", "Transition Issues", "PROJECT", "agent"),
    "MODIFY_REPORTER": ("30", "Modify Reporter", "PROJECT", "project"),
    "SCHEDULE_ISSUES": ("28", "Schedule Issues", "PROJECT", "agent"),
    "LINK_ISSUES": ("21", "Link Issues", "PROJECT", "agent"),
    "MOVE_ISSUES": ("25", "Move Issues", "PROJECT", "project"),
    "SET_ISSUE_SECURITY": ("26", "Set Issue Security", "PROJECT", "project"),
    "ADD_COMMENTS": ("15", "Add Comments", "PROJECT", "all"),
    "EDIT_ALL_COMMENTS": ("34", "Edit All Comments", "PROJECT", "project"),
    "EDIT_OWN_COMMENTS": ("35", "Edit Own Comments", "PROJECT", "all"),
    "DELETE_ALL_COMMENTS": ("36", "Delete All Comments", "PROJECT", "project"),
    "DELETE_OWN_COMMENTS": ("37", "Delete Own Comments", "PROJECT", "all"),
    "CREATE_ATTACHMENTS": ("19", "Create Attachments", "PROJECT", "all"),
    "DELETE_ALL_ATTACHMENTS": ("38", "Delete All Attachments", "PROJECT", "project"),
    "DELETE_OWN_ATTACHMENTS": ("39", "Delete Own Attachments", "PROJECT", "all"),
    "MANAGE_WATCHERS": ("32", "Manage Watchers", "PROJECT", "all"),
    "VIEW_VOTERS_AND_WATCHERS": ("31", "View Voters and Watchers", "PROJECT", "all"),
    "WORK_ON_ISSUES": ("20", "Work On Issues", "PROJECT", "agent"),
    "EDIT_OWN_WORKLOGS": ("40", "Edit Own Worklogs", "PROJECT", "agent"),
    "EDIT_ALL_WORKLOGS": ("41", "Edit All Worklogs", "PROJECT", "project"),
    "DELETE_OWN_WORKLOGS": ("42", "Delete Own Worklogs", "PROJECT", "agent"),
    "DELETE_ALL_WORKLOGS": ("43", "Delete All Worklogs", "PROJECT", "project"),
}


def may(user: User | None, key: str, project: Project | None = None) -> bool:
    """Whether somebody has a permission (in a project); what was given or taken by hand counts first."""
    if user is None or user.customer:
        return False
    if key in user.grants:
        return user.grants[key]
    who = PERMISSIONS[key][3]
    if who == "agent":
        desk = key == "SERVICEDESK_AGENT" or (project is not None and project.kind == "service_desk")
        return user.agent or not desk
    administers = user.site_admin or (who == "project" and user.project_admin)
    return who == "all" or administers


def check(user: User, key: str, project: Project | None, refusal: Refused) -> None:
    """Refuse somebody who lacks a permission."""
    if not may(user, key, project):
        raise refusal


def administer(user: User) -> None:
    """Refuse (403) whoever doesn't administer the site."""
    text = "You are not authorized to perform this action. Administrator privileges are required."
    check(user, "ADMINISTER", None, errors.forbidden(text))


def administer_project(user: User, project: Project) -> None:
    """Refuse (403) whoever doesn't administer the project."""
    text = "The user does not have permission to complete this operation."
    check(user, "ADMINISTER_PROJECTS", project, errors.forbidden(text))
