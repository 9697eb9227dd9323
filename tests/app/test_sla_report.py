"""A customer's month: what is told, what is not, and what is frozen, over real HTTP and the real store."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

from mappings.ticket import Ref, Status
from sync.served import Served
from sync.sla.facts import Facts
from sync.store import open_store
from tests.app.program import Hub
from tests.app.test_sla import ALWAYS, opened
from tests.sla.stories import answer, status, ticket

MONTH = f"{datetime.now(UTC):%Y-%m}"
CANARY = "<script>alert('canary')</script>=1+1"


def told(hub: Hub, *words: str, month: str = MONTH, customer: str = "lantern") -> Any:
    """A customer's month as data."""
    ended = hub.run("sla", "report", "--customer", customer, "--month", month, "--json", *words)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def had(hub: Hub, key: str, facts: Facts, customer: str = "lantern") -> None:
    """Have the store hold a ticket of the past, as the hub keeps it when it reads one."""
    assert hub.run("status").code in (0, 3, 4)
    store = open_store(hub.folder / "store.sqlite3")
    ref = Ref("desk", key, f"#{key}")
    store.inbox.put(f"ref:desk:{key}", datetime.now(UTC), "changed")
    row = store.inbox.row(f"ref:desk:{key}")
    assert row
    taken = store.inbox.claim(row, datetime.now(UTC))
    assert taken
    facts = replace(facts, customer=customer)
    kept = Served(
        ref=ref,
        customer=customer,
        owner="",
        type="incident",
        status="resolved",
        assumed=(),
        changed=facts.told[-1].by,
        facts=facts,
    )
    store.served.keep(taken[0], kept, [])
    store.inbox.done(row)
    store.inbox.release(taken[0])
    store.database.close()


def february(answered: str) -> Facts:
    """A ticket of February that was answered then."""
    told = (answer(f"2026-02-03 {answered}", "7"), status("2026-02-03 12:00", Status.RESOLVED))
    return ticket("2026-02-03 10:00", *told, customer="lantern")


class _Page(HTMLParser):
    """What of a page could be run or fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


class TestReport:
    def test_what_was_kept_and_missed_is_counted(self, hub: Hub) -> None:
        """The customer would be told another figure than the clocks."""
        hub.change(ALWAYS)
        had(hub, "71", february("10:30"))
        had(hub, "72", february("11:30"))
        found = told(hub, month="2026-02")
        first = next(row for row in found["clocks"] if row["clock"] == "first_response")
        assert (first["met"], first["missed"], first["waived"]) == (1, 1, 0)
        assert found["worst"] == [{"ticket": "desk #72", "missed": 1, "late_minutes": 30}]
        assert found["penalties"]["missed"] == 1
        assert found["complete"]
        assert told(hub, month="2026-03")["cycles"] == []

    def test_a_person_s_word_stands_beside_what_was_counted(self, hub: Hub) -> None:
        """A waived promise would count against the desk, or would look as if it had been kept."""
        hub.change(ALWAYS)
        had(hub, "72", february("11:30"))
        ended = hub.run(
            "sla", "waive", "desk:72", "first_response", "--reason", "their own mistake", "--by", "Ada"
        )
        assert ended.code == 0, ended.err
        found = told(hub, month="2026-02")
        (row,) = [row for row in found["cycles"] if row["clock"] == "first_response"]
        assert (row["counted"], row["verdict"]) == ("missed", "waived")
        assert row["said"] == "waived by Ada: their own mistake"
        assert found["penalties"]["missed"] == 0
        hub.run("sla", "correct", "desk:72", "first_response", "--missed", "--reason", "no", "--by", "Bo")
        (row,) = [r for r in told(hub, month="2026-02")["cycles"] if r["clock"] == "first_response"]
        assert (row["counted"], row["verdict"]) == ("missed", "missed")

    def test_nothing_of_another_customer_is_in_any_form_of_it(self, hub: Hub) -> None:
        """One customer's statement would show another's tickets."""
        hub.change(ALWAYS)
        had(hub, "71", february("10:30"))
        had(hub, "4711", february("11:30"), customer="orbit")
        mine = opened(hub)
        theirs = opened(hub, "sam@orbit.example", "Canary")
        for month in ("2026-02", MONTH):
            for form in ((), ("--csv",), ("--html",), ("--json",)):
                ended = hub.run("sla", "report", "--customer", "lantern", "--month", month, *form)
                assert ended.code == 0, ended.err
                for canary in ("orbit", "Orbit", "4711", "Canary", f"#{theirs.partition(':')[2]}"):
                    assert canary not in ended.out
        assert mine != theirs

    def test_the_page_runs_and_fetches_nothing_and_tells_its_plot_in_words(self, hub: Hub) -> None:
        """A reason that somebody wrote would run in the customer's browser."""
        hub.change(ALWAYS, ('name = "Lantern Books"\ndomains', f'name = "{CANARY}"\ndomains'))
        had(hub, "72", february("11:30"))
        hub.run("sla", "waive", "desk:72", "first_response", "--reason", CANARY, "--by", CANARY)
        text = hub.run("sla", "report", "--customer", "lantern", "--month", "2026-02", "--html").out
        found = _Page(text)
        assert "script" not in found.tags
        assert found.fetched == []
        assert {"svg", "desc", "table", "th"} <= set(found.tags)
        assert "first_response urgent: 0 met, 0 missed, 1 waived" in text
        rows = csv.DictReader(
            io.StringIO(hub.run("sla", "report", "--customer", "lantern", "--month", "2026-02", "--csv").out)
        )
        assert [row["verdict"] for row in rows if row["clock"] == "first_response"] == ["waived"]

    def test_no_cell_is_a_formula(self, hub: Hub) -> None:
        """A spreadsheet would calculate what somebody wrote as a reason."""
        from deskbridge.sla.issuing import Report
        from deskbridge.sla.shown import COLUMNS, report_csv

        row = dict.fromkeys(COLUMNS, "=1+1")
        text = report_csv(Report({"cycles": [row]}, None, ()))
        assert "'=1+1" in text
        assert ",=1+1" not in text

    def test_hours_are_those_that_were_booked(self, hub: Hub) -> None:
        """The customer would pay for hours that nobody worked, or not for those over the month's."""
        hub.change(
            ALWAYS,
            (
                "[customers.lantern]\n",
                '[tiers.small]\npaying = "hours"\nhours = "1h"\n\n[customers.lantern]\ntier = "small"\n',
            ),
        )
        number = opened(hub).partition(":")[2]
        body = {"time_spent": "01:30", "billable": True}
        hub.people.agent("POST", f"tickets/{number}/time_entries", json=body)
        hours = told(hub)["hours"]
        assert (hours["spent_minutes"], hours["covered_minutes"], hours["over_minutes"]) == (90, 60, 30)
        assert hours["billable_minutes"] == 30
        assert hours["reason"] == "over the hours of the month"


class TestIssue:
    def test_a_statement_is_frozen_and_corrected_with_dates(self, hub: Hub) -> None:
        """What a customer was told would change afterwards without a word."""
        hub.change(ALWAYS)
        had(hub, "71", february("10:30"))
        hub.run("sync", "--once")
        first = told(hub, "--issue", "--by", "Ada", month="2026-02")
        digest = first["issued"]["sha256"]
        body = {key: value for key, value in first.items() if key not in ("issued", "corrections")}
        assert sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() == digest
        again = hub.run("sla", "report", "--customer", "lantern", "--month", "2026-02", "--issue")
        assert again.code == 2
        assert digest in again.err
        hub.run(
            "sla", "correct", "desk:71", "first_response", "--missed", "--reason", "not read", "--by", "Bo"
        )
        for _ in range(2):
            later = told(hub, month="2026-02")
            assert later["cycles"] == first["cycles"]
            (one,) = later["corrections"]
            assert (one["before"], one["after"]) == ("met", "missed, corrected to missed by Bo: not read")
        assert (
            "Corrections since it was issued"
            in hub.run("sla", "report", "--customer", "lantern", "--month", "2026-02").out
        )

    def test_how_late_it_was_is_corrected_too(self, hub: Hub) -> None:
        """Penalties are reckoned from it: an answer that is found later makes them less."""
        hub.change(ALWAYS)
        had(hub, "71", february("11:50"))
        hub.run("sync", "--once")
        first = told(hub, "--issue", "--by", "Ada", month="2026-02")
        had(hub, "71", february("11:20"))
        now = told(hub, month="2026-02")
        assert now["penalties"] == first["penalties"], "as it was issued"
        answered = next(one for one in now["corrections"] if "first_response" in one["what"])
        assert (answered["before"], answered["after"]) == ("missed, 50 min late", "missed, 20 min late")

    def test_a_desk_that_was_not_read_since_is_told(self, hub: Hub) -> None:
        """What was answered while the hub slept would be told to the customer as missed."""
        hub.change(ALWAYS)
        had(hub, "71", february("10:30"))
        said = ("sla", "report", "--customer", "lantern", "--month", "2026-02", "--issue")
        ended = hub.run(*said)
        assert ended.code == 2
        assert "lantern 2026-02: desk was not read yet; run `deskbridge sync --once` before" in ended.err
        hub.run("sync", "--once")
        assert hub.run(*said).code == 0

    def test_a_month_that_is_not_over_is_not_issued(self, hub: Hub) -> None:
        """The customer would get half a month as a whole one."""
        ended = hub.run("sla", "report", "--customer", "lantern", "--month", MONTH, "--issue")
        assert ended.code == 2
        assert "the month is not over" in ended.err
        assert told(hub)["issued"] is None

    def test_bad_input_is_told_with_the_way_out(self, hub: Hub) -> None:
        """A slip of the hand would give an empty statement."""
        ended = hub.run("sla", "report", "--customer", "lantern", "--month", "2026-13")
        assert (ended.code, "write it like 2026-03" in ended.err) == (2, True)
        both = hub.run("sla", "report", "--customer", "lantern", "--month", MONTH, "--csv", "--html")
        assert (both.code, "--csv and --html" in both.err) == (2, True)


class TestSimulate:
    def test_the_past_is_told_under_another_policy(self, hub: Hub) -> None:
        """Nobody could know what a new promise would have cost."""
        targets = '[policies.strict.targets]\nurgent = { first_response = "10m" }\n'
        strict = f'[policies.strict]\ncalendar = "office"\n{targets}'
        theirs = 'domains = ["orbit.example"]\nzone = "Europe/Rome"\npolicy = "{}"'
        hub.change(
            ALWAYS,
            ("[policies.standard]\n", f"{strict}\n[policies.standard]\n"),
            (theirs.format("standard"), theirs.format("strict")),
        )
        had(hub, "71", february("10:30"))
        ended = hub.run(
            "sla", "simulate", "--policy", "strict", "--from", "2026-02-01", "--customer", "lantern"
        )
        assert ended.code == 0, ended.err
        assert "first_response urgent: 1 met, 0 missed, 0 waived -> 0 met, 1 missed, 0 waived" in ended.out

    def test_a_policy_that_nobody_has_is_tried_from_a_file(self, hub: Hub) -> None:
        """Who wants to know what a promise would cost would have to promise it to somebody first."""
        hub.change(ALWAYS)
        had(hub, "71", february("10:30"))
        draft = hub.folder / "new.toml"
        draft.write_text(
            '[calendars.long]\nzone = "Europe/Rome"\nalways = true\n'
            '[policies.strict]\ncalendar = "long"\ntargets = { urgent = { first_response = "10m" } }\n'
            '[policies.soft]\ncalendar = "office"\ntargets = { urgent = { first_response = "8h" } }\n',
            "utf-8",
        )
        ask = ("sla", "simulate", "--from", "2026-02-01", "--customer", "lantern", "--draft", str(draft))
        strict, soft = (hub.run(*ask, "--policy", name) for name in ("strict", "soft"))
        assert strict.code == soft.code == 0, strict.err + soft.err
        assert "first_response urgent: 1 met, 0 missed, 0 waived -> 0 met, 1 missed, 0 waived" in strict.out
        assert "-> 0 met, 1 missed" not in soft.out
        assert hub.run(*ask, "--policy", "standard").code == 0, "those of the settings are there as well"

    def test_what_is_wrong_with_a_draft_is_told_by_line(self, hub: Hub) -> None:
        """A promise that is written wrongly would be tried as another one."""
        draft = hub.folder / "new.toml"
        draft.write_text(
            '[policies.new]\ncalendar = "offic"\ntargets = { urgent = { resolve = "4h" } }\n'
            '[calendars.fed]\nzone = "UTC"\nalways = true\nfeed = "days.ics"\n',
            "utf-8",
        )
        ask = ("sla", "simulate", "--from", "2026-02-01", "--draft", str(draft), "--policy", "new")
        ended = hub.run(*ask)
        assert ended.code == 2
        assert "line 2: policies.new.calendar" in ended.err
        assert "line 7: calendars.fed.feed: a draft reads none; write holidays" in ended.err
        draft.write_text(
            "[policies.new]\ntargets = { urgent = { resolve = '4x' } }\ncalender = 'office'\n", "utf-8"
        )
        ended = hub.run(*ask)
        assert "line 3: policies.new.calender: there is no such key; did you mean 'calendar'?" in ended.err
        assert "line 2: policies.new.targets.urgent.resolve" in ended.err

    def test_everything_that_is_wrong_is_told_at_once(self, hub: Hub) -> None:
        """Somebody who is told of one mistake after the other asks three times."""
        ended = hub.run("sla", "simulate", "--policy", "standart", "--from", "never", "--customer", "lantrn")
        assert ended.code == 2
        for said in ("no policy 'standart'", "this is no date", "no customer 'lantrn'"):
            assert said in ended.err


class TestTriage:
    def test_what_nobody_owns_or_sorted_is_listed_with_what_was_assumed(self, hub: Hub) -> None:
        """A ticket without a type would fall out of every list in silence."""
        number = hub.people.mail("kim@lantern.example", "Kim Park", "Help", "<p>Help</p>")
        assert hub.run("sync", "--once").code == 0
        ended = hub.run("triage")
        assert ended.code == 4
        (row,) = json.loads(hub.run("triage", "--json").out)
        assert row["ticket"] == f"desk:{number}"
        assert "owner" in row["lacks"]
        assert hub.run("triage").lines[0].startswith(f"desk #{number} (lantern)")


class TestDuty:
    def test_turns_are_listed_swapped_and_subscribed_to(self, hub: Hub) -> None:
        """Somebody would be called in a week that they gave away."""
        today = datetime.now(UTC).date()
        monday = today - timedelta(days=today.weekday())
        since = monday - timedelta(days=7)
        people = '[duty.desk]\npeople = ["Ada", "Bo"]\nzone = "Europe/Rome"\n'
        text = f"{people}since = {since}\nat = 00:00:00\n"
        hub.settings.write_text(hub.settings.read_text("utf-8") + "\n" + text, "utf-8")
        before = [row["person"] for row in json.loads(hub.run("duty", "show", "--json").out)]
        assert before[:3] == ["Bo", "Ada", "Bo"]
        days = [str(monday + timedelta(days=days)) for days in (1, 8)]
        ended = hub.run("duty", "swap", *days, "--reason", "a wedding", "--by", "Ada")
        assert ended.code == 0, ended.err
        rows = json.loads(hub.run("duty", "show", "--json").out)
        assert [row["person"] for row in rows][:3] == ["Ada", "Bo", "Bo"]
        assert rows[0]["why"] == "a wedding (Ada)"
        assert "SUMMARY:desk: Ada" in hub.run("duty", "show", "--ical").out

    def test_the_day_on_which_summer_time_begins_is_in_its_own_week(self, hub: Hub) -> None:
        """It has 23 hours: the week after it would be given away, where turns change at midnight."""
        people = '[duty.desk]\npeople = ["Ada", "Bo", "Cy"]\nzone = "Europe/Rome"\n'
        text = f"{people}since = 2026-03-16\nat = 00:00:00\n"
        hub.settings.write_text(hub.settings.read_text("utf-8") + "\n" + text, "utf-8")
        ended = hub.run("duty", "swap", "2026-03-29", "--to", "Ada", "--reason", "a wedding")
        assert ended.code == 0, ended.err
        assert "Mon 2026-03-23 00:00 - Mon 2026-03-30 00:00" in ended.out

    def test_everything_that_is_wrong_is_told_at_once(self, hub: Hub) -> None:
        """Somebody who is told of one mistake after the other asks three times."""
        assert "[duty.NAME]" in hub.run("duty", "show").err
        text = '[duty.desk]\npeople = ["Ada"]\nzone = "Europe/Rome"\nsince = 2026-01-05\n'
        hub.settings.write_text(hub.settings.read_text("utf-8") + "\n" + text, "utf-8")
        ended = hub.run("duty", "swap", "soon", "--to", "Nobody")
        assert ended.code == 2
        for said in ("this is no date", "--reason is empty", "the people of desk are Ada"):
            assert said in ended.err
