"""What differs between real instances, and what their admins set (12)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Switches:
    """The settings of the instance. Limits are numbers a minute unless they say otherwise; 0 is off."""

    version: str = "18.5.0-ee"
    tier: Literal["free", "premium"] = "premium"
    notes_per_minute: int = 300
    issues_per_minute: int = 0
    """0 is no limit, as on a self-managed instance (1.3)."""
    searches_per_minute: int = 30
    requests_per_minute: int = 0
    """The rack throttle for each user; 0 is off, the default of a self-managed instance (1.3)."""
    project_reads_per_minute: int = 0
    project_lists_per_10_minutes: int = 0
    group_projects_per_minute: int = 0
    user_reads_per_10_minutes: int = 0
    hook_tests_per_minute: int = 5
    mails_a_day: int = 1000
    """Notification mails to one member about one project; what is above is never sent (1.3)."""
    offset_limit: int = 50_000
    """How many rows offset paging reaches where cursors can go on (1.3)."""
    largest_upload: int = 100 * 1024 * 1024
    upload_refusal: int = 413
    """The status of a file that is too large: 413, 400 or 422 have been seen (5)."""
    refuse_failed_commands: bool = False
    """Whether a note with only inapplicable commands gets 400; else 202 and a summary that says so."""
    owners_delete_lists: bool = True
    """Whether board lists are removed by owners only, as documented; else by everyone who edits boards."""
    planners_delete_issues: bool = True
    """Whether planners delete issues too, not only owners (1.1)."""
    list_base: int = 0
    """The position of a board's first list: 0 (the terraform provider) or 1 (the documentation, 6.3)."""
    spam: Literal["", "spam", "captcha"] = ""
    """What happens to every new or edited text: nothing, refused, or refused until a captcha is solved."""
    replica_lag: float = 0.0
    """Seconds for which everybody but the writer reads an issue as it was before (2.4)."""
    auto_disable: bool = False
    """Whether failing hooks are disabled: on GitLab.com, by default not elsewhere (8.2)."""
    hook_4xx: Literal["auto", "disable", "backoff"] = "auto"
    """What four answers of 4xx do: disable for ever, or as 5xx; ``auto`` backs off from 17.11 on."""
    hooks_per_minute: int = 0
    """Deliveries for each top-level group; what is above is dropped."""
    hook_dates: Literal["utc", "iso"] = "utc"
    """Dates in hooks as ``2017-09-15 16:50:55 UTC`` or as ``2017-09-15T16:50:55Z`` (8.3)."""
    signature_header: str = "webhook-signature"
    """The header of the signature; the terraform docs name ``X-Gitlab-Signature`` (8.2)."""
    signing_key: Literal["standard", "plain"] = "standard"
    """Whether ``whsec_`` secrets are base64 of the key (Standard Webhooks), or taken as they stand."""
    status_categories: Literal["upper", "lower"] = "upper"
    """Whether GraphQL tells the category of a status as ``IN_PROGRESS`` or as ``in_progress``."""
    tickets: bool = False
    """Whether mails make work items of the type Ticket, told as ``work_item`` hooks (7.1)."""

    @property
    def release(self) -> tuple[int, int]:
        """Return the version's first two numbers."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def premium(self) -> bool:
        """Whether the instance has a paid tier."""
        return self.tier == "premium"

    @property
    def statuses(self) -> bool:
        """Whether work items have a status: paid tiers from 18.4 on (3.8)."""
        return self.premium and self.release >= (18, 4)

    @property
    def disables_on_4xx(self) -> bool:
        """Whether answers of 4xx disable a hook for ever (8.2)."""
        return self.hook_4xx == "disable" or (self.hook_4xx == "auto" and self.release < (17, 11))


Value = str | int | bool | float
"""What a switch can be set to. An integer must stay one, so `float` alone would not do."""
GITLAB_COM: dict[str, Value] = {
    "notes_per_minute": 60,
    "issues_per_minute": 200,
    "searches_per_minute": 10,
    "requests_per_minute": 2000,
    "project_reads_per_minute": 400,
    "project_lists_per_10_minutes": 2000,
    "group_projects_per_minute": 600,
    "user_reads_per_10_minutes": 300,
    "hooks_per_minute": 1600,
    "auto_disable": True,
}
"""The switches as GitLab.com has them (1.3, 8.2)."""

_WORDS: dict[str, tuple[object, ...]] = {
    "tier": ("free", "premium"),
    "spam": ("", "spam", "captcha"),
    "hook_4xx": ("auto", "disable", "backoff"),
    "hook_dates": ("utc", "iso"),
    "signing_key": ("standard", "plain"),
    "status_categories": ("upper", "lower"),
    "list_base": (0, 1),
    "upload_refusal": (400, 413, 422),
}


def turn(switches: Switches, given: dict[str, Value]) -> None:
    """Set switches, all or none; raises ValueError for unknown ones and for values they cannot have."""
    known = {field.name for field in dataclasses.fields(switches)}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"there is no switch {', '.join(unknown)}, only {', '.join(sorted(known))}")
    for name, value in given.items():
        if not _fits(name, value):
            raise ValueError(f"{name} cannot be {value!r}")
    for name, value in given.items():
        setattr(switches, name, value)


def _fits(name: str, value: object) -> bool:
    if name in _WORDS:
        return not isinstance(value, bool) and value in _WORDS[name]
    if name == "version":
        return isinstance(value, str) and len(value.split(".")) > 1 and _numbered(value)
    wanted = type(getattr(Switches(), name))
    if wanted is bool or isinstance(value, bool):
        return wanted is bool and isinstance(value, bool)
    if wanted is str:
        return isinstance(value, str) and bool(value)
    return isinstance(value, int | float) and value >= 0 and (wanted is float or isinstance(value, int))


def _numbered(version: str) -> bool:
    return all(part.isdigit() for part in version.split(".")[:2])
