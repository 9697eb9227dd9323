"""What people write into the settings: what is understood, and how everything else is refused."""

# ruff: noqa: E501 - a case is a line: what was written, and what is said to it

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from connectors.errors import ConfigError
from deskbridge.bootstrap import build
from deskbridge.parts import Settings
from deskbridge.settings import load
from sync.sla.calendar import Frame
from tests.app.settings_files import CANARIES, unplaced, written

Change = tuple[str, str]


def problems(path: Path, environ: Mapping[str, str] = CANARIES) -> list[str]:
    """What stands against a settings file, without the file's own name."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    assert not [secret for secret in CANARIES.values() if secret in f"{caught.value} {caught.value!r}"]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return unplaced(path, caught.value.problems)


class TestUnderstood:
    def test_a_whole_file(self, tmp_path: Path) -> None:
        """What people wrote would mean something else to the hub."""
        settings = load(written(tmp_path), CANARIES)
        assert settings.hub.since == datetime(2026, 1, 12, tzinfo=UTC)
        assert settings.hub.since.tzinfo is UTC
        assert settings.connections["jira"].url == "https://jira.example/tracker"
        assert settings.connections["jira"].secret.get_secret_value() == CANARIES["JIRA_TOKEN"]
        assert settings.customers["lantern"].domains == {"lantern.example"}
        week = settings.calendars["office"].week
        assert week is not None
        assert week[4] == (Frame(time(22), time(6)),)
        assert week[5:] == ((), ())

    @pytest.mark.parametrize("newline", ["", "\n", "\r\n"])
    def test_secrets_from_files(self, tmp_path: Path, newline: str) -> None:
        """A secret mounted as a file would be sent with the line break that editors put behind it."""
        path = written(tmp_path, ("env:JIRA_TOKEN", "file:keys/jira"))
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "jira").write_text(f"from-a-file{newline}", encoding="utf-8")
        assert load(path, CANARIES).connections["jira"].secret.get_secret_value() == "from-a-file"

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:80",
            "https://a.example/b/c",
            "HTTPS://A.example",
        ],
    )
    def test_addresses(self, tmp_path: Path, url: str) -> None:
        """An honest address would be refused, the sandbox's own among them."""
        path = written(tmp_path, ("https://desk.example", url))
        assert load(path, CANARIES).connections["desk"].url == url

    @pytest.mark.parametrize(
        ("frames", "expected"),
        [
            ('sat = ["18:00-24:00"], sun = ["00:00-06:00"]', [(5, 18, 0), (6, 0, 6)]),
            ('"mon-sun" = ["00:00-24:00"]', [(day, 0, 0) for day in range(7)]),
            ('sun = ["22:00-06:00"], mon = ["06:00-12:00"]', [(0, 6, 12), (6, 22, 6)]),
            ('mon = ["09:00-10:00"], tue = []', [(0, 9, 10)]),
        ],
    )
    def test_weeks(self, tmp_path: Path, frames: str, expected: list[tuple[int, int, int]]) -> None:
        """A night shift, a desk that never closes, or a closed day could not be said."""
        path = written(tmp_path, (_WEEK, frames), ('update = "4h"', 'update = "1h"'))
        week = load(path, CANARIES).calendars["office"].week or ()
        assert [(n, f.start.hour, f.end.hour) for n, day in enumerate(week) for f in day] == expected


class TestEnvironment:
    def test_overrides_the_file_part_by_part(self, tmp_path: Path) -> None:
        """A container could not be pointed elsewhere without a settings file of its own."""
        over = {
            "DESKBRIDGE_CONNECTIONS__JIRA__URL": "http://127.0.0.1:1",
            "DESKBRIDGE_HUB__SECRET": "env:OTHER",
            "DESKBRIDGE_TRUST": '["gitlab"]',
            "DESKBRIDGE_HANDOVER__WORK_TO_FRONT__CLOSED__NOTE": "false",
            "DESKBRIDGE_POLICIES__STANDARD__TARGETS__HIGH__UPDATE": "3h",
            "OTHER": "another-secret-of-the-hub",
        }
        settings = load(written(tmp_path), CANARIES | over)
        jira = settings.connections["jira"]
        assert (jira.url, jira.user) == ("http://127.0.0.1:1", "hub@harbour.example")
        assert settings.hub.secret.get_secret_value() == "another-secret-of-the-hub"
        assert settings.trust == ("gitlab",)
        assert [status.value for status in settings.handover.work_to_front] == ["resolved", "closed"]
        assert {p.value for p in settings.policies["standard"].targets} == {"urgent", "low", "high"}

    def test_only_the_given_one_counts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What happens to stand in the process's environment would change settings nobody sees."""
        monkeypatch.setenv("DESKBRIDGE_CONNECTIONS__JIRA__URL", "http://127.0.0.1:1")
        monkeypatch.setenv("DESKBRIDGE_NONSENSE", "x")
        assert load(written(tmp_path), CANARIES).connections["jira"].url == "https://jira.example/tracker"

    def test_variables_of_secrets_may_be_called_like_settings(self, tmp_path: Path) -> None:
        """A secret called DESKBRIDGE_JIRA_TOKEN, as people would, would be refused as an unknown setting."""
        path = written(tmp_path, ("env:JIRA_TOKEN", "env:DESKBRIDGE_JIRA_TOKEN"))
        jira = load(path, CANARIES | {"DESKBRIDGE_JIRA_TOKEN": "x", "DESKBRIDGE_SETTINGS": "y"}).connections[
            "jira"
        ]
        assert jira.secret.get_secret_value() == "x"

    @pytest.mark.parametrize(
        ("variable", "value", "expected"),
        [
            (
                "DESKBRIDGE_CONECTIONS__JIRA__URL",
                "https://a.example",
                (
                    "environment: there is no setting DESKBRIDGE_CONECTIONS__JIRA__URL; did you mean 'connections'?"
                    " (two underscores go between a section and its key)"
                ),
            ),
            (
                "DESKBRIDGE_CONNECTIONS__JIRA__ULR",
                "https://a.example",
                "environment: DESKBRIDGE_CONNECTIONS__JIRA__ULR: there is no such key; did you mean 'url'?",
            ),
            (
                "DESKBRIDGE_CONNECTIONS__JIRA__URL",
                "http://jira.example",
                (
                    "environment: DESKBRIDGE_CONNECTIONS__JIRA__URL: write https: over http anybody on the way could"
                    " read the credential"
                ),
            ),
            (
                "DESKBRIDGE_TRUST",
                "desk, jira",
                'environment: DESKBRIDGE_TRUST: this is not valid JSON; write it like ["a", "b"]',
            ),
            (
                "DESKBRIDGE_HUB__SECRET",
                "in-the-clear-0123456789",
                "environment: DESKBRIDGE_HUB__SECRET: a secret never stands here; write env:NAME or file:PATH",
            ),
            (
                "DESKBRIDGE_HUB",
                "x",
                'environment: DESKBRIDGE_HUB: this is not valid JSON; write it like ["a", "b"]',
            ),
        ],
    )
    def test_mistakes_name_the_variable(
        self, tmp_path: Path, variable: str, value: str, expected: str
    ) -> None:
        """Somebody would search the file for what stands in the environment."""
        found = problems(written(tmp_path), CANARIES | {variable: value})
        assert found == [expected]
        assert "in-the-clear" not in "".join(found)


class TestTheFile:
    def test_missing(self, tmp_path: Path) -> None:
        """The first run would end in a traceback."""
        assert problems(tmp_path / "settings.toml") == ["there is no such file; name one with --settings"]

    def test_a_folder(self, tmp_path: Path) -> None:
        """So would a path that is no file."""
        (found,) = problems(tmp_path)
        assert found == "it cannot be read: it is a folder; name the file in it"

    def test_not_text(self, tmp_path: Path) -> None:
        """So would a file saved in another encoding."""
        path = tmp_path / "settings.toml"
        path.write_bytes("name = 'Café'".encode("latin-1"))
        (found,) = problems(path)
        assert found == "it cannot be read: line 1 is not UTF-8; save it anew in that encoding"

    def test_not_toml(self, tmp_path: Path) -> None:
        """A slip of the pen would not be shown with its line."""
        (found,) = problems(written(tmp_path, ("[hub]", "[hub")))
        assert found.startswith("this is not valid TOML: ")
        assert "line 5" in found

    def test_empty(self, tmp_path: Path) -> None:
        """What a settings file must have at least would not be said."""
        path = tmp_path / "settings.toml"
        path.touch()
        assert problems(path) == ["hub: this is missing", "connections: this is missing"]


_WEEK = '"mon-thu" = ["09:00-13:00", "14:00-18:00"], fri = ["22:00-06:00"]'
_FRONT = '[connections.shop]\nsystem = "gitlab"\nrole = "front"\nurl = "https://s.example"\nsecret = "env:GITLAB_TOKEN"\n'
_BOARD = '[boards.more]\ncustomer = "{}"\nplace = "{}"\nname = "{}"\n'
_NAME = "a name has small letters and digits, with single - or _ between them"
_SAID = "a secret never stands here; write env:NAME or file:PATH"
_ODD = "it has a space, a line break or a letter that no key has; copy it anew"
_URL = "connections.desk.url: this is no address; write it like https://example.atlassian.net"

FORM: list[tuple[Change, str]] = [
    # keys, at every depth
    (("[hub]", "[hubb]"), "hub: this is missing|hubb: there is no such key; did you mean 'hub'?"),
    (("store =", "stroe ="), "hub.stroe: there is no such key; did you mean 'store'?"),
    (("[hub]", '[hub]\nkeep_texts = "0d"'), "hub.keep_texts: no number of days '0d'; write 90d"),
    (("[hub]", "[hub]\nkeep_decisions = 90"), "hub.keep_decisions: no number of days '90'; write 90d"),
    *(
        (('store = "', f'store = "{said}'), f"hub.store: {why}")
        for said, why in (
            ("mysql://db/", "this is no store; write a path, or postgresql+psycopg://USER@HOST/DATABASE"),
            ("postgresql+psycopg://hub:s3cret@db/", _SAID),
            ("postgresql+psycopg://db/hub?password=s3cret&x=", _SAID),
            ("env:NOT_SET_AT_ALL#", "after env: comes the name of a variable, in capitals"),
            ("file:not-there/", "the file not-there/store.sqlite3 cannot be read"),
        )
    ),
    (
        ('role = "front"', 'rol = "front"'),
        "connections.desk.role: this is missing|connections.desk.rol: there is no such key; did you mean 'role'?",
    ),
    (
        ('user = "hub@harbour.example"', 'zzz = "hub@harbour.example"'),
        "connections.jira.zzz: there is no such key; there are fields, notify, resolution, role, secret, system, url, user, vocabulary",
    ),
    (
        ('kind = "10004"', 'knd = "10004"'),
        "places.development.knd: there is no such key; did you mean 'kind'?",
    ),
    (('tags = ["dev"]', 'tag = ["dev"]'), "routes.0.tag: there is no such key; did you mean 'tags'?"),
    (
        ("note = false", "notes = false"),
        "handover.work_to_front.resolved.notes: there is no such key; did you mean 'note'?",
    ),
    (
        ("[handover.work_to_front]", "[handover.work_to_frnt]"),
        "handover.work_to_frnt: there is no such key; did you mean 'work_to_front'?",
    ),
    (
        ("fields = { version", "fields = { verson"),
        "connections.desk.fields.verson: no 'verson'; did you mean 'version'?",
    ),
    (("urgent = {", "urgnt = {"), "policies.standard.targets.urgnt: no 'urgnt'; did you mean 'urgent'?"),
    (
        ("first_response =", "first_reply ="),
        "policies.standard.targets.urgent.first_reply: no 'first_reply'; did you mean 'first_response'?",
    ),
    (
        ("[handover.work_to_front]\nresolved", "[handover.work_to_front]\nsolved"),
        "handover.work_to_front.solved: no 'solved'; did you mean 'resolved'?",
    ),
    (
        ("read = { 6 =", "raed = { 6 ="),
        "connections.desk.vocabulary: freshdesk.status.write.waiting_on_customer: '6' does not read back as waiting_on_customer|connections.desk.vocabulary.status.raed: there is no such key; did you mean 'read'?",
    ),
    # words and types
    (('role = "front"', 'role = "fornt"'), "connections.desk.role: no 'fornt'; did you mean 'front'?"),
    (
        ('types = ["bug"]', 'where = { prioritee = ["high"] }'),
        "routes.0.where.prioritee: there is no such key; did you mean 'priority'?",
    ),
    (
        ('types = ["bug"]', 'where = { priority = ["hihg"], subject_has = [""] }'),
        (
            "routes.0.where.priority.0: no 'hihg'; did you mean 'high'?|routes.0.where.subject_has.0: String"
            " should have at least 1 character"
        ),
    ),
    (
        ('types = ["bug"]', 'statuses = ["done"]'),
        "routes.0.statuses.0: no 'done'; there are closed, in_progress, open, resolved, waiting_on_customer, waiting_on_dev, waiting_on_vendor",
    ),
    (('types = ["bug"]', 'types = ["bugg"]'), "routes.0.types.0: no 'bugg'; did you mean 'bug'?"),
    (
        ('assume_priority = "low"', "assume_priority = 3"),
        "policies.standard.assume_priority: no '3'; there are high, low, medium, urgent",
    ),
    (('tags = ["dev"]', "tags = 3"), 'routes.0.tags: write a list, like ["a", "b"]'),
    (('key = "SUP"', "key = 3"), 'places.development.key: write it in quotes, like "12"'),
    (('trust = ["desk", "jira", "gitlab"]', 'trust = "desk"'), 'trust: write a list, like ["a", "b"]'),
    (
        ("since = 2026-01-12T01:00:00+01:00", "since = 2026-01-12T01:00:00"),
        "hub.since: an instant has its zone; write it like 2026-03-01T09:00:00+01:00",
    ),
    (
        ("since = 2026-01-12T01:00:00+01:00", "since = 2026-01-12"),
        "hub.since: an instant has its zone; write it like 2026-03-01T09:00:00+01:00",
    ),
    # names
    (
        ("", '[calendars."Our Office"]\nzone = "Asia/Tokyo"\nweek = { mon = ["09:00-10:00"] }'),
        f"calendars.Our Office: {_NAME}",
    ),
    (("", '[customers.Anna]\nname = "A"\nzone = "Asia/Tokyo"'), f"customers.Anna: {_NAME}"),
    (
        ("", '[places.the__developers]\nconnection = "jira"\nkey = "SUP"\nreaders = "staff"'),
        f"places.the__developers: {_NAME}",
    ),
    (("", '[customers."?"]\nname = "A"\nzone = "Asia/Tokyo"'), f"customers.?: {_NAME}"),
    # addresses
    (("https://desk.example", "desk.example"), _URL),
    (("https://desk.example", "https://"), _URL),
    (("https://desk.example", "https://desk.example:port"), _URL),
    (("https://desk.example", "ftp://desk.example"), _URL),
    (("https://desk.example", "https://desk example"), _URL),
    (("https://desk.example", "https://[desk"), _URL),
    (
        ("https://desk.example", "https://desk.example/?a=b"),
        "connections.desk.url: an address ends before ? and #",
    ),
    (
        ("https://desk.example", "http://desk.example"),
        "connections.desk.url: write https: over http anybody on the way could read the credential",
    ),
    (
        ("https://desk.example", "http://127.0.0.1.example"),
        "connections.desk.url: write https: over http anybody on the way could read the credential",
    ),
    (
        ("https://desk.example", "https://me:canaryDesk0123456789@desk.example"),
        "connections.desk.url: a credential never stands in an address; put it where `secret` points",
    ),
    (
        ("https://desk.example", "http://canaryDesk0123456789@127.0.0.1"),
        "connections.desk.url: a credential never stands in an address; put it where `secret` points",
    ),
    # secrets
    (("env:JIRA_TOKEN", "ATATT-canary-jira=1234"), f"connections.jira.secret: {_SAID}"),
    (("env:JIRA_TOKEN", "token:ATATT-canary-jira=1234"), f"connections.jira.secret: {_SAID}"),
    (
        ("env:FRESHDESK_API_KEY", "env:canaryDesk0123456789"),
        "connections.desk.secret: after env: comes the name of a variable, in capitals",
    ),
    (
        ("env:JIRA_TOKEN", "env:"),
        "connections.jira.secret: after env: comes the name of a variable, in capitals",
    ),
    (
        ("env:JIRA_TOKEN", "env:NOT_THERE"),
        "connections.jira.secret: the environment variable NOT_THERE is not set, or empty",
    ),
    (("env:JIRA_TOKEN", "file:not-there"), "connections.jira.secret: the file not-there cannot be read"),
    (("env:JIRA_TOKEN", "file:."), "connections.jira.secret: the file . cannot be read"),
    (("env:JIRA_TOKEN", "file:empty"), "connections.jira.secret: the file empty is empty"),
    (("env:JIRA_TOKEN", "file:two-lines"), f"connections.jira.secret: {_ODD}"),
    (("env:JIRA_TOKEN", "file:dash"), f"connections.jira.secret: {_ODD}"),
    (("env:DESKBRIDGE_SECRET", "file:short"), "hub.secret: it must have 16 characters at least"),
    (
        ('secret = "env:JIRA_TOKEN"', "secret = 12345"),
        'connections.jira.secret: write it in quotes, like "12"',
    ),
    # time
    (
        ('zone = "Asia/Tokyo"', 'zone = "Tokio"'),
        "customers.orbit.zone: no time zone 'Tokio'; write it like Europe/Rome",
    ),
    (
        ('zone = "Asia/Tokyo"', 'zone = ""'),
        "customers.orbit.zone: no time zone ''; write it like Europe/Rome",
    ),
    (
        ('zone = "Asia/Tokyo"', 'zone = "../../etc/passwd"'),
        "customers.orbit.zone: no time zone '../../etc/passwd'; write it like Europe/Rome",
    ),
    (
        ('first_response = "30m"', 'first_response = "2 days"'),
        "policies.standard.targets.urgent.first_response: no length '2 days'; write 30m or 4h, or 48h elapsed to count night and day",
    ),
    (
        ('first_response = "30m"', 'first_response = "0h"'),
        "policies.standard.targets.urgent.first_response: the length '0h' must be more than nothing and a year at most",
    ),
    (
        ('"48h elapsed"', '"999999h elapsed"'),
        "policies.standard.targets.low.update: the length '999999h elapsed' must be more than nothing and a year at most",
    ),
    (
        ('first_response = "30m"', 'first_response = "99999999999h"'),
        "policies.standard.targets.urgent.first_response: no length '99999999999h'; write 30m or 4h, or 48h elapsed to count night and day",
    ),
    # customers
    (
        ('label = "orbit"', 'label = ""'),
        "customers.orbit.label: a label has no spaces or commas, and is not empty; leave it out for customer-KEY",
    ),
    (
        ('label = "orbit"', 'label = "orbit cafe"'),
        "customers.orbit.label: a label has no spaces or commas, and is not empty; leave it out for customer-KEY",
    ),
    (
        ('"orbit.example"', '"@orbit.example"'),
        "customers.orbit.domains.0: '@orbit.example' is no mail domain; write what follows the @, like lantern.example",
    ),
    (
        ('"orbit.example"', '"GMail.com"'),
        "customers.orbit.domains.0: anybody may have an address at GMail.com: name the customer's organisations instead",
    ),
    (
        ('"orbit.example"', '"*.orbit.example"'),
        "customers.orbit.domains.0: '*.orbit.example' is no mail domain; write what follows the @, like lantern.example",
    ),
    (
        ("", '[pages]\nproxies = ["0.0.0.0/0"]\n'),
        "pages.proxies.0: 0.0.0.0/0 is everybody; name the proxy's own address, or its network",
    ),
]

WEEKS: list[tuple[str, str]] = [
    ('"mon-fry" = []', "no days 'mon-fry'; there are mon, tue, wed, thu, fri, sat, sun, and ranges like mon-fri"),
    ('"fri-mon" = []', "the days 'fri-mon' are the wrong way round; a week runs from mon to sun"),
    ('"mon-fri" = ["09:00-10:00"], wed = []', "wed is said twice"),
    ('mon = "09:00-13:00"', 'write frames as a list, like ["09:00-13:00"]'),
    ('mon = ["9-13"]', "no frame '9-13'; write it like 09:00-13:00"),
    ('mon = ["09:00-09:00"]', "no frame '09:00-09:00'; write it like 09:00-13:00"),
    ('mon = ["24:00-09:00"]', "no frame '24:00-09:00'; write it like 09:00-13:00"),
    ('mon = ["20:00-24:30"]', "no frame '20:00-24:30'; write it like 09:00-13:00"),
    ('mon = ["09:00-25:00"]', "no frame '09:00-25:00'; write it like 09:00-13:00"),
    ('mon = ["09:00-13:00", "12:00-14:00"]', "the frames mon 09:00-13:00 and mon 12:00-14:00 overlap or are out of order"),
    ('mon = ["14:00-18:00", "09:00-13:00"]', "the frames mon 14:00-18:00 and mon 09:00-13:00 overlap or are out of order"),
    ('mon = ["18:00-24:00", "19:00-20:00"]', "the frames mon 18:00-00:00 and mon 19:00-20:00 overlap or are out of order"),
    ('mon = ["22:00-06:00"], tue = ["05:00-12:00"]', "the frames mon 22:00-06:00 and tue 05:00-12:00 overlap or are out of order"),
    ('sun = ["22:00-06:00"], mon = ["05:00-12:00"]', "the frames sun 22:00-06:00 and mon 05:00-12:00 overlap or are out of order"),
    ("mon = []", "there is no working time at all"),
    ("", "there is no working time at all"),
]  # fmt: skip

SENSE: list[tuple[Change, str]] = [
    (('system = "jira"', 'system = "jria"'), "connections.jira.system: no 'jria'; did you mean 'jira'?"),
    (('system = "jira"', 'system = "trac"'), "connections.jira.system: no 'trac'; there are freshdesk, gitlab, jira"),
    (("[connections.gitlab]", "[connections.hub]"), "connections.hub: 'hub' means the hub itself; choose another name|connections.hub: no place is on it; add [places.NAME] with connection = \"hub\"|places.firmware.connection: there is no 'gitlab' among the connections; there are desk, hub, jira|trust: there is no 'gitlab' among the connections; there are desk, hub, jira"),
    (('role = "front"', 'role = "work"'), "connections: none has the role 'front', so no customer is served anywhere|connections.desk: no place is on it; add [places.NAME] with connection = \"desk\""),
    (("", _FRONT), 'connections.shop: no place is on it; add [places.NAME] with connection = "shop"'),
    (('system = "gitlab"', 'system = "gitlab"\nresolution = "Done"'), "connections.gitlab.resolution: gitlab asks for none; leave it out"),
    # vocabularies
    (('write = { waiting_on_customer = "6" }', 'write = { waiting_on_customer = "2" }'), "connections.desk.vocabulary: freshdesk.status.write.waiting_on_customer: '2' does not read back as waiting_on_customer"),
    (('read = { 6 = "waiting_on_customer" }', 'read = { 6 = "waiting" }'), "connections.desk.vocabulary: freshdesk.status.read.6: 'waiting' is not one of open, in_progress, waiting_on_dev, waiting_on_customer, waiting_on_vendor, resolved, closed|connections.desk.vocabulary: freshdesk.status.write.waiting_on_customer: '6' does not read back as waiting_on_customer"),
    (("[connections.desk.vocabulary.status]", "[connections.desk.vocabulary.state]"), "connections.desk.vocabulary: freshdesk.state: no such vocabulary; there are status, priority, type, impact, urgency, resolution, sla, rating"),
    # references
    (('connection = "gitlab"', 'connection = "gitlba"'), "connections.gitlab: no place is on it; add [places.NAME] with connection = \"gitlab\"|places.firmware.connection: there is no 'gitlba' among the connections; did you mean 'gitlab'?"),
    (('to = "development"', 'to = "developers"'), "routes.developers.to: there is no 'developers' among the places; did you mean 'development'?"),
    (('customers = ["orbit"]', 'customers = ["orbti"]'), "routes.firmware.customers: there is no 'orbti' among the customers; did you mean 'orbit'?|routes.firmware.to: customer orbit reads firmware; take theirs alone with customers = [\"orbit\"]"),
    (('policy = "standard"', 'policy = "gold"'), "customers.lantern.policy: there is no 'gold' among the policies; there are standard"),
    (("{ desk = [", "{ dsk = ["), "customers.lantern.organisations: there is no 'dsk' among the connections; did you mean 'desk'?"),
    (('calendar = "office"', 'calendar = "ofice"'), "policies.standard.calendar: there is no 'ofice' among the calendars; did you mean 'office'?"),
    (('customer = "lantern"', 'customer = "lanten"'), "boards.lantern.customer: there is no 'lanten' among the customers; did you mean 'lantern'?"),
    (('place = "development"', 'place = "develop"'), "boards.lantern.place: there is no 'develop' among the places; did you mean 'development'?"),
    (('may_mail = ["desk"]', 'may_mail = ["dsk"]'), "may_mail: there is no 'dsk' among the connections; did you mean 'desk'?"),
    (('trust = ["desk",', 'trust = ["dsk",'), "trust: there is no 'dsk' among the connections; did you mean 'desk'?"),
    (('readers = "customer:orbit"', 'readers = "customer:obit"'), "places.firmware.readers: there is no 'obit' among the customers; did you mean 'orbit'?|routes.firmware.to: customer obit reads firmware; take theirs alone with customers = [\"obit\"]"),
    (("", '[receipt]\nenforce_from = 2026-03-01T08:00:00Z\nsender = "Us"\nconnections = ["desk"]\ntext = "Hello."\n'), "receipt.text: write {numbers} where the ticket's numbers stand"),
    (("", '[receipt]\nenforce_from = 2026-03-01T08:00:00Z\nsender = "Us"\nconnections = ["desk"]\ntext = "{numbers} {name}"\n'), "receipt.text: nothing is known by {name}; only {numbers} is put in"),
    (("", '[receipt]\nenforce_from = 2026-03-01T08:00:00Z\nsender = "Us"\nconnections = ["jira"]\ntext = "{numbers}"\n'), "receipt.connections: no customer is served on jira; name fronts"),
    (("", '[receipt]\nenforce_from = 2026-03-01T08:00:00Z\nsender = "Us"\nconnections = ["desk"]\ntext = "{numbers}"\nlink = "https://help.example/"\n'), "receipt.link: write {key} where the ticket's key stands"),
    (("", '[receipt]\nenforce_from = 2026-03-01T08:00:00Z\nsender = "Us"\nconnections = ["desk"]\ntext = "{numbers}"\nnumbers = ["jria"]\n'), "receipt.numbers: there is no 'jria' among the connections; did you mean 'jira'?"),
    (("", '[publish]\nsign = "!public"\nsender = "Us"\nconnections = ["jria"]\n'), "publish.connections: there is no 'jria' among the connections; did you mean 'jira'?"),
    (("trust = [", 'relay = ["jria"]\ntrust = ['), "relay: there is no 'jria' among the connections; did you mean 'jira'?"),
    (("", '[publish]\nsign = "!public"\nsender = "Us"\nconnections = ["desk"]\n'), "publish.connections: desk is where customers are served; a reply there is public"),
    (("", '[publish]\nsign = "!public"\nsender = "Us"\nlink = "https://help.example/"\n'), "publish.link: write {key} where the ticket's key stands"),
    (("", '[publish]\nsign = "!public"\nsender = "Us"\n[texts]\nkeep_private = "!public"\n'), "publish.sign: !public is also texts.keep_private; nobody can mean both"),
    # places and routes
    (('readers = "staff"\n', ""), "places.development.readers: '' says not who reads there; write staff, or customer:KEY of the one customer who does"),
    (('readers = "staff"', 'readers = "public"'), "places.development.readers: 'public' says not who reads there; write staff, or customer:KEY of the one customer who does"),
    (('readers = "staff"', 'readers = "customer:"'), "places.development.readers: 'customer:' says not who reads there; write staff, or customer:KEY of the one customer who does"),
    (('key = "SUP"\n', ""), "places.development.key: name the project"),
    (('key = "SUP"', 'key = " "'), "places.development.key: name the project"),
    (("", '[places.more]\nconnection = "jira"\nkey = "SUP"\nreaders = "customer:lantern"\n'), "places.more.readers: development is the same project and says 'staff'"),
    (("", '[places.mail]\nconnection = "desk"\nreaders = "staff"\n'), "places.mail.readers: on the front each customer reads their own tickets; leave it out"),
    (("", '[places.mail]\nconnection = "desk"\n[[routes]]\nname = "back"\nto = "mail"\n'), "routes.back.to: mail is where customers are served; name a place for work"),
    (('tags = ["dev"]', 'fronts = ["jira", "dsk"]'), "routes.developers.fronts: there is no 'dsk' among the connections; did you mean 'desk'?|routes.developers.fronts: jira has the role 'work'; tickets come from fronts"),
    (("", _FRONT.replace("https://s.example", "https://jira.example/tracker") + '[places.again]\nconnection = "shop"\nkey = "sup"\n'), "places.again.connection: jira works in sup already; one connection does"),
    (("", _FRONT + '[places.again]\nconnection = "shop"\nreaders = "all"\n'), "places.again.readers: 'all' says not who reads there; write staff, or customer:KEY of the one customer who does|places.again.key: name the project"),
    (('name = "firmware"', 'name = "developers"'), "routes.developers: there are two of this name"),
    (('customers = ["orbit"]\n', ""), 'routes.firmware.to: customer orbit reads firmware; take theirs alone with customers = ["orbit"]'),
    (('customers = ["orbit"]', 'customers = ["orbit", "lantern"]'), 'routes.firmware.to: customer orbit reads firmware; take theirs alone with customers = ["orbit"]'),
    # customers
    (('["orbit.example"]', '["LANTERN.example"]'), "customers.orbit.domains: lantern.example is also in customers.lantern.domains; it can be one customer's only"),
    (('["orbit.example"]', '["orbit.example"]\norganisations = { desk = ["77"] }'), "customers.orbit.organisations: desk 77 is also in customers.lantern.organisations; it can be one customer's only"),
    (('label = "orbit"', 'label = "Customer.Lantern"'), "customers.orbit.label: 'Customer.Lantern' is also lantern's; give each their own"),
    (("", '[customers.a]\nname = "A"\nzone = "UTC"\nprojects = { jira = ["SUP"] }\n[customers.b]\nname = "B"\nzone = "UTC"\nprojects = { jira = ["sup"] }\n'), 'customers.b.projects: jira sup is also in customers.a.projects; it can be one customer\'s only|routes.developers.to: all of SUP is a\'s; take theirs alone with customers = ["a"]|boards.lantern.place: all of SUP is a\'s, so it shows no other\'s tickets'),
    (('label = "orbit"', 'label = "orbit"\nprojects = { jira = ["NONE"] }'), "customers.orbit.projects: no place is in jira NONE, so nothing of it is read"),
    (('label = "orbit"', 'label = "orbit"\nlabels = { gitlab = ["customer-lantern"] }\ncomponents = { jria = ["x"] }'), "customers.orbit.label: 'customer-lantern' is also lantern's; give each their own|customers.orbit.components: there is no 'jria' among the connections; did you mean 'jira'?"),
    # promises
    (('first_response = "30m"', 'first_response = "2081h"'), "policies.standard.targets.urgent.first_response: calendar office has less working time than that in a year"),
    # boards
    (("", '[places.mail]\nconnection = "desk"\n' + _BOARD.format("orbit", "mail", "O")), "boards.more.place: freshdesk has no boards; name a place elsewhere"),
    (("", _BOARD.format("lantern", "firmware", "L")), "boards.more.place: customer orbit reads firmware, so it shows no other's tickets"),
    (("", _BOARD.format("lantern", "development", "L")), "boards.more.customer: the board lantern has the same customer on the same connection"),
    (("", _BOARD.format("orbit", "development", "L") + 'columns = ["open", "open"]\n'), "boards.more.columns: open is said twice"),
    (("", _BOARD.format("orbit", "development", "Lantern Books")), "boards.more.name: the board lantern has the same name on the same connection"),
]  # fmt: skip


def ids(cases: list[tuple[Change, str]]) -> list[str]:
    """Name cases by what they say."""
    return [f"{n}-{expected[:40]}" for n, (_, expected) in enumerate(cases)]


class TestRefused:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A folder with files that hold no proper secret."""
        for name, text in {
            "empty": "\n",
            "two-lines": "ATATT-canary-jira=1234\nx",
            "dash": "ATATT–canary",
            "short": "canary",
        }.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    @pytest.mark.parametrize(("change", "expected"), FORM, ids=ids(FORM))
    def test_what_is_wrong_by_itself(self, folder: Path, change: Change, expected: str) -> None:
        """Somebody would not be told what is wrong and where, or be told more than that."""
        found = problems(written(folder, change))
        assert set(expected.split("|")) <= set(found)
        assert not [line for line in found if not line.startswith(_places(expected))]

    @pytest.mark.parametrize(("week", "expected"), WEEKS)
    def test_weeks(self, tmp_path: Path, week: str, expected: str) -> None:
        """A clock would count a minute twice, or never run, without a word."""
        assert problems(written(tmp_path, (_WEEK, week))) == [f"calendars.office.week: {expected}"]

    @pytest.mark.parametrize(("change", "expected"), SENSE, ids=ids(SENSE))
    def test_what_is_wrong_between_parts(self, tmp_path: Path, change: Change, expected: str) -> None:
        """The hub would start, and do the wrong thing or break later."""
        assert sorted(problems(written(tmp_path, change))) == sorted(expected.split("|"))

    def test_everything_at_once(self, tmp_path: Path) -> None:
        """Settings would be mended one error message at a time."""
        path = written(
            tmp_path,
            ("store =", "stroe ="),
            ("env:JIRA_TOKEN", "env:NOT_THERE"),
            ('role = "front"', 'role = "fornt"'),
            ('to = "development"', 'to = "developers"'),
            ('zone = "Asia/Tokyo"', 'zone = "Tokio"'),
            ('connection = "gitlab"\nkey = "harbour/firmware"', 'connection = "jira"\nkey = 7'),
            ('["Lantern.example"]', '["@lantern.example"]'),
            ('calendar = "office"', 'calendar = "ofice"'),
            ('to = "firmware"', 'tos = "firmware"'),
        )
        assert problems(path, CANARIES | {"DESKBRIDGE_HUUB__STORE": "x"}) == [
            (
                "environment: there is no setting DESKBRIDGE_HUUB__STORE; did you mean 'hub'?"
                " (two underscores go between a section and its key)"
            ),
            "hub.stroe: there is no such key; did you mean 'store'?",
            "connections.desk.role: no 'fornt'; did you mean 'front'?",
            "connections.jira.secret: the environment variable NOT_THERE is not set, or empty",
            'places.firmware.key: write it in quotes, like "12"',
            "routes.developers.to: there is no 'developers' among the places; did you mean 'development'?",
            "routes.1.to: this is missing",
            "routes.1.tos: there is no such key; did you mean 'to'?",
            (
                "customers.lantern.domains.0: '@lantern.example' is no mail domain; write what follows the @,"
                " like lantern.example"
            ),
            "customers.orbit.zone: no time zone 'Tokio'; write it like Europe/Rome",
            "policies.standard.calendar: there is no 'ofice' among the calendars; did you mean 'office'?",
        ]

    @pytest.mark.parametrize(
        "change",
        [('[[routes]]\nname = "developers"', '[routes.x]\nname = "developers"'), ("[hub]", "[[hub]]")],
    )
    def test_tables_where_lists_belong(self, tmp_path: Path, change: Change) -> None:
        """A wrong kind of brackets would end in a traceback."""
        whole = written(tmp_path, change).read_text("utf-8").replace("[[routes]]", "[routes.y]")
        (tmp_path / "settings.toml").write_text(whole, encoding="utf-8")
        assert problems(tmp_path / "settings.toml")


def _places(expected: str) -> tuple[str, ...]:
    """The places in the file that may be named: nothing else is wrong there."""
    return tuple(line.partition(":")[0] for line in expected.split("|"))


class TestSecrets:
    def test_no_repr_shows_one(self, tmp_path: Path) -> None:
        """A log line or a traceback with local variables would give a credential away."""
        application = build(written(tmp_path), CANARIES)
        try:
            shown = [application, application.settings, application.engine, application.store]
            shown += [*application.connectors.values(), *application.settings.connections.values()]
            text = "".join(f"{thing}{thing!r}" for thing in shown)
            assert not [name for name, secret in CANARIES.items() if secret in text]
            assert str(application.settings.hub.secret) == "**********"
        finally:
            application.store.database.close()

    @pytest.mark.parametrize("how", ["env:DESKBRIDGE_DATABASE", "the variable itself"])
    def test_a_stores_password_is_one(self, tmp_path: Path, how: str) -> None:
        """The database's password would have to stand in the file, or would be printed with the settings."""
        address = "postgresql+psycopg://hub:s3cret@db.test/deskbridge"
        change = ('store = "store.sqlite3"', f'store = "{how}"')
        environ = CANARIES | {"DESKBRIDGE_DATABASE": address}
        if not how.startswith("env:"):
            change, environ = ("", ""), CANARIES | {"DESKBRIDGE_HUB__STORE": address}
        settings = load(written(tmp_path, change), environ)
        assert settings.hub.store.get_secret_value() == address
        assert "s3cret" not in f"{settings}{settings!r}"

    def test_settings_are_frozen(self, tmp_path: Path) -> None:
        """Something could change the settings after they were checked."""
        models = list(_models(load(written(tmp_path), CANARIES)))
        assert len({type(model) for model in models}) == 17
        for model in models:
            for field in type(model).model_fields:
                with pytest.raises(ValidationError, match="frozen"):
                    setattr(model, field, None)

    def test_settings_made_by_hand_read_no_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Making the object would depend on where the process runs."""
        monkeypatch.setenv("DESKBRIDGE_TRUST", '["x"]')
        made: dict[str, Any] = {"hub": {"secret": SecretStr("x" * 16)}, "connections": {}}
        assert Settings.model_validate(made).trust == ()


def _models(value: object) -> Iterator[BaseModel]:
    """Every part of the settings."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from _models(getattr(value, name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _models(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _models(part)
