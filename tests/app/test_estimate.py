"""What moving a past would take is told before anything is moved, over real HTTP."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from deskbridge.migration.estimate_page import page
from deskbridge.migration.estimate_text import lines, markdown
from tests.app.program import Ended, Hub

SAMPLE = ("--sample", "120", "--gaps", "60")


def generated(hub: Hub, count: int, **how: Any) -> dict[str, int]:
    """Have a past in the desk, and return what it is made of."""
    made: dict[str, int] = hub.control("POST", "act/freshdesk/generate", count=count, **how)
    return made


def estimated(hub: Hub, *words: str) -> tuple[Ended, dict[str, Any]]:
    """Estimate, and return what was told."""
    ended = hub.run("migrate", "estimate", "--json", *words)
    return ended, json.loads(ended.out)


def within(about: dict[str, Any], truth: float) -> bool:
    """Whether the truth is where it was said to be."""
    return bool(about["low"] <= truth <= about["high"])


class TestEstimate:
    def test_it_is_right_within_what_it_says_and_only_reads(self, hub: Hub) -> None:
        """Broken: a weekend is planned with numbers that are wrong, or the estimate changes the account."""
        old = generated(hub, 160, archived=1.0, comments=1, seed=2)
        for number in range(1, 61):
            hub.people.agent("DELETE", f"tickets/archived/{number}")
        new = generated(hub, 400, archived=0.0, seed=3)
        before = hub.calls()
        hub.refuse_writes()
        ended, told = estimated(hub, *SAMPLE)
        assert hub.writes_refused() == 0
        hub.control("DELETE", "faults")
        trashed = new["deleted"] + new["spam"]
        assert told["tickets"]["listed"] == new["normal"]
        assert told["tickets"]["trashed"] == trashed
        assert told["tickets"]["highest"] == old["archived"] + 400
        assert within(told["tickets"]["archived"], 100)
        assert within(told["tickets"]["gone"], 60)
        assert not told["tickets"]["archived"]["exact"]
        assert within(told["volume"]["texts"], 400 + new["conversations"])
        assert within(told["volume"]["files"], new["files"])
        assert within(told["volume"]["bytes"], new["bytes"])
        assert sum(year["tickets"] for year in told["years"]) == 400
        assert sum(row["tickets"] for row in told["words"]["status"]) == 400
        assert sum(row["tickets"] for row in told["customers"]) == 400
        made = {name: many - before[name] for name, many in hub.calls().items()}
        for one in told["calls"]:
            system = {"desk": "freshdesk"}.get(one["connection"], one["connection"])
            assert one["made"] <= made[system] <= one["at_most"]
        assert "this makes at most" in ended.err

    @pytest.mark.timeout(180)
    def test_the_run_makes_as_many_calls_as_were_told(self, hub: Hub) -> None:
        """Broken: the weekend that was planned for is over, and half of the tickets are not there."""
        generated(hub, 40, archived=0.25, seed=7)
        hub.change(
            (
                '[[routes]]\nname = "to the dev',
                '[migration]\nto = "support-development"\n\n[[routes]]\nname = "to the dev',
            )
        )
        _, told = estimated(hub, "--sample", "100", "--gaps", "100")
        # A run leaves a fifth to people, and a quarter of the rest to live work: so it is reckoned.
        assert told["pace"]["share"] == pytest.approx(0.8 * 0.75)
        before = hub.calls()
        assert hub.run("migrate", "run", "--apply").code == 0
        made = {name: many - before[name] for name, many in hub.calls().items()}
        calls = {"desk": 0.0, "jira": 0.0}
        for step in told["steps"]:
            calls[step["on"]] += step["calls"]["about"] if step["step"] != "verify" else 0
        files = told["volume"]["files"]["about"]  # the sandbox counts what comes from its file hosts too
        assert made["freshdesk"] == pytest.approx(calls["desk"] + files, rel=0.25)
        assert made["jira"] == pytest.approx(calls["jira"], rel=0.25)
        assert hub.run("migrate", "verify", "full").code == 0
        spent = {name: many - before[name] - made[name] for name, many in hub.calls().items()}
        again = {step["on"]: step["calls"]["about"] for step in told["steps"] if step["step"] == "verify"}
        assert spent["freshdesk"] == pytest.approx(again["desk"] + files, rel=0.25)
        assert spent["jira"] == pytest.approx(again["jira"], rel=0.25)

    def test_asking_everybody_leaves_no_doubt(self, hub: Hub) -> None:
        """Broken: a small account is told about roughly, though all of it was read."""
        made = generated(hub, 40, archived=0.25, seed=5)
        _, told = estimated(hub, "--sample", "100", "--gaps", "100")
        assert told["tickets"]["archived"] == {
            "about": 10,
            "low": 10,
            "high": 10,
            "exact": True,
            "off_percent": 0.0,
        }
        assert told["volume"]["texts"]["exact"]
        assert told["volume"]["files"]["about"] <= made.get("files", 0)
        assert [year["archived"]["exact"] for year in told["years"]] == [True] * len(told["years"])

    def test_everything_that_stands_in_the_way_is_told_with_the_way_out(self, hub: Hub) -> None:
        """Broken: the run stops on Saturday at what could have been known on Monday."""
        generated(hub, 20, archived=0.0)
        hub.change(('fields = { version = "customfield_10040" }', 'fields = { version = "customfield_99" }'))
        hub.control(
            "POST", "act/jira/permit", email="hub@harbour.example", permission="LINK_ISSUES", allowed=False
        )
        ended, told = estimated(hub, "--sample", "5")
        assert ended.code == 2
        lacks = {row["what"]: row["fix"] for row in told["lacks"]}
        assert all(lacks.values())
        assert lacks["jira SUP: the account lacks LINK_ISSUES"] == (
            "grant it in the project's permission scheme"
        )
        assert lacks["jira: no field customfield_99 (for version)"] == "see GET field"
        wide = re.sub(r"\s+", " ", " ".join(lines(told)))
        for what, fix in lacks.items():
            assert set(fix.split()) <= set(wide.split())
            assert fix in seen(page(told))
            assert what in seen(page(told))

    def test_words_fields_and_people_that_nobody_mapped_are_counted(self, hub: Hub) -> None:
        """Broken: a thousand tickets arrive without a type, and nobody knew."""
        generated(hub, 60, archived=0.0, seed=6)
        floor = hub.control("POST", "act/freshdesk/add_field", label="Floor", type="custom_text")["name"]
        hub.people.agent("PUT", "tickets/3", json={"custom_fields": {floor: "third"}})
        _, told = estimated(hub, "--sample", "20")
        (refund,) = (row for row in told["unmapped"] if row["word"] == "Refund")
        assert refund["tickets"] == next(
            row["tickets"] for row in told["words"]["type"] if row["word"] == "Refund"
        )
        assert "[connections.desk.vocabulary.type]" in refund["fix"]
        assert {"field": floor, "tickets": 1} == {
            name: row[name]
            for row in told["fields"]
            for name in ("field", "tickets")
            if row["field"] == floor
        }
        assert "Noor Haddad" in {person["name"] for person in told["people"]}
        (hub.folder / "people.csv").write_text(
            "person,desk,jira\nNoor,noor@harbour.example,712020:noor\n", "utf-8"
        )
        hub.settings.write_text('people = "people.csv"\n' + hub.settings.read_text("utf-8"), "utf-8")
        _, again = estimated(hub, "--sample", "5")
        assert "Noor Haddad" not in {person["name"] for person in again["people"]}

    def test_the_page_escapes_everything_and_asks_nobody_for_anything(self, hub: Hub) -> None:
        """Broken: a customer's name runs as a script in the manager's browser."""
        generated(hub, 20, archived=0.0)
        evil = '<script>alert(1)</script><img src="https://evil.example/x">| a | b'
        company = hub.people.agent("POST", "companies", json={"name": evil})["id"]
        hub.people.agent("PUT", "tickets/2", json={"company_id": company})
        html = hub.run("migrate", "estimate", "--sample", "5", "--html").out
        reader = Reader()
        reader.feed(html)
        assert reader.tags.isdisjoint({"script", "img", "link", "iframe", "object", "base", "form"})
        assert reader.addresses == []
        assert "url(" not in html
        assert evil in seen(html)
        assert "default-src 'none'" in html
        _, told = estimated(hub, "--sample", "5")
        marked = markdown(told)
        (row,) = (line for line in marked.splitlines() if line.startswith("|") and "alert(1)" in line)
        assert len(re.findall(r"(?<!\\)\|", row)) == 4
        assert not re.search(r"(?<!\\)<script", marked)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--from", "jira"), "only moved away from others"),
            (("--from", "dek"), "no connection is called 'dek'; did you mean 'desk'?"),
            (("--to", "nowhere"), "no place is called 'nowhere'"),
            (("--json", "--html"), "an answer has one form"),
        ],
    )
    def test_what_cannot_be_estimated_is_refused_with_a_reason(
        self, hub: Hub, words: tuple[str, ...], said: str
    ) -> None:
        """Broken: a typing mistake costs a thousand calls, or a traceback."""
        ended = hub.run("migrate", "estimate", *words)
        assert ended.code == 2
        assert said in ended.err
        assert sum(hub.calls().values()) == 0


class Reader(HTMLParser):
    """Reads a page as a browser would: which elements, and which addresses in them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text.append(data)


def seen(html: str) -> str:
    """Return what somebody reads on a page."""
    reader = Reader()
    reader.feed(html)
    return "\n".join(reader.text)
