"""What the sync reads out of the settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import ConfigError
from deskbridge.bootstrap import connectors_of, system_time
from deskbridge.desk import boards_of, desk_of, fuses_of, places_of, projects_of
from deskbridge.parts import Settings
from deskbridge.settings import load
from mappings.boards import STAFF, UNDECLARED, BoardSpec, Place, Readers
from mappings.ticket import Priority, Status, TicketType
from sync.fuses import STANDARD
from sync.operations import Withdrawal
from sync.pieces import Long
from sync.routing import Customer, Desk, Route
from sync.rules import HANDOVER, Handover, Publish, Receipt, Role, Rules
from sync.sla.calendar import Calendar, Elapsed, Frame
from sync.sla.policy import ClockName, Policy, Target
from tests.app.settings_files import CANARIES, written

DEVELOPMENT = Place("jira", "SUP", STAFF, "10004")
FIRMWARE = Place("gitlab", "harbour/firmware", Readers("orbit"))
ROME = ZoneInfo("Europe/Rome")
_DAY = (Frame(time(9), time(13)), Frame(time(14), time(18)))
OFFICE = Calendar(
    "office", ROME, (*[_DAY] * 4, (Frame(time(22), time(6)),), (), ()), frozenset({date(2026, 1, 6)})
)


def loaded(folder: Path, *changes: tuple[str, str]) -> Settings:
    """The settings, with changes."""
    return load(written(folder, *changes), CANARIES)


def test_a_receipt_is_as_the_settings_say(tmp_path: Path) -> None:
    """Customers would be mailed from another day on, in another name, or other numbers than were agreed."""
    text = (
        '[receipt]\nconnections = ["desk"]\nenforce_from = 2026-03-01T08:00:00+01:00\nsender = "Us"\n'
        'text = "Quote {numbers}."\nnumbers = ["jira"]\nlink = "https://help.example/{key}"\nmost = 5\n'
    )
    desk = desk_of(load(written(tmp_path, ("", text)), CANARIES))
    assert desk.rules.receipt == Receipt(
        connections=frozenset({"desk"}),
        since=datetime(2026, 3, 1, 7, tzinfo=UTC),
        text="Quote {numbers}.",
        sender="Us",
        link="https://help.example/{key}",
        numbers=frozenset({"jira"}),
        most=5,
    )
    assert desk_of(load(written(tmp_path), CANARIES)).rules.receipt is None


def test_the_whole_desk(tmp_path: Path) -> None:
    """A customer, a route, a promise or a rule would not be what the settings say."""
    up, down = (Role.WORK, Role.FRONT), (Role.FRONT, Role.WORK)
    assert desk_of(loaded(tmp_path)) == Desk(
        rules=Rules(
            roles={"desk": Role.FRONT, "jira": Role.WORK, "gitlab": Role.WORK},
            trust=("desk", "jira", "gitlab"),
            places=(DEVELOPMENT, FIRMWARE),
            handover={
                up: {**HANDOVER[up], Status.RESOLVED: Handover(Status.WAITING_ON_CUSTOMER, note=False)},
                down: {Status.WAITING_ON_CUSTOMER: Handover(Status.IN_PROGRESS, note=True)},
            },
            control_tags=frozenset({"dev", "firmware"}),
            customer_labels=frozenset({"customer-lantern", "orbit"}),
            may_mail=frozenset({"desk"}),
        ),
        customers=(
            Customer(
                key="lantern",
                name="Lantern Books",
                domains=frozenset({"lantern.example"}),
                organisations=frozenset({("desk", "77")}),
                label="customer-lantern",
                zone=ROME,
                policy="standard",
            ),
            Customer(
                key="orbit",
                name="Orbit Cafe",
                domains=frozenset({"orbit.example"}),
                organisations=frozenset(),
                label="orbit",
                zone=ZoneInfo("Asia/Tokyo"),
                policy=None,
            ),
        ),
        routes=(
            Route("developers", frozenset({"dev"}), frozenset({TicketType.BUG}), frozenset(), DEVELOPMENT),
            Route("firmware", frozenset({"firmware"}), frozenset(), frozenset({"orbit"}), FIRMWARE),
        ),
        policies={
            "standard": Policy(
                name="standard",
                types=frozenset({TicketType.BUG, TicketType.INCIDENT}),
                assume_type=TicketType.BUG,
                assume_priority=Priority.LOW,
                targets={
                    Priority.URGENT: {
                        ClockName.FIRST_RESPONSE: Target(timedelta(minutes=30), OFFICE),
                        ClockName.UPDATE: Target(timedelta(hours=4), OFFICE),
                    },
                    Priority.LOW: {ClockName.UPDATE: Target(timedelta(hours=48), Elapsed())},
                },
            )
        },
    )


def test_the_rules_of_texts(tmp_path: Path) -> None:
    """What a person decided about publishing and long texts would be read otherwise."""
    told = (
        '[publish]\nsign = "!public"\nsender = "Harbour support"\nlink = "https://help.example/{key}"\n'
        '[texts]\nlong = "attach"\ndeleted = "delete"\nkeep_private = "!private"\n'
    )
    rules = desk_of(loaded(tmp_path, ("", told), ("trust = [", 'relay = ["gitlab"]\ntrust = ['))).rules
    assert rules.publish == Publish(
        sign="!public",
        sender="Harbour support",
        connections=frozenset({"jira", "gitlab"}),
        link="https://help.example/{key}",
    )
    assert (rules.long, rules.deleted) == (Long.ATTACH, Withdrawal.DELETE)
    assert (rules.keep_private, rules.relay) == ("!private", frozenset({"gitlab"}))


def test_the_default_handover_stays_as_it_is(tmp_path: Path) -> None:
    """One desk's settings would change the rules of every desk made after it."""
    before = {way: dict(table) for way, table in HANDOVER.items()}
    desk_of(loaded(tmp_path))
    assert before == HANDOVER


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("[]", ("desk", "jira", "gitlab")),
        ('["gitlab"]', ("gitlab", "desk", "jira")),
        ('["gitlab", "jira"]', ("gitlab", "jira", "desk")),
        ('["gitlab", "gitlab", "desk"]', ("gitlab", "desk", "jira")),
    ],
)
def test_trust(tmp_path: Path, said: str, expected: tuple[str, ...]) -> None:
    """A conflict would be decided otherwise than by the order in the settings; or never, by one not named."""
    changes = ('trust = ["desk", "jira", "gitlab"]', f"trust = {said}")
    assert desk_of(loaded(tmp_path, changes)).rules.trust == expected


def test_projects_are_those_of_the_places(tmp_path: Path) -> None:
    """A project that tickets go to would not be polled, or polled twice."""
    more = '[places.other]\nconnection = "jira"\nkey = "{}"\nkind = "10002"\nreaders = "staff"\n'
    settings = loaded(tmp_path, ("", more.format("SUP")))
    assert projects_of(settings, "jira") == ("SUP",)
    assert [place.kind for place in places_of(settings, "jira")] == ["10004", "10002"]
    assert projects_of(loaded(tmp_path, ("", more.format("OPS"))), "jira") == ("SUP", "OPS")
    assert projects_of(settings, "desk") == ()


def test_who_reads_the_front_is_not_for_a_place_to_say(tmp_path: Path) -> None:
    """Texts for staff would be taken for readable by staff alone where customers are served."""
    settings = loaded(tmp_path, ("", '[places.mail]\nconnection = "desk"\n'))
    assert places_of(settings, "desk") == [Place("desk", "", UNDECLARED)]


def test_boards(tmp_path: Path) -> None:
    """A customer's board would be made of another label, or in another project."""
    board = '[boards.cafe]\ncustomer = "orbit"\nplace = "firmware"\nname = "Orbit"\n'
    assert boards_of(loaded(tmp_path, ("", board))) == {
        "lantern": (
            "jira",
            BoardSpec(
                "lantern", "Lantern Books", "SUP", "customer-lantern", served="Lantern Books", kind="10004"
            ),
        ),
        "cafe": (
            "gitlab",
            BoardSpec("orbit", "Orbit", "harbour/firmware", "orbit", whole=True, served="Orbit Cafe"),
        ),
    }


def test_a_board_of_a_project_that_is_a_customers_alone(tmp_path: Path) -> None:
    """Issues that people make there without the label would be missing from the customer's board."""
    change = (
        'zone = "Europe/Rome"',
        'zone = "Europe/Rome"\nprojects = { jira = ["sup"] }\ncontacts = ["kim@lantern.example"]',
    )
    only = ('types = ["bug"]\n', 'types = ["bug"]\ncustomers = ["lantern"]\n')
    columns = ('name = "Lantern Books"\n', 'name = "Lantern Books"\n')
    _, spec = boards_of(loaded(tmp_path, change, only, columns))["lantern"]
    assert (spec.whole, spec.contacts) == (True, ("kim@lantern.example",))


def test_what_the_connectors_refuse_is_listed_for_all_of_them(tmp_path: Path) -> None:
    """Two connections with impossible fields would be told one after the other."""
    jira = '[connections.{0}]\nsystem = "jira"\nrole = "work"\nurl = "https://{0}.example"\n'
    jira += 'secret = "env:JIRA_TOKEN"\nfields = {{ tags = "customfield_1" }}\n'
    jira += '[places.{0}]\nconnection = "{0}"\nkey = "A"\nreaders = "staff"\n'
    settings = loaded(tmp_path, ("", jira.format("one") + jira.format("two")))
    with pytest.raises(ConfigError) as caught:
        connectors_of(settings, system_time)
    assert [line.partition(" cannot")[0] for line in caught.value.problems] == [
        "one: field 'tags'",
        "two: field 'tags'",
    ]


def test_fuses(tmp_path: Path) -> None:
    """A person's own limit would not hold, or naming one would change the others."""
    assert fuses_of(loaded(tmp_path)) == STANDARD
    some = fuses_of(loaded(tmp_path, ("", "\n[fuses]\nfield_writes = 7\nshare = 0.5\n")))
    assert some == replace(STANDARD, field_writes=7, share=0.5)
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, ("", "\n[fuses]\nshare = 20\nfeild_writes = 1\n"))
    told = "\n".join(refused.value.problems)
    assert "fuses.share: " in told
    assert "fuses.feild_writes: there is no such key; did you mean 'field_writes'?" in told
