"""What people do to a Jira that has no API: administrators' switches, customers at the portal."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from deskbridge.sandbox.jira import (
    api_issues,
    desk_mails,
    desk_rules,
    edit,
    fresh,
    generate,
    permissions,
    workflow,
)
from deskbridge.sandbox.jira import comments as talk
from deskbridge.sandbox.jira import scopes as known_scopes
from deskbridge.sandbox.jira.desk_show import TYPE
from deskbridge.sandbox.jira.fields import normalised
from deskbridge.sandbox.jira.model import Comment, Issue, User
from deskbridge.sandbox.jira.signin import SignIn
from deskbridge.sandbox.jira.state import Site

Told = dict[str, object]


class Acts:
    """The acts of the control API on one site."""

    def __init__(self, site: Site, signin: Callable[[], SignIn]) -> None:
        self._site, self._signin = site, signin

    def all(self) -> Mapping[str, Callable[..., Told]]:
        """Return the acts by name."""
        names = [name for name in vars(Acts) if not name.startswith("_") and name != "all"]
        return {name: getattr(self, name) for name in names}

    # --- administrators ---

    def set_workflow(self, preset: str, project: str = fresh.PROJECT) -> Told:
        """Switch a project to another workflow: ``simplified``, ``directed`` or ``service``."""
        if preset not in workflow.WORKFLOWS:
            raise ValueError(f"preset must be one of {', '.join(workflow.WORKFLOWS)}, not {preset!r}")
        found = next((one for one in self._site.projects.values() if one.key == project), None)
        if found is None:
            raise ValueError(f"no project {project!r}")
        found.workflow = preset
        return {"workflow": preset}

    def require_field(
        self, field: str, transition: str = "", project: str = fresh.PROJECT, on: bool = True
    ) -> Told:
        """Require a field: by the field configuration, or on the screen of the transition with this id."""
        home = next((one for one in self._site.projects.values() if one.key == project), None)
        known = self._site.fields.get(field)
        if home is None or known is None:
            raise ValueError(f"no project {project!r}" if home is None else f"no field {field!r}")
        if transition and transition not in {one.id for one in workflow.ways(home)}:
            raise ValueError(f"{project} has no transition {transition!r}")
        names = home.asked.setdefault(transition, []) if transition else home.required
        if not transition and "create" not in known.screens:
            raise ValueError(f"{field} is not on the create screen")
        names[:] = [*(name for name in names if name != field), *([field] if on else [])]
        return {"required": list(names)}

    def set_switch(self, name: str, value: object) -> Told:
        """Set one of the site's uncertain facts, e.g. ``index_lag`` to seconds."""
        switches = self._site.switches
        known = {field.name: getattr(switches, field.name) for field in dataclasses.fields(switches)}
        if name not in known:
            raise ValueError(f"no switch {name!r}; there are {', '.join(sorted(known))}")
        kind = type(known[name])
        wanted: tuple[type, ...] = (int, float) if kind is float else (kind,)
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{name} takes a value like {known[name]!r}")
        setattr(switches, name, kind(value))
        return {name: getattr(switches, name)}

    def set_person(
        self,
        email: str,
        site_admin: bool | None = None,
        project_admin: bool | None = None,
        agent: bool | None = None,
        active: bool | None = None,
        time_zone: str | None = None,
        autowatch: bool | None = None,
    ) -> Told:
        """Change what somebody is: administrator, agent, active, in which time zone."""
        user = self._person(email)
        given = {
            "site_admin": site_admin,
            "project_admin": project_admin,
            "agent": agent,
            "active": active,
            "time_zone": time_zone,
            "autowatch": autowatch,
        }
        for name, value in given.items():
            if value is not None:
                setattr(user, name, value)
        return {name: getattr(user, name) for name in given}

    def permit(self, email: str, permission: str, allowed: bool | None = True) -> Told:
        """Give somebody a permission, take it, or with null leave it to the schemes again."""
        if permission not in permissions.PERMISSIONS:
            raise ValueError(f"no permission {permission!r}")
        user = self._person(email)
        if allowed is None:
            user.grants.pop(permission, None)
        else:
            user.grants[permission] = allowed
        return {"grants": dict(user.grants)}

    def make_token(self, email: str, scopes: list[str] | None = None) -> Told:
        """Make a token with scopes, which counts at the gateway only."""
        user, site = self._person(email), self._site
        token = fresh.api_token(site.world.rng)
        user.scoped[token] = list((*known_scopes.CLASSIC, *known_scopes.AGILE) if scopes is None else scopes)
        site.add_user(user)
        base = f"{site.base_url}/ex/jira/{site.cloud_id}"
        return {"token": token, "scopes": user.scoped[token], "base": base, "cloudId": site.cloud_id}

    def credentials(self) -> Told:
        """Return everybody's ways in."""
        return {
            user.email: {
                "accountId": user.account_id,
                "username": user.username,
                "key": user.key,
                "token": user.token,
                "password": user.password,
            }
            for user in self._site.users.values()
        }

    def solve_captcha(self, username: str) -> Told:
        """Let somebody in again who failed too often."""
        self._signin().failures.pop(username, None)
        return {"username": username}

    def set_security(self, project: str, on: bool = True) -> Told:
        """Give a project a security scheme, or take it away."""
        found = next((one for one in self._site.projects.values() if one.key == project), None)
        if found is None:
            raise ValueError(f"no project {project!r}")
        found.security = on
        return {"security": on}

    def open_desk(self, project: str = fresh.DESK, open: bool = True) -> Told:
        """Let anybody with an account raise requests at a desk, or its customers only."""
        for desk in self._site.desks.values():
            if self._site.projects[desk.project].key == project:
                desk.open = open
                return {"open": open}
        raise ValueError(f"no service desk {project!r}")

    # --- customers ---

    def customer_request(
        self, email: str, request_type: str, summary: str, description: str = "", project: str = fresh.DESK
    ) -> Told:
        """Let a customer raise a request at the portal."""
        site, user = self._site, self._person(email)
        for desk in site.desks.values():
            home = site.projects[desk.project]
            kind = next((one for one in desk.request_types if one.name == request_type), None)
            if home.key == project and kind is not None and desk_rules.may_open(site, user, desk):
                values: dict[str, Any] = {"summary": summary, "description": normalised(description) or None}
                values[TYPE] = kind.id
                issue = api_issues.store(site, home, kind.issue_type, user, values)
                desk_mails.facts(issue).channel = "portal"
                api_issues.announce(site, issue, user)
                return {"key": issue.key, "id": str(issue.id)}
        raise ValueError(f"{email} cannot raise {request_type!r} in {project}")

    def customer_comment(self, email: str, key: str, text: str) -> Told:
        """Let a customer answer at the portal."""
        user, issue = self._request(email, key)
        now = self._site.now()
        made = Comment(0, issue.id, user.account_id, user.account_id, normalised(text), now, now)
        return {"id": str(talk.add(self._site, issue, made, user).id)}

    def customer_transition(self, email: str, key: str, name: str) -> Told:
        """Let a customer take a transition that the portal shows."""
        user, issue = self._request(email, key)
        for one in workflow.available(self._site, issue):
            if one.portal and one.name == name:
                values = workflow.side_effects(self._site, issue, one, {})
                edit.apply(self._site, issue, user, values, one.to, "issue_generic")
                return {"status": self._site.statuses[issue.status].name}
        raise ValueError(f"{key} has no transition {name!r} for customers now")

    def customer_rate(self, email: str, key: str, rating: int, comment: str = "") -> Told:
        """Let the reporter rate a request, from 1 to 5."""
        user, issue = self._request(email, key)
        if user.account_id != issue.values.get("reporter") or not 1 <= rating <= 5:
            raise ValueError("only the reporter rates, from 1 to 5")
        facts = desk_mails.facts(issue)
        facts.rating, facts.rating_comment, facts.rated = rating, comment, self._site.now()
        return {"rating": rating}

    def generate(
        self,
        count: int,
        seed: int = 0,
        comments: int = 4,
        project: str = fresh.PROJECT,
        body: int = 1024,
    ) -> Told:
        """Make many issues quickly, without mails or webhooks: several languages, odd ones among them."""
        return generate.fill(self._site, project, count, seed, comments, body)

    def _person(self, email: str) -> User:
        user = self._site.by_email(email)
        if user is None:
            raise ValueError(f"nobody has the address {email!r}")
        return user

    def _request(self, email: str, key: str) -> tuple[User, Issue]:
        user, issue = self._person(email), self._site.find_issue(key)
        if issue is None or not desk_rules.sees(self._site, user, issue):
            raise ValueError(f"{email} sees no request {key!r}")
        return user, issue
