"""How a site is set up, as clients look it up on their way: types, options, preferences, dashboards."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, workflow
from deskbridge.sandbox.jira.api_people import groups_of
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.api_site import status_row
from deskbridge.sandbox.jira.fields import CHILD
from deskbridge.sandbox.jira.model import Json
from deskbridge.sandbox.jira.notify import ROLES
from deskbridge.sandbox.jira.permissions import administer
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import reply

# --- types of projects, roles of products ---------------------------------------------------------

_KINDS = {"software": "Software", "service_desk": "Service Management", "business": "Business"}
_PRODUCTS = {
    "jira-software": ("Jira Software", "jira-software-users"),
    "jira-servicedesk": ("Jira Service Desk", "jira-servicemanagement-users"),
}


def _kind(key: str) -> Json:
    shown = {"key": key, "formattedKey": _KINDS[key], "color": "#AAAAAA", "icon": ""}
    return {**shown, "descriptionI18nKey": f"jira.project.type.{key}.description"}


def kinds(call: Call) -> Response:
    """Return the types that projects can have."""
    return reply([_kind(key) for key in _KINDS])


def kind(call: Call) -> Response:
    """Return one type of projects."""
    if call.path("type") not in _KINDS:
        raise errors.refusal(404, f"The project type with key '{call.path('type')}' was not found.")
    return reply(_kind(call.path("type")))


def _product(call: Call, key: str) -> Json:
    name, group = _PRODUCTS[key]
    count = sum(group in groups_of(one) for one in call.site.users.values())
    seats = {"numberOfSeats": 100, "remainingSeats": 100 - count, "userCount": count}
    names = {"groups": [group], "defaultGroups": [group]}
    flags = {"selectedByDefault": True, "defined": True, "hasUnlimitedSeats": False, "platform": False}
    return {"key": key, "name": name, **names, **flags, **seats, "userCountDescription": "users"}


def products(call: Call) -> Response:
    """Return the products of the site, and who has them, to administrators."""
    administer(call.user)
    return reply([_product(call, key) for key in _PRODUCTS])


def product(call: Call) -> Response:
    """Return one product of the site."""
    administer(call.user)
    if call.path("role") not in _PRODUCTS:
        raise errors.refusal(404, f"The application role '{call.path('role')}' was not found.")
    return reply(_product(call, call.path("role")))


# --- names for new projects -----------------------------------------------------------------------


def _taken(call: Call, key: str) -> bool:
    return any(key == one.key for one in call.site.projects.values())


def check_key(call: Call) -> Response:
    """Return what is wrong with a key for a new project: 200 even where it is."""
    key, wrong = call.query("key"), {}
    if not key:
        wrong["projectKey"] = "You must specify a unique project key, at least 2 characters long."
    elif not re.fullmatch(r"[A-Z][A-Z0-9]{1,9}", key):
        wrong["projectKey"] = "Project keys must start with an uppercase letter, then letters or digits."
    elif _taken(call, key):
        wrong["projectKey"] = "A project with that project key already exists."
    return reply({"errorMessages": [], "errors": wrong})


def free_key(call: Call) -> Response:
    """Return a key like the given one that no project has."""
    given = re.sub(r"[^A-Z0-9]", "", call.query("key").upper()).lstrip("0123456789")[:10] or "PROJ"
    tries = (given, *(f"{given[: 10 - len(str(n))]}{n}" for n in range(1, 1000)))
    return reply(next(key for key in tries if not _taken(call, key)))


def free_name(call: Call) -> Response:
    """Return a name like the given one that no project has."""
    given, names = call.query("name"), {one.name for one in call.site.projects.values()}
    if not given:
        raise errors.refusal(400, "The 'name' query parameter is required.")
    tries = (given, *(f"{given} {n}" for n in range(1, 1000)))
    return reply(next(name for name in tries if name not in names))


def role_details(call: Call) -> Response:
    """Return the roles of a project, with what they are for."""
    home = call.site.project(call.caller, call.path("key"))
    return reply(
        [
            {
                "self": call.url(f"project/{home.id}/role/{id}"),
                "id": int(id),
                "name": name,
                "description": "",
                "admin": name == "Administrators",
                "default": False,
                "roleConfigurable": True,
                "translatedName": name,
            }
            for id, (name, _) in ROLES.items()
        ]
    )


# --- fields, statuses -----------------------------------------------------------------------------


def option(call: Call) -> Response:
    """Return an option of a custom field by its id alone."""
    for field in call.site.fields.values():
        for one in field.options:
            if one.id == call.path("id"):
                url = call.url(f"customFieldOption/{one.id}")
                return reply({"self": url, "value": one.name.rpartition(CHILD)[2]})
    raise errors.refusal(404, f"A custom field option with id '{call.path('id')}' does not exist")


def statuses(call: Call) -> Response:
    """Return statuses by their ids; unknown ones are left out."""
    ids = call.listed("id")
    if not 0 < len(ids) <= 50:
        raise errors.refusal(400, "Give from 1 to 50 ids.")
    known = call.site.statuses
    return reply([_used(call, id) for id in ids if id in known])


def _used(call: Call, id: str) -> Json:
    return {**status_row(call.site.statuses[id]), "usages": [], "workflowUsages": []}


def statuses_by_name(call: Call) -> Response:
    """Return statuses by their names, of one project or of the site."""
    names, known = call.listed("name"), call.site.statuses
    if not 0 < len(names) <= 50:
        raise errors.refusal(400, "Give from 1 to 50 names.")
    ids: list[str] = list(known)
    if call.query("projectId"):
        ids = workflow.statuses(call.site, call.site.project(call.caller, call.query("projectId")))
    return reply([_used(call, id) for id in ids if known[id].name in names])


# --- settings and preferences ---------------------------------------------------------------------

_JIRA = {"key": "JIRA", "name": "JIRA provided time tracking", "url": "/example/config/url"}
_PROPERTIES = {
    "jira.title": "Jira",
    "jira.issuenav.criteria.autoupdate": "true",
    "jira.clone.prefix": "CLONE -",
    "jira.date.picker.java.format": "d/MMM/yy",
    "jira.date.time.picker.java.format": "dd/MMM/yy h:mm a",
    "jira.comment.collapsing.minimum.hidden": "4",
}


def time_tracking(call: Call) -> Response:
    """Return who tracks time; nothing when time tracking is off."""
    administer(call.user)
    return reply(_JIRA if call.site.switches.time_tracking else None)


def time_trackers(call: Call) -> Response:
    """Return who could track time."""
    administer(call.user)
    return reply([_JIRA])


def time_options(call: Call) -> Response:
    """Return how long days and weeks are."""
    administer(call.user)
    words = {"timeFormat": "pretty", "defaultUnit": "minute"}
    return reply({"workingHoursPerDay": 8.0, "workingDaysPerWeek": 5.0, **words})


def properties(call: Call) -> Response:
    """Return the site's properties, or the one that is named, to administrators."""
    administer(call.user)
    named = call.query("key")
    rows = [
        {
            "id": key,
            "key": key,
            "value": value,
            "name": key,
            "desc": "",
            "type": "string",
            "defaultValue": value,
        }
        for key, value in _PROPERTIES.items()
        if named in ("", key)
    ]
    if named and not rows:
        raise errors.refusal(404, f"The application property '{named}' does not exist.")
    return reply(rows[0] if named and not call.site.cloud else rows)


def locale(call: Call) -> Response:
    """Return the caller's language."""
    return reply({"locale": "en_US"})


def dashboards(call: Call) -> Response:
    """Return the dashboards: there are none but the one that every site has."""
    start, size = call.page(default=20, most=1000)
    rows = [_dashboard(call)][start : start + size]
    return reply({"startAt": start, "maxResults": size, "total": 1, "dashboards": rows})


def search_dashboards(call: Call) -> Response:
    """Return dashboards by a part of their name, a page at a time."""
    start, size = call.page()
    one = _dashboard(call)
    rows = [one] if call.query("dashboardName").lower() in str(one["name"]).lower() else []
    return reply(page_bean(call, rows, start, size, call.url("dashboard/search")))


def dashboard(call: Call) -> Response:
    """Return one dashboard."""
    if call.path("id") != "10000":
        raise errors.refusal(404, f"The dashboard with id '{call.path('id')}' does not exist.")
    return reply(_dashboard(call))


def _dashboard(call: Call) -> Json:
    shown = {"id": "10000", "name": "Default dashboard", "isFavourite": False, "popularity": 0}
    view = f"{call.site.base_url}/secure/Dashboard.jspa?selectPageId=10000"
    shares = {"sharePermissions": [{"id": 10000, "type": "global"}], "editPermissions": []}
    return {**shown, "self": call.url("dashboard/10000"), "view": view, **shares}


def avatars(call: Call) -> Response:
    """Return the avatars of a project: the one that all have."""
    call.site.project(call.caller, call.path("key"))
    return reply({"system": [{**_AVATAR, "isSelected": True}], "custom": []})


_AVATAR = {"id": "10400", "isSystemAvatar": True, "isSelected": False, "isDeletable": False}


def system_avatars(call: Call) -> Response:
    """Return the avatars that come with every site, for one kind of thing."""
    if call.path("type") not in ("issuetype", "project", "user", "priority"):
        raise errors.refusal(404, f"There are no avatars of type '{call.path('type')}'.")
    small = f"{call.site.base_url}/avatar/10400/16.png"
    return reply({"system": [{**_AVATAR, "urls": {"16x16": small}}]})


_V = "/rest/api/{v}/"
_RULES: dict[str, tuple[Callable[[Call], Response], str]] = {
    "project/type": (kinds, ""),
    "project/type/accessible": (kinds, "cloud"),
    "project/type/{type}": (kind, ""),
    "project/type/{type}/accessible": (kind, ""),
    "project/{key}/roledetails": (role_details, "cloud"),
    "project/{key}/avatars": (avatars, ""),
    "projectvalidate/key": (check_key, ""),
    "projectvalidate/validProjectKey": (free_key, "cloud"),
    "projectvalidate/validProjectName": (free_name, "cloud"),
    "applicationrole": (products, ""),
    "applicationrole/{role}": (product, ""),
    "customFieldOption/{id}": (option, ""),
    "statuses": (statuses, "cloud"),
    "statuses/byNames": (statuses_by_name, "cloud"),
    "configuration/timetracking": (time_tracking, "cloud"),
    "configuration/timetracking/list": (time_trackers, "cloud"),
    "configuration/timetracking/options": (time_options, "cloud"),
    "application-properties": (properties, ""),
    "application-properties/advanced-settings": (properties, ""),
    "mypreferences/locale": (locale, "cloud"),
    "dashboard": (dashboards, ""),
    "dashboard/search": (search_dashboards, "cloud"),
    "dashboard/{id}": (dashboard, ""),
    "avatar/{type}/system": (system_avatars, ""),
}
RULES = [Rule("GET", _V + path, handler, sign_in=True, on=on) for path, (handler, on) in _RULES.items()]
