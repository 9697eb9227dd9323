"""Freshdesk's limits learned from its answers, its ticket form, and what hostile answers end in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import ConnectionConfig
from connectors.capabilities import Part, Signed
from connectors.errors import ConfigError, HubError, Rejected, Throttled, Unauthorised
from connectors.freshdesk import form, limits, parts, translate, wire
from connectors.freshdesk.abilities import abilities
from connectors.freshdesk.answers import read
from connectors.freshdesk.connector import Freshdesk, connect
from connectors.quota import TOTAL, LocalBudget
from deskbridge.settings import load
from mappings.boards import STAFF, Place
from mappings.ticket import Audience
from tests.connectors.freshdesk_payloads import (
    API,
    FORM,
    ME,
    NOTE,
    NOW,
    TICKET,
    account,
    body,
    configuration,
    sent,
    ticket,
    who,
)


@pytest.fixture
def config() -> ConnectionConfig:
    """A connection at a time that stands still."""
    return configuration()


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Freshdesk's wire: tests add what they need."""
    with account() as mock:
        yield mock


def answer(**headers: str) -> requests.Response:
    """Return an answer that says something of the limits."""
    made = requests.Response()
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


def answered(total: int, left: int) -> dict[str, str]:
    """Return the headers of an answer."""
    return {"X-RateLimit-Total": str(total), "X-Ratelimit-Remaining": str(left)}


# Limits


@pytest.mark.parametrize(
    ("method", "path", "bucket"),
    [
        ("GET", "tickets", ("ticket list",)),
        ("POST", "tickets", ("ticket create",)),
        ("PUT", "tickets/42", ("ticket update",)),
        ("POST", "tickets/bulk_update", ("ticket update",)),
        ("GET", "contacts", ("contact list",)),
        ("GET", "tickets/42", ()),
        ("POST", "tickets/42/notes", ()),
        ("GET", "contacts/7", ()),
    ],
)
def test_which_ceiling_a_call_falls_under(method: str, path: str, bucket: tuple[str, ...]) -> None:
    """Broken: lists run into a ceiling that nobody minds, or single views wait for one that is not theirs."""
    assert limits.bucket_of(method, path) == bucket


def test_limits_follow_from_the_total() -> None:
    """Broken: on Growth the 21st list of a minute is refused."""
    growth = {level.bucket: level for level in limits.learn(answer(**answered(200, 150)))}
    assert (growth[TOTAL].limit, growth[TOTAL].remaining) == (200, 150)
    assert (growth["ticket list"].limit, growth["ticket create"].limit) == (20, 80)
    unused = list(limits.learn(answer(**answered(200, 199))))
    assert [level.bucket for level in unused] == [TOTAL]
    trial = list(limits.learn(answer(**answered(50, 50))))
    assert [level.bucket for level in trial] == [TOTAL]
    old = next(iter(limits.learn(answer(**answered(5000, 1)))))
    assert old.window == timedelta(hours=1)


@pytest.mark.parametrize("total", ["", "none", "-5", "0", "9" * 50])
def test_odd_headers_tell_nothing(total: str) -> None:
    """Broken: one odd header stops all calls."""
    said = answer(**{"X-Ratelimit-Total": total, "X-Ratelimit-Remaining": "x"})
    assert list(limits.learn(said)) == []
    assert limits.in_words(said) is None


def test_limits_in_words() -> None:
    """Broken: an admin does not learn why a migration takes a week."""
    assert "20 ticket lists" in (limits.in_words(answer(**answered(200, 1))) or "")
    assert "an hour" in (limits.in_words(answer(**answered(4000, 1))) or "")


def test_no_list_is_refused_for_want_of_patience(
    web: responses.RequestsMock, config: ConnectionConfig
) -> None:
    """Broken: polls run into 429s that every other tool then meets."""
    web.get(f"{API}/tickets", json=[], headers=answered(200, 190))
    desk = Freshdesk(replace(config, budget=LocalBudget(lambda: NOW)))
    polls = (hint for _ in range(10) for hint in desk.changed(NOW))
    with pytest.raises(Throttled) as told:
        list(polls)
    assert told.value.until == NOW + timedelta(minutes=1)
    assert len(web.calls) == 16  # of Growth's 20, a fifth of which is left to others
    web.get(f"{API}/tickets/42", json=TICKET)
    desk.change_tags(
        translate.snapshot(config, ticket(), [], who, NOW, abilities(config, [])),
        frozenset({"hw"}),
        frozenset(),
    )


@pytest.mark.parametrize(("left", "bucket"), [("5", "ticket list"), ("0", TOTAL), (None, TOTAL)])
def test_a_refusal_shuts_what_is_spent(
    web: responses.RequestsMock, config: ConnectionConfig, left: str | None, bucket: str
) -> None:
    """Broken: a spent ceiling stops every call, or a spent account only the lists."""
    headers = {"Retry-After": "30", **({"X-Ratelimit-Remaining": left} if left else {})}
    web.get(f"{API}/tickets", status=429, headers=headers)
    with pytest.raises(Throttled):
        list(Freshdesk(config).changed(NOW))
    assert config.budget.blocked_until(bucket) == NOW + timedelta(seconds=30)
    assert (config.budget.blocked_until() is None) == (bucket != TOTAL)


@pytest.mark.parametrize(
    ("code", "error"), [("access_denied", Rejected), ("account_suspended", Unauthorised), (["x"], Rejected)]
)
def test_a_403_is_the_keys_or_the_calls(
    web: responses.RequestsMock, config: ConnectionConfig, code: Any, error: type[Exception]
) -> None:
    """Broken: a suspended account parks every ticket by itself."""
    web.get(f"{API}/tickets/42", status=403, json={"code": code, "message": "No."})
    with pytest.raises(error):
        Freshdesk(config).fetch("42")


def test_what_is_declared(config: ConnectionConfig) -> None:
    """Broken: the engine plans what Freshdesk cannot do, or `mails` prints what is not so."""
    can = Freshdesk(config).capabilities
    assert {name for name, kind in can.kinds.items() if kind.audience is Audience.CUSTOMER} == {
        "description",
        "customer message",
        "reply",
        "public note",
        "survey feedback",
    }
    assert (can.webhooks, can.books_time) == (Signed.TOKEN, True)


def test_who_reads_a_field_the_form_says(web: responses.RequestsMock, config: ConnectionConfig) -> None:
    """Broken: an agents' field is copied to where customers read, or a customers' one counts as safe."""
    shown = {"default_ticket_type": False, "custom_dropdown": True}
    form = [{**field, "displayed_to_customers": shown.get(field["type"])} for field in FORM]
    web.replace("GET", f"{API}/ticket_fields", json=form)
    here = Freshdesk(config).abilities(Place("desk", "", STAFF))
    assert (here.parts, here.bulk) == (frozenset(Part), 1)
    staff = {name for name, ability in here.fields.items() if ability.audience is Audience.STAFF}
    assert staff == {"type", "tags", "sla", "first_response_due", "due"}
    assert {ability.audience for ability in here.fields.values()} == {Audience.STAFF, Audience.CUSTOMER}
    web.replace("GET", f"{API}/ticket_fields", status=403, json={"code": "access_denied", "message": "No."})
    unknown = Freshdesk(config).abilities(Place("desk", "", STAFF))
    assert unknown.fields["type"].audience is Audience.CUSTOMER


# The form

TREE = {"usa": {"texas": ["austin", "dallas"], "maine": []}, "peru": {"lima": ["center"], "texas": []}}
LISTED = [{"usa": [{"texas": ["austin", "dallas"]}, "maine"]}, {"peru": [{"lima": ["center"]}, "texas"]}]
LEVELS = [{"id": 2, "name": "cf_city", "level": 3}, {"id": 1, "name": "cf_state", "level": 2}]


def nested(choices: Any = TREE) -> dict[str, Any]:
    """Return a dependent field."""
    return {
        "id": 8,
        "name": "cf_country",
        "type": "nested_field",
        "choices": choices,
        "nested_ticket_fields": LEVELS,
    }


def field(**said: Any) -> wire.TicketField:
    """Return a field, read as an answer is."""
    return wire.TicketField.model_validate_json(
        json.dumps({"id": 1, "name": "x", "type": "custom_dropdown", **said})
    )


def refuse(name: str, wrong: str) -> Rejected:
    """Return the error of a wrong word."""
    return Rejected("desk", "PUT", f"{name}: {wrong}", {name: wrong})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"choices": ["A", "B", 3]}, {"A": "A", "B": "B"}),
        ({"type": "default_priority", "choices": {"Low": 1}}, {"1": "Low"}),
        (
            {"type": "default_status", "choices": {"6": ["Waiting", "Wait"], "7": []}},
            {"6": "Waiting", "7": "[]"},
        ),
        ({"choices": None}, {}),
        ({"choices": "A"}, {}),
    ],
)
def test_choices_of_each_shape(said: dict[str, Any], words: dict[str, str]) -> None:
    """Broken: a good word is called wrong because its field lists words otherwise."""
    assert form.words(field(**said)) == words


@pytest.mark.parametrize("choices", [TREE, LISTED])
def test_dependent_words_of_both_shapes(choices: Any) -> None:
    """Broken: the levels of a dependent field are unknown on half of the accounts."""
    read = field(**nested(choices))
    assert [set(form.words(read, level)) for level in (1, 2, 3)] == [
        {"usa", "peru"},
        {"texas", "maine", "lima"},
        {"austin", "dallas", "center"},
    ]


@pytest.mark.parametrize(
    ("wanted", "stated", "sent"),
    [
        ({"cf_city": "austin"}, {}, {"cf_country": "usa", "cf_state": "texas", "cf_city": "austin"}),
        ({"cf_state": "maine"}, {}, {"cf_country": "usa", "cf_state": "maine", "cf_city": None}),
        ({"cf_country": "peru"}, {}, {"cf_country": "peru", "cf_state": None, "cf_city": None}),
        ({"cf_state": None}, {}, {"cf_state": None, "cf_city": None}),
        (
            {"cf_state": "texas"},
            {"cf_country": "peru"},
            {"cf_country": "peru", "cf_state": "texas", "cf_city": None},
        ),
        (
            {"cf_state": "texas", "cf_country": "usa"},
            {"cf_country": "peru"},
            {"cf_country": "usa", "cf_state": "texas", "cf_city": None},
        ),
        ({"cf_other": "x"}, {}, {"cf_other": "x"}),
    ],
)
def test_a_path_is_sent_whole(wanted: Any, stated: Any, sent: Any) -> None:
    """Broken: Freshdesk refuses a city without its country, or keeps the old country's state."""
    assert form.whole([field(**nested())], wanted, stated, refuse) == sent


@pytest.mark.parametrize(
    "wanted", [{"cf_state": "texas"}, {"cf_city": "rome"}, {"cf_state": "lima", "cf_country": "usa"}]
)
def test_a_word_of_no_or_several_paths_is_refused(wanted: Any) -> None:
    """Broken: the hub guesses which Texas is meant."""
    with pytest.raises(Rejected) as refused:
        form.whole([field(**nested())], wanted, {}, refuse)
    assert set(refused.value.fields) <= set(wanted)


def test_a_level_is_written_with_its_path(web: responses.RequestsMock, config: ConnectionConfig) -> None:
    """Broken: a mapped level fails on each write."""
    web.replace("GET", f"{API}/ticket_fields", json=[*FORM, nested()])
    web.put(f"{API}/tickets/42", json=TICKET)
    city = replace(config, fields={"component": "cf_city"})
    present = translate.snapshot(city, ticket(), [], who, NOW, abilities(city, []))
    desk = Freshdesk(city)
    desk.set_fields(present, {"component": "center"})
    path = {"cf_country": "peru", "cf_state": "lima", "cf_city": "center"}
    assert body(sent(web, "PUT")[0]) == {"custom_fields": path}
    required = {**nested(), "required_for_agents": True}
    web.replace("GET", f"{API}/ticket_fields", json=[*FORM, required])
    assert desk.problems([Place("desk", "", STAFF)]) == []


def test_fields_that_cannot_be_are_told_at_once(config: ConnectionConfig) -> None:
    """Broken: the connection starts, and each ticket fails."""
    wrong = replace(config, fields={"status": "cf_a", "due": "cf_b", "version": " ", "component": "cf_c"})
    with pytest.raises(ConfigError) as refused:
        connect(wrong)
    assert len(refused.value.problems) == 3
    for line in refused.value.problems[:2]:
        assert "connections.desk.fields." in line
        assert all(name in line for name in ("component", "version", "impact", "urgency", "resolution"))
    assert connect(config).name == "desk"


def test_the_pages_example_loads(tmp_path: Path) -> None:
    """Broken: whoever copies the example is refused."""
    page = Path(__file__).parents[2] / "docs" / "connectors" / "freshdesk.md"
    example = page.read_text("utf-8").partition("```toml")[2].partition("```")[0]
    written = tmp_path / "settings.toml"
    written.write_text(f'{example}\n[hub]\nsecret = "env:HUB"\n', "utf-8")
    loaded = load(written, {"HUB": "a-secret-of-the-hub", "FRESHDESK_API_KEY": "key"})
    assert loaded.connections["desk"].system == "freshdesk"


def test_remarks_name_what_nobody_reads(web: responses.RequestsMock, config: ConnectionConfig) -> None:
    """Broken: a status that people use is never copied, and nobody is told."""
    odd = [{**FORM[0], "choices": {"2": ["Open", "Open"], "9": ["In review", "Soon"]}}]
    web.replace("GET", f"{API}/ticket_fields", json=[*odd, {**FORM[2], "choices": ["Refund", "Question"]}])
    web.replace("GET", f"{API}/agents/me", json={"id": ME, "contact": {}}, headers=answered(200, 199))
    lines = Freshdesk(config).remarks([])
    text = "\n".join(lines)
    for words in ("status '9' (In review)", "type 'Refund'", "vocabulary.status", "20 ticket lists", "Email"):
        assert words in text
    assert "'2'" not in text


# Hostile answers


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", 5])
def test_a_time_outside_of_time_is_named(
    web: responses.RequestsMock, config: ConnectionConfig, moment: Any
) -> None:
    """Broken: one odd date is a traceback."""
    web.get(f"{API}/tickets/42", json={**TICKET, "due_by": moment})
    with pytest.raises(Rejected, match="GET /api/v2/tickets/42: malformed answer: due_by"):
        Freshdesk(config).fetch("42")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def odd(golden: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return golden payloads, some of whose keys hold anything."""
    return st.dictionaries(st.sampled_from(sorted(golden)), _JSON, max_size=4).map(
        lambda said: {**golden, **said}
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    odd({**TICKET, "cc_emails": [], "association_type": 1, "associated_tickets_list": [1]}),
    odd({**NOTE, "body_text": "x"}),
    st.text(max_size=60),
)
def test_any_answer_ends_well(
    config: ConnectionConfig, said: dict[str, Any], note: dict[str, Any], html: str
) -> None:
    """Broken: somebody's ticket ends in a traceback, for ever."""
    http = Freshdesk(config)._reader.http
    try:
        one = read(http, said_by(said), wire.Ticket)
        two = read(http, said_by({**note, "body": f"{html}<img src='{html}'>"}), wire.Conversation)
    except HubError:
        return
    snapshot = translate.snapshot(config, one, [two], who, NOW, abilities(config, []))
    parts.participants(one, [1], who, http_people(config))
    parts.relations(config, one, one.associated_tickets_list, [two], ME)
    assert len(snapshot.ticket.messages) == 2


def said_by(payload: object) -> requests.Response:
    """Return an answer with this body."""
    made = requests.Response()
    made._content = json.dumps(payload).encode()
    made.url, made.request = f"{API}/x", requests.Request("GET", f"{API}/x").prepare()
    return made


def http_people(config: ConnectionConfig) -> Any:
    """Return a way to look addresses up that makes no call."""
    people = Freshdesk(config)._reader.people
    people._agents_read = NOW
    return people.addressed
