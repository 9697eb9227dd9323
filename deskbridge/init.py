"""`settings.toml` from what the connections have: asked live, commented, valid before it is written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.base import Account, ConnectionConfig
from connectors.errors import ConfigError, WireError
from connectors.quota import LocalBudget
from connectors.registry import SYSTEMS, connect
from connectors.survey import ProjectFound, Survey, survey
from deskbridge.bootstrap import Now
from deskbridge.drafted import inline, key_of, plain, quoted
from deskbridge.first_promises import Promises, promised, promises
from deskbridge.words import nearest
from deskbridge.written import FOR_ANYBODY, address, name
from mappings.ticket import Organisation, Unmapped
from mappings.vocabulary import Native, vocabularies

_PEOPLE = (
    "# Who shows the same mail address in several tools. Copies mention nobody before `mention` names where.",
    'people = "people.csv"',
    "# mention = []",
)
_SECRETS = {"freshdesk": "API_KEY", "jira": "TOKEN", "gitlab": "TOKEN"}
_LABELS = (
    (r"customer|requester", "waiting_on_customer"),
    (r"vendor|third part|supplier", "waiting_on_vendor"),
    (r"develop|engineer", "waiting_on_dev"),
    (r"progress", "in_progress"),
)
"""What people call the statuses that they add, and the word of ours that this most likely means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A connection that the settings are to have."""

    name: str
    system: str
    url: str
    user: str
    variable: str
    """The environment variable in which its secret is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one connection answered."""

    wanted: Wanted
    account: Account
    has: Survey
    organisations: tuple[Organisation, ...]


def wanted(given: list[str], environ: Mapping[str, str]) -> list[Wanted]:
    """Return the connections that were named as ``NAME=SYSTEM:URL``. Raises ConfigError with all problems."""
    made, problems = [], list[str]()
    for text in given:
        try:
            made.append(_wanted(text, environ))
        except (ConfigError, ValueError) as error:
            problems += [f"{text}: {line}" for line in str(error).splitlines()]
    if not given:
        problems.append("name your systems, like --connection desk=freshdesk:https://you.freshdesk.com")
    names = [one.name for one in made]
    problems += [
        f"{name}: there are two of this name" for name in sorted(set(names)) if names.count(name) > 1
    ]
    if problems:
        raise ConfigError(problems)
    return made


def _wanted(text: str, environ: Mapping[str, str]) -> Wanted:
    given, _, rest = text.partition("=")
    system, _, url = rest.partition(":")
    if not given or not url:
        raise ConfigError(["write it like desk=freshdesk:https://you.freshdesk.com"])
    if system not in SYSTEMS:
        raise ConfigError([f"no system {system!r}{nearest(system, SYSTEMS)}"])
    own, usual = given.upper().replace("-", "_"), system.upper()
    secrets = [f"{prefix}_{_SECRETS[system]}" for prefix in (own, usual)]
    variable = next((one for one in secrets if environ.get(one)), "")
    if not variable:
        raise ConfigError([f"put its secret into the environment, as {' or '.join(dict.fromkeys(secrets))}"])
    users = (environ.get(f"{prefix}_EMAIL", "") for prefix in (own, usual))
    user = next((one for one in users if one), "") if system == "jira" else ""
    return Wanted(name=name(given), system=system, url=address(url), user=user, variable=variable)


def ask(connections: list[Wanted], environ: Mapping[str, str], now: Now) -> list[Found]:
    """Return what each connection has. Raises ConfigError with what stands against any of them."""
    found, problems = [], list[str]()
    for one in connections:
        try:
            found.append(_asked(one, environ, now))
        except WireError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError(problems)
    return found


def _asked(one: Wanted, environ: Mapping[str, str], now: Now) -> Found:
    has = survey(one.system, config_of(one, environ, now))
    projects = tuple(p.key for p in has.projects) or ("NONE",)
    connector = connect(one.system, config_of(one, environ, now, projects))
    return Found(
        wanted=one,
        account=connector.whoami(),
        has=has,
        organisations=tuple(connector.organisations()),
    )


def config_of(
    one: Wanted, environ: Mapping[str, str], now: Now, projects: tuple[str, ...] = ()
) -> ConnectionConfig:
    """Return what a connector to a wanted connection is made from."""
    return ConnectionConfig(
        name=one.name,
        url=one.url,
        user=one.user,
        secret=environ[one.variable].strip(),
        projects=projects,
        fields={},
        vocabularies=vocabularies(one.system, {}),
        budget=LocalBudget(now),
        now=now,
    )


def settings_text(found: list[Found], *, zone: str, chosen: Mapping[str, str], table: bool = False) -> str:
    """Return the text of the settings; `chosen` says which project a connection works in.

    With a `table`, one of people stands beside the file.

    Raises ConfigError where a work side has no project that could be used without a thought.
    """
    front = next((f for f in found if f.wanted.system == "freshdesk"), found[0])
    problems = [line for f in found if f is not front or f.has.projects for line in _unplaced(f, chosen)]
    if len(found) < 2:
        problems.append("one system alone has nothing to be kept the same with: name a second one")
    if problems:
        raise ConfigError(problems)
    lines = [
        "# Written by `deskbridge init` from what the systems have. docs/settings.md explains every key.",
        "# Secrets stay in the environment. Read it through, then: deskbridge check --live",
        "",
        *([*_PEOPLE, ""] if table else []),
        "[hub]",
        'secret = "env:DESKBRIDGE_SECRET"  # 16 characters at least; never change it: openssl rand -hex 16',
        "",
    ]
    for one in found:
        lines += _connection(one, role="front" if one is front else "work")
    for one in found:
        lines += _places(one, chosen, front=one is front)
    lines += _routes([one for one in found if one is not front])
    agreed = promises(front.has, vocabularies(front.wanted.system, {}))
    lines += agreed.lines
    lines += _customers(front, zone, agreed)
    return "\n".join(lines).rstrip() + "\n"


def write(path: Path, text: str) -> None:
    """Write a new file. Raises ConfigError if there is one already: nothing is overwritten."""
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError([f"{path}: it is there already and is not overwritten"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: it cannot be written ({error.strerror})"]) from None


def _usable(one: Found, chosen: Mapping[str, str]) -> ProjectFound | None:
    """Return the project that a connection is to work in: the chosen one, else the first without obstacle."""
    key = chosen.get(one.wanted.name)
    fits = (p for p in one.has.projects if (p.key == key if key else not p.obstacle))
    return next(fits, None)


def _unplaced(one: Found, chosen: Mapping[str, str]) -> Iterator[str]:
    if _usable(one, chosen) is None:
        there = ", ".join(f"{p.key}{f' ({p.obstacle})' if p.obstacle else ''}" for p in one.has.projects)
        way = f"choose one with --project {one.wanted.name}=KEY; there are {there or 'none'}"
        yield f"{one.wanted.name}: no project to work in: {way}"


def _connection(one: Found, *, role: str) -> list[str]:
    w = one.wanted
    lines = [
        f"# We are {plain(f'{one.account.name} on {one.account.instance}')}.",
        f"[connections.{w.name}]",
        f'system = "{w.system}"',
    ]
    lines += [f'role = "{role}"', f"url = {quoted(w.url)}"]
    lines += [f"user = {quoted(w.user)}"] if w.user else []
    lines += [f'secret = "env:{w.variable}"']
    for native, label in one.has.fields:
        lines.append(f"# The custom field {native} ({plain(label)}) could hold one of ours:")
        lines.append(f"# fields = {{ version = {quoted(native)} }}")
    return [*lines, "", *_statuses(one)]


def _statuses(one: Found) -> list[str]:
    """Return the rows for statuses that the shipped table does not read."""
    lens = vocabularies(one.wanted.system, {})["status"]
    strange = [(n, called) for n, called in one.has.statuses if isinstance(lens.get(Native(n)), Unmapped)]
    if not strange:
        return []
    rows, unknown, written = dict[str, str](), list[str](), dict[str, str]()
    for native, label in strange:
        word = next((ours for sign, ours in _LABELS if re.search(sign, label.lower())), None)
        if word is None:
            unknown.append(
                f"# {quoted(native)} ({plain(label)}) is read by no row: tickets in it keep theirs."
            )
            continue
        rows[native] = word
        if word not in lens.writes:
            written.setdefault(word, native)
    table = [f"[connections.{one.wanted.name}.vocabulary.status]", *unknown]
    if rows:
        table.append(f"read = {inline(rows)}")
    if written:
        table.append(f"write = {inline(written)}")
    return [*table, ""]


def _places(one: Found, chosen: Mapping[str, str], *, front: bool) -> list[str]:
    project = _usable(one, chosen)
    if project is None:
        return []
    readers = [] if front else ['readers = "staff"  # your word that no customer has an account there']
    bug = next((id for id, called in project.kinds if called.lower() == "bug"), "")
    kinds = ", ".join(f"{id} {plain(called)}" for id, called in project.kinds)
    lines = [
        f"[places.{one.wanted.name}]",
        f'connection = "{one.wanted.name}"',
        f"key = {quoted(project.key)}",
    ]
    lines += [f"kind = {quoted(bug)}  # there are {kinds}"] if bug and not front else []
    others = [p for p in one.has.projects if p is not project]
    more = [f"# {p.key}: {p.obstacle or 'could be a place too'}" for p in others]
    return [*lines, *readers, *more, ""]


def _routes(works: list[Found]) -> list[str]:
    lines = []
    for number, one in enumerate(works):
        tag = one.wanted.name if number else "dev"
        lines += ["[[routes]]", f'name = "tickets tagged {tag}"', f'tags = ["{tag}"]']
        lines += [f'to = "{one.wanted.name}"', ""]
    return lines


def _customers(front: Found, zone: str, agreed: Promises) -> list[str]:
    lines, keys, taken = list[str](), set[str](), set[str]()
    for company in front.organisations:
        key = key_of(company.name, keys, "customer")
        keys.add(key)
        domains = [d.lower() for d in company.domains if d.lower() not in {*taken, *FOR_ANYBODY}]
        taken.update(domains)
        lines += [f"[customers.{key}]", f"name = {quoted(company.name)}", f"zone = {quoted(zone)}"]
        lines += [f"domains = {json.dumps(domains)}"] if domains else []
        lines += [f"organisations = {{ {front.wanted.name} = [{quoted(company.key)}] }}"]
        lines += [*promised(agreed, company.key), ""]
    return lines
