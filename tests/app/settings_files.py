"""Settings to start from, and how a test changes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

CANARIES = {
    "DESKBRIDGE_SECRET": "canary-hub-0123456789",
    "FRESHDESK_API_KEY": "canaryDesk0123456789",
    "JIRA_TOKEN": "ATATT-canary-jira=1234",
    "GITLAB_TOKEN": "glpat-canary_gitlab",
}
"""An environment with every secret that `WHOLE` names; none of them may be printed."""

WHOLE = """
trust = ["desk", "jira", "gitlab"]
may_mail = ["desk"]

[hub]
store = "store.sqlite3"
secret = "env:DESKBRIDGE_SECRET"
since = 2026-01-12T01:00:00+01:00

[connections.desk]
system = "freshdesk"
role = "front"
url = "https://desk.example"
secret = "env:FRESHDESK_API_KEY"
fields = { version = "cf_product_version" }

[connections.desk.vocabulary.status]
read = { 6 = "waiting_on_customer" }
write = { waiting_on_customer = "6" }

[connections.jira]
system = "jira"
role = "work"
url = "https://jira.example/tracker/"
user = "hub@harbour.example"
secret = "env:JIRA_TOKEN"

[connections.gitlab]
system = "gitlab"
role = "work"
url = "https://gitlab.example"
secret = "env:GITLAB_TOKEN"

[places.development]
connection = "jira"
key = "SUP"
kind = "10004"
readers = "staff"

[places.firmware]
connection = "gitlab"
key = "harbour/firmware"
readers = "customer:orbit"

[[routes]]
name = "developers"
tags = ["dev"]
types = ["bug"]
to = "development"

[[routes]]
name = "firmware"
tags = ["firmware"]
customers = ["orbit"]
to = "firmware"

[customers.lantern]
name = "Lantern Books"
domains = ["Lantern.example"]
organisations = { desk = ["77"] }
zone = "Europe/Rome"
policy = "standard"

[customers.orbit]
name = "Orbit Cafe"
domains = ["orbit.example"]
label = "orbit"
zone = "Asia/Tokyo"

[calendars.office]
zone = "Europe/Rome"
week = { "mon-thu" = ["09:00-13:00", "14:00-18:00"], fri = ["22:00-06:00"] }
holidays = [2026-01-06]

[policies.standard]
calendar = "office"
types = ["bug", "incident"]
assume_type = "bug"
assume_priority = "low"
targets = { urgent = { first_response = "30m", update = "4h" }, low = { update = "48h elapsed" } }

[boards.lantern]
customer = "lantern"
place = "development"
name = "Lantern Books"

[handover.work_to_front]
resolved = { status = "waiting_on_customer", note = false }

[handover.front_to_work]
waiting_on_customer = { status = "in_progress" }
"""


def written(folder: Path, *changes: tuple[str, str], whole: str = WHOLE) -> Path:
    """Return a settings file with each first text replaced by the second; an empty one appends."""
    for old, new in changes:
        assert old in whole, f"{old!r} is not in the settings"
        whole = whole.replace(old, new, 1) if old else whole + new
    path = folder / "settings.toml"
    path.write_text(whole, encoding="utf-8")
    return path


def unplaced(path: Path, problems: Iterable[str]) -> list[str]:
    """Return what is told about a settings file, without its name and the lines."""
    return [re.sub(r"^line \d+: ", "", problem.removeprefix(f"{path}: ")) for problem in problems]
