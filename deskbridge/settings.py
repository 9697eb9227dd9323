"""`settings.toml` and the environment, parsed once into frozen objects.

Unknown keys are refused with the nearest known one; all problems are listed at once, each by its place
in the file. Secrets never stand in the file: a secret is named as ``env:NAME`` or ``file:PATH``.
Settings can be overridden by ``DESKBRIDGE_SECTION__KEY`` variables.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from connectors.errors import ConfigError
from connectors.registry import SYSTEMS
from deskbridge.written import Span, span, week, zone
from mappings.ticket import Field as FieldName
from mappings.ticket import Priority, Status, TicketType
from mappings.vocabulary import VocabularyError, vocabularies
from sync.rules import Role
from sync.sla.calendar import Frame

PREFIX = "DESKBRIDGE_"
_OUTSIDE = {"DESKBRIDGE_SETTINGS", "DESKBRIDGE_SECRET"}
"""Variables that are not settings: where the settings are, and the usual name for the hub's secret."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Zone = Annotated[ZoneInfo, BeforeValidator(zone)]
Week = Annotated[tuple[tuple[Frame, ...], ...], BeforeValidator(week)]
Length = Annotated[Span, BeforeValidator(span)]
Table = dict[str, dict[str, str]]


class Hub(_Part):
    """The hub itself."""

    store: Path = Path(".deskbridge/store.sqlite3")
    secret: SecretStr
    """What markers are signed with; 16 characters at least, never changed, kept with the backups."""
    since: datetime | None = None
    """From when on tickets are looked at by the first sync; a day back if not said."""


class Connection(_Part):
    """One account of a system."""

    system: str
    role: Role
    url: str = Field(pattern=r"^https?://[^/]+(/.*[^/])?$")
    user: str = ""
    secret: SecretStr
    fields: dict[FieldName, str] = {}
    vocabulary: dict[str, Table] = {}


class PlaceSettings(_Part):
    """Where tickets are put on a side."""

    connection: str
    key: str
    kind: str = ""
    readers: str = ""
    """``staff`` or ``customer:KEY``; a place that says nothing counts as readable by customers."""


class RouteSettings(_Part):
    """Which tickets get a side where."""

    name: str
    to: str
    tags: frozenset[str] = frozenset()
    types: frozenset[TicketType] = frozenset()
    customers: frozenset[str] = frozenset()


class CustomerSettings(_Part):
    """An organisation that is served."""

    name: str
    domains: frozenset[str] = frozenset()
    organisations: dict[str, frozenset[str]] = {}
    label: str = ""
    zone: Zone
    policy: str | None = None


class CalendarSettings(_Part):
    """When a desk works."""

    zone: Zone
    week: Week
    holidays: frozenset[date] = frozenset()


class PolicySettings(_Part):
    """What is promised."""

    calendar: str
    types: frozenset[TicketType] = frozenset()
    assume_type: TicketType | None = None
    assume_priority: Priority = Priority.MEDIUM
    targets: dict[Priority, dict[Literal["first_response", "update"], Length]]


class BoardSettings(_Part):
    """A customer's board in a tool."""

    customer: str
    place: str
    name: str


class HandoverSettings(_Part):
    """What a status on one side does on a side of the other role."""

    status: Status | None = None
    note: bool = True


class Handovers(_Part):
    """Both directions of the handover."""

    work_to_front: dict[Status, HandoverSettings] = {}
    front_to_work: dict[Status, HandoverSettings] = {}


class Settings(BaseSettings):
    """Everything that was decided once, in the hub."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX)

    hub: Hub
    connections: dict[str, Connection]
    places: dict[str, PlaceSettings] = {}
    routes: tuple[RouteSettings, ...] = ()
    customers: dict[str, CustomerSettings] = {}
    calendars: dict[str, CalendarSettings] = {}
    policies: dict[str, PolicySettings] = {}
    boards: dict[str, BoardSettings] = {}
    handover: Handovers = Handovers()
    trust: tuple[str, ...] = ()
    """Connections in the order in which they win a conflict; the order of the file if not said."""
    may_mail: frozenset[str] = frozenset()
    """Connections on which a write that may mail a customer is allowed."""


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings in a file, overridden by the environment. Raises ConfigError with all problems."""
    try:
        tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"{path}: there is no such file; name one with --settings"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: it cannot be read ({error})"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: this is not valid TOML: {error}"]) from None
    problems = list(_unknown_variables(environ))
    try:
        settings = _sources(path, environ).model_validate({})
    except ValidationError as error:
        raise ConfigError(problems + [_told(path, e) for e in error.errors()]) from None
    problems += [f"{path}: {problem}" for problem in _problems(settings)]
    settings = _with_secrets(settings, path, environ, problems)
    if problems:
        raise ConfigError(problems)
    return settings


def _sources(path: Path, environ: Mapping[str, str]) -> type[Settings]:
    """Return the settings class bound to one file and one environment."""

    class Bound(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return _Environment(settings_cls, environ), TomlConfigSettingsSource(settings_cls, path)

    return Bound


class _Environment(EnvSettingsSource):
    """The given variables rather than the process's own."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
        super().__init__(settings_cls, env_prefix=PREFIX, env_nested_delimiter="__")

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    sections = list(Settings.model_fields)
    for name in sorted(environ):
        section = name.removeprefix(PREFIX).partition("__")[0].lower()
        if name.startswith(PREFIX) and name not in _OUTSIDE and section not in sections:
            yield f"environment: there is no setting {name}{_nearest(section, sections)}"


def _told(path: Path, error: ErrorDetails) -> str:
    """Return one of pydantic's errors in a person's words, with its place in the file."""
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _keys_beside(error["loc"])
        return f"{path}: {place}: there is no such key{_nearest(str(error['loc'][-1]), known)}"
    if error["type"] == "missing":
        return f"{path}: {place}: this is missing"
    return f"{path}: {place}: {error['msg'].removeprefix('Value error, ')}"


def _keys_beside(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that would have been known where an unknown one stands."""
    model: Any = Settings
    for part in place[:-1]:
        fields = getattr(model, "model_fields", None)
        if fields and part in fields:
            model = fields[part].annotation
        model = next((a for a in get_args(model) if hasattr(a, "model_fields")), model)
    return list(getattr(model, "model_fields", ()))


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(known))}"


def _problems(s: Settings) -> Iterator[str]:
    """Yield what is wrong between parts that are each right by themselves."""
    for name, connection in s.connections.items():
        if connection.system not in SYSTEMS:
            near = _nearest(connection.system, list(SYSTEMS))
            yield f"connections.{name}.system: no {connection.system!r}{near}"
            continue
        try:
            vocabularies(connection.system, connection.vocabulary)
        except VocabularyError as error:
            yield from (f"connections.{name}.vocabulary: {problem}" for problem in error.problems)
    if not any(c.role is Role.FRONT for c in s.connections.values()):
        yield "connections: none has the role 'front', so no customer is served anywhere"
    yield from _readers(s)
    yield from _references(s)
    yield from _claimed_twice(s)


def _readers(s: Settings) -> Iterator[str]:
    for name, place in s.places.items():
        customer = place.readers.removeprefix("customer:")
        if place.readers not in ("", "staff") and (customer == place.readers or customer not in s.customers):
            yield f"places.{name}.readers: no {place.readers!r}; write staff, or customer:KEY of a customer"


def _references(s: Settings) -> Iterator[str]:
    used: list[tuple[str, str, Mapping[str, object]]] = [
        *((f"places.{n}.connection", p.connection, s.connections) for n, p in s.places.items()),
        *((f"routes.{r.name}.to", r.to, s.places) for r in s.routes),
        *((f"routes.{r.name}.customers", c, s.customers) for r in s.routes for c in sorted(r.customers)),
        *((f"customers.{n}.policy", c.policy, s.policies) for n, c in s.customers.items() if c.policy),
        *(
            (f"customers.{n}.organisations", side, s.connections)
            for n, c in s.customers.items()
            for side in c.organisations
        ),
        *((f"policies.{n}.calendar", p.calendar, s.calendars) for n, p in s.policies.items()),
        *((f"boards.{n}.customer", b.customer, s.customers) for n, b in s.boards.items()),
        *((f"boards.{n}.place", b.place, s.places) for n, b in s.boards.items()),
        *(("trust", name, s.connections) for name in s.trust),
        *(("may_mail", name, s.connections) for name in sorted(s.may_mail)),
    ]
    for place, name, known in used:
        if name not in known:
            yield f"{place}: there is no {name!r}{_nearest(name, list(known))}"


def _claimed_twice(s: Settings) -> Iterator[str]:
    owners: dict[str, str] = {}
    for key, customer in s.customers.items():
        records = (f"{side} {n}" for side, names in customer.organisations.items() for n in names)
        for sign in (*customer.domains, *records):
            first = owners.setdefault(sign.lower(), key)
            if first != key:
                yield f"customers.{key}: {sign} is also said to be {first}'s"


def _with_secrets(
    settings: Settings, path: Path, environ: Mapping[str, str], problems: list[str]
) -> Settings:
    """Return the settings with each secret in the place of its name; adds what is wrong to `problems`."""

    def read(place: str, secret: SecretStr) -> SecretStr:
        kind, _, name = secret.get_secret_value().partition(":")
        try:
            if kind == "env":
                return SecretStr(environ[name])
            if kind == "file":
                return SecretStr((path.parent / name).read_text("utf-8").strip())
        except KeyError:
            problems.append(f"{path}: {place}: the environment variable {name} is not set")
        except (OSError, UnicodeDecodeError):
            problems.append(f"{path}: {place}: the file {name} cannot be read")
        else:
            problems.append(f"{path}: {place}: a secret never stands here; write env:NAME or file:PATH")
        return SecretStr("")

    hub = settings.hub.model_copy(update={"secret": read("hub.secret", settings.hub.secret)})
    if 0 < len(hub.secret.get_secret_value()) < 16:
        problems.append(f"{path}: hub.secret: it must have 16 characters at least")
    connections = {
        name: c.model_copy(update={"secret": read(f"connections.{name}.secret", c.secret)})
        for name, c in settings.connections.items()
    }
    return settings.model_copy(update={"hub": hub, "connections": connections})
