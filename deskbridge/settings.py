"""`settings.toml` and the environment, parsed once into frozen objects.

Unknown keys are refused with the nearest known one; all problems are listed at once, each by its line and
place in the file. Secrets never stand in the file: a secret is named as ``env:NAME`` or ``file:PATH``.
Settings can be overridden by ``DESKBRIDGE_SECTION__KEY`` variables.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SettingsError

from connectors.errors import ConfigError
from deskbridge.contradictions import contradictions
from deskbridge.lines import Lines, lines_of
from deskbridge.parts import PREFIX, Settings
from deskbridge.people import people_in
from deskbridge.sla.editions import said_in
from deskbridge.words import nearest, unread

_OUTSIDE = {"DESKBRIDGE_SETTINGS", "DESKBRIDGE_SECRET"}
"""Variables that are not settings: where the settings are, and the usual name for the hub's secret."""

_PASSWORD = re.compile(r"://[^/]*:[^/]*@|[?&]password=", re.IGNORECASE)
"""What tells that the address of a database has a password in it."""

Loc = tuple[int | str, ...]
Raw = dict[str, Any]


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings in a file, overridden by the environment. Raises ConfigError with all problems."""
    reader = _Reader(path, environ)
    settings = reader.settings()
    if settings is None or reader.problems:
        raise ConfigError(reader.problems)
    return settings


def promises_in(path: Path, environ: Mapping[str, str]) -> str:
    """Return what a file that loads promises, with what the environment overrides; see `said_in`."""
    return said_in(_over(_toml(path)[0], _Environment(environ)()))


class _Reader:
    """Reads one file in one environment; `problems` collects what is wrong."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path, self._environ = path, environ
        self._named: set[str] = set()
        """The variables in which the settings say that secrets are."""
        self._lines = Lines({}, {})
        self._found: list[tuple[int, str]] = []

    @property
    def problems(self) -> list[str]:
        """What is wrong, in the order of the file; what stands elsewhere comes first."""
        return [text for _, text in sorted(self._found, key=lambda row: row[0])]

    def _say(self, loc: Loc | str, problem: str) -> None:
        """Take note of what is wrong at a place: in a variable that overrides the file, or in the file."""
        place = loc if isinstance(loc, str) else ".".join(str(part) for part in loc)
        if (variable := _variable_of(place)) in self._environ:
            self._found.append((0, f"environment: {variable}: {problem}"))
            return
        parts = place.split(".")
        above = {_variable_of(".".join(parts[:n])) for n in range(1, len(parts))}
        line = None if above & self._environ.keys() else self._lines.of(place)
        where = f"line {line}: {place}" if line else place
        self._found.append((line or 0, f"{self._path}: {where}: {problem}"))

    def settings(self) -> Settings | None:
        """Return the settings, or None if they cannot be made; even then as much as possible is checked."""
        written, self._lines = _toml(self._path)
        raw = _over(written, self._overrides())
        for place in [("hub",), *(("connections", name) for name in _names(raw)["connections"])]:
            self._secret(raw, (*place, "secret"))
        for name in _names(raw)["notify"]:
            self._secret(raw, ("notify", name, "url"))
        self._store(raw)
        self._people(raw)
        self._found += [(0, problem) for problem in _unknown_variables(self._environ, self._named)]
        settings = None
        sound: Settings | None
        try:
            sound = settings = Settings.model_validate(raw)
        except ValidationError as error:
            for one in error.errors():
                self._tell(one)
            sound = _sound(raw, [e["loc"] for e in error.errors()])
        if sound is not None:
            for problem in contradictions(sound, _names(raw)):
                named, _, text = problem.partition(": ")
                self._say(named, text)
        return settings

    def _overrides(self) -> Raw:
        try:
            return _Environment(self._environ)()
        except SettingsError as error:
            found = re.search(r'field "(\w+)"', str(error))
            variable = PREFIX + (found[1].upper() if found else "")
            text = 'this is not valid JSON; write it like ["a", "b"]'
            self._found.append((0, f"environment: {variable}: {text}"))
            return {}

    def _secret(self, raw: Raw, loc: tuple[str, ...]) -> None:
        """Put a secret into the place of its name."""
        part: Any = raw
        for key in loc[:-1]:
            part = part.get(key) if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(part.get(loc[-1]), str):
            return
        kind, _, name = part[loc[-1]].partition(":")
        secret, problem = "", "a secret never stands here; write env:NAME or file:PATH"
        if kind == "env":
            secret, problem = self._variable(name)
        elif kind == "file":
            secret, problem = self._file(name)
        if not problem and loc[0] != "hub" and not re.fullmatch(r"[!-~]+", secret):
            problem = "it has a space, a line break or a letter that no key has; copy it anew"
        if problem:
            self._say(loc, problem)
        part[loc[-1]] = _STAND_IN if problem else secret

    def _store(self, raw: Raw) -> None:
        """Put the store's address into the place of its name; one with a password is a secret."""
        hub = raw.get("hub")
        written = hub.get("store") if isinstance(hub, dict) else None
        if not isinstance(written, str):
            return
        loc = ("hub", "store")
        in_file = _variable_of("hub.store") not in self._environ
        if written.startswith(("env:", "file:")) or (in_file and _PASSWORD.search(written)):
            self._secret(raw, loc)

    def _people(self, raw: Raw) -> None:
        """Put what the people's file says into the place of its name."""
        written = raw.pop("people", None)
        if isinstance(written, str):
            people, problems = people_in(self._path.parent / written, _names(raw)["connections"])
            self._found += [(0, problem) for problem in problems]
            raw["people"] = people
        elif written is not None:
            self._say("people", 'name a file, like "people.csv"')
        elif raw.get("mention"):
            self._say("mention", 'nobody is known; name a table of them with people = "people.csv"')

    def _variable(self, name: str) -> tuple[str, str]:
        """Return a secret and what is wrong with it; what may be the secret itself is not repeated."""
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
            return "", "after env: comes the name of a variable, in capitals"
        self._named.add(name)
        secret = self._environ.get(name, "").strip()
        return secret, "" if secret else f"the environment variable {name} is not set, or empty"

    def _file(self, name: str) -> tuple[str, str]:
        try:
            secret = (self._path.parent / name).read_text("utf-8").strip()
        except (OSError, ValueError):
            return "", f"the file {name} cannot be read"
        return secret, "" if secret else f"the file {name} is empty"

    def _tell(self, error: ErrorDetails) -> None:
        """Take note of one of pydantic's errors, in a person's words."""
        loc = tuple(part for part in error["loc"] if part != "[key]")
        self._say(loc, words_of(error, loc))


_STAND_IN = "a secret that could not be read"


def words_of(error: ErrorDetails, loc: Loc) -> str:
    """Return what is wrong at a place of the settings, in a person's words."""
    if error["type"] == "extra_forbidden":
        return f"there is no such key{nearest(str(loc[-1]), _keys_beside(loc))}"
    if error["type"] == "missing":
        return "this is missing"
    if error["type"] in ("enum", "literal_error"):
        known = re.findall(r"'(\w+)'", str(error.get("ctx", {}).get("expected")))
        return f"no {str(error['input'])!r}{nearest(str(error['input']), known)}"
    if loc[-2:] == ("hub", "secret") and error["type"] == "too_short":
        return "it must have 16 characters at least"
    if error["type"] in ("date_from_datetime_parsing", "date_type", "date_parsing"):
        return f"no date {str(error['input'])!r}; write it like 2026-12-24"
    if error["type"] == "greater_than_equal":
        return f"it must be {error['ctx']['ge']} at least"
    return _PLAIN.get(error["type"]) or error["msg"].removeprefix("Value error, ")


_PLAIN: Mapping[str, str] = {
    "string_type": 'write it in quotes, like "12"',
    "frozen_set_type": 'write a list, like ["a", "b"]',
    "tuple_type": 'write a list, like ["a", "b"]',
    "too_short": "name one at least",
    "timezone_aware": "an instant has its zone; write it like 2026-03-01T09:00:00+01:00",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
}
"""What pydantic says in its own words, by the kind of error."""


def _variable_of(place: str) -> str:
    """Return the variable by which the environment overrides a place."""
    return PREFIX + place.replace(".", "__").upper()


class _Environment(EnvSettingsSource):
    """The given variables rather than the process's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
        super().__init__(Settings, env_prefix=PREFIX, env_nested_delimiter="__")

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def toml_in(path: Path) -> Raw:
    """Return what a TOML file says. Raises ConfigError where it cannot be read."""
    return _toml(path)[0]


def _toml(path: Path) -> tuple[Raw, Lines]:
    try:
        text = path.read_text("utf-8")
        return tomllib.loads(text), lines_of(text)
    except FileNotFoundError:
        raise ConfigError([f"{path}: there is no such file; name one with --settings"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: {unread(error)}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: this is not valid TOML: {error}"]) from None


def _over(base: Raw, over: Raw) -> Raw:
    """Return `base` with what `over` says on top, table by table."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _unknown_variables(environ: Mapping[str, str], named: set[str]) -> Iterator[str]:
    sections = list(Settings.model_fields)
    for name in sorted(environ):
        section = name.removeprefix(PREFIX).partition("__")[0].lower()
        if name.startswith(PREFIX) and name not in _OUTSIDE | named and section not in sections:
            text = f"there is no setting {name}{nearest(section, sections)}"
            yield f"environment: {text} (two underscores go between a section and its key)"


def _keys_beside(place: Loc) -> list[str]:
    """Return the keys that would have been known where an unknown one stands."""
    model: Any = Settings
    for part in place[:-1]:
        fields = getattr(model, "model_fields", None)
        if fields and part in fields:
            model = fields[part].annotation
        model = next((a for a in get_args(model) if hasattr(a, "model_fields")), model)
    return list(getattr(model, "model_fields", ()))


def _names(raw: Raw) -> dict[str, list[str]]:
    """Return what the file calls the parts of each section."""
    sections = {section: raw.get(section) for section in Settings.model_fields}
    return {section: list(part) if isinstance(part, dict) else [] for section, part in sections.items()}


def _sound(raw: Raw, locs: Iterable[Loc]) -> Settings | None:
    """Return the settings without the parts that are wrong by themselves, so that the rest can be checked."""
    sound: Raw = {section: dict(part) if isinstance(part, dict) else part for section, part in raw.items()}
    sound |= {"hub": {"secret": _STAND_IN}, "routes": list(enumerate(_listed(raw.get("routes"))))}
    for section, *rest in locs:
        part = sound.get(str(section))
        if section == "connections" and not rest:
            return None  # everything else would refer to nothing
        if section == "routes" and rest:
            sound["routes"] = [(i, route) for i, route in sound["routes"] if i != rest[0]]
        elif isinstance(part, dict) and rest:
            part.pop(rest[0], None)
        elif section != "hub":
            sound.pop(str(section), None)
    sound = {**sound, "routes": [route for _, route in sound.get("routes", ())]}
    try:
        return Settings.model_validate(sound)
    except ValidationError:
        return None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
