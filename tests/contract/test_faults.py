"""The contract's clauses about what goes wrong: each error says what can be done about it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.base import Connector, Snapshot
from connectors.errors import HubError, Throttled, Transient, Unauthorised
from connectors.quota import LocalBudget
from mappings.ticket import Priority
from tests.contract.drafts import draft, fresh, ticket, token
from tests.contract.world import Break, Call, World

NOBODY = "http://127.0.0.1:9"
"""An address where nobody listens (the port is that of a service long gone)."""

Act = Callable[[World, Connector, Snapshot], object]

READS: dict[str, Act] = {
    "whoami": lambda w, c, s: c.whoami(),
    "fetch": lambda w, c, s: c.fetch(s.ref.key),
    "changed": lambda w, c, s: list(c.changed(w.now())),
    "find_created": lambda w, c, s: c.find_created(token(), w.now()),
}
WRITES: dict[str, Act] = {
    "create": lambda w, c, s: c.create(ticket(w, fresh("Fault"))),
    "set_fields": lambda w, c, s: c.set_fields(s, {"priority": Priority.HIGH}),
    "change_tags": lambda w, c, s: c.change_tags(s, frozenset({"a"}), frozenset()),
    "add_comment": lambda w, c, s: c.add_comment(s.ref.key, draft("Hm.")),
    "delete_comment": lambda w, c, s: c.delete_comment(s.ref.key, "123456789"),
}


def test_a_constructor_does_no_io(world: World) -> None:
    """`Connector`: "Constructors do no I/O"; `capabilities`: "no call is made". Broken: a slow start."""
    calls = world.calls()
    made = world.connect(replace(world.config, url=NOBODY))
    working = world.connect(world.config)
    assert made.name == working.name == world.config.name
    assert working.capabilities == working.capabilities
    assert world.calls() == calls


@pytest.mark.parametrize("how", [Break.RESET, Break.LOST, Break.DOWN])
def test_reads_are_repeated(world: World, connector: Connector, how: Break) -> None:
    """`Connector`: "Reads repeat themselves on passing faults". Broken: every hiccup delays a ticket."""
    subject = fresh("Hiccup")
    key = world.opens(subject, "Hm.")
    world.breaks(Call.READ, how)
    assert connector.fetch(key).ticket.subject == subject


def test_reads_give_up(world: World, connector: Connector) -> None:
    """A read that keeps failing is Transient. Broken: a worker hangs on a system that is down."""
    key = world.opens(fresh("Down"), "Hm.")
    world.breaks(Call.READ, Break.DOWN, times=50)
    with pytest.raises(Transient) as error:
        connector.fetch(key)
    assert not isinstance(error.value, Throttled)


@pytest.mark.parametrize(
    ("call", "act"),
    [
        (Call.READ, READS["fetch"]),
        (Call.CREATE, WRITES["create"]),
        (Call.COMMENT, WRITES["add_comment"]),
        (Call.SET, WRITES["set_fields"]),
    ],
    ids=["fetch", "create", "add_comment", "set_fields"],
)
def test_too_many_calls_wait(world: World, connector: Connector, call: Call, act: Act) -> None:
    """`Throttled`: "not before `until`", and nobody calls before. Broken: a ban for the account."""
    present = connector.fetch(world.opens(fresh("Throttled"), "Hm."))
    world.breaks(call, Break.THROTTLED)
    with pytest.raises(Throttled) as error:
        act(world, connector, present)
    assert timedelta(seconds=20) < error.value.until - world.now() <= timedelta(seconds=90)
    calls = world.calls()
    with pytest.raises(Throttled):
        connector.fetch(present.ref.key)
    assert world.calls() <= calls + 1  # the memory world counts a call that the budget stops


def test_a_wrong_credential_is_unauthorised(world: World, connector: Connector) -> None:
    """`Unauthorised`: "the credential is wrong". Broken: a wrong key looks like an empty account."""
    secret = "wrong-0123456789-secret"
    present = connector.fetch(world.opens(fresh("Key"), "Hm."))
    wrong = world.connect(replace(world.config, secret=secret))
    raised = {name: _raised(act, world, wrong, present) for name, act in (READS | WRITES).items()}
    assert {name: error for name, error in raised.items() if not isinstance(error, Unauthorised)} == {}
    assert [name for name, error in raised.items() if not _silent(error, secret)] == []


def test_a_dead_server_is_transient(world: World, connector: Connector) -> None:
    """`Transient`, naming the host, also for writes: nothing was sent. Broken: nobody knows what is down."""
    present = connector.fetch(world.opens(fresh("Dead"), "Hm."))
    dead = world.connect(replace(world.config, url=NOBODY))
    raised = {name: _raised(act, world, dead, present) for name, act in (READS | WRITES).items()}
    assert {name: error for name, error in raised.items() if not isinstance(error, Transient)} == {}
    assert [name for name, error in raised.items() if "127.0.0.1:9" not in str(error)] == []
    assert [name for name, error in raised.items() if not _silent(error, world.config.secret)] == []


def test_problems_name_a_dead_server(world: World) -> None:
    """`problems` of a dead server: an error or a line that names it. Broken: `check` says all is well."""
    dead = world.connect(replace(world.config, url=NOBODY))
    try:
        said = "\n".join(dead.problems([world.place]))
    except Transient as error:
        said = str(error)
    assert "127.0.0.1:9" in said


def test_no_secret_is_shown(world: World, connector: Connector, caplog: pytest.LogCaptureFixture) -> None:
    """`Connector`: "Secrets appear in no error, repr or log". Broken: a log opens the account."""
    caplog.set_level(logging.DEBUG)
    connector.fetch(world.opens(fresh("Secret"), "Hm."))
    secret = world.config.secret
    for shown in (repr(connector), str(connector), repr(world.config), caplog.text):
        assert secret not in shown
        assert base64.b64encode(f"{secret}:X".encode()).decode() not in shown
        assert base64.b64encode(f"{world.config.user}:{secret}".encode()).decode() not in shown


def test_errors_of_writes_show_no_text(world: World, connector: Connector) -> None:
    """An error is shown to people who may not read the ticket. Broken: a customer's words in a log."""
    key = world.opens(fresh("Words"), "Hm.")
    world.breaks(Call.COMMENT, Break.DOWN)
    with pytest.raises(Exception, match=world.config.name) as error:
        connector.add_comment(key, draft("My password is hunter2."))
    assert "hunter2" not in str(error.value) + repr(error.value)


def test_a_budget_that_is_spent_stops_calls(world: World) -> None:
    """`Budget.blocked_until`: "when the next call may be made". Broken: two workers ignore each other."""
    budget = LocalBudget(world.now)
    connector = world.connect(replace(world.config, budget=budget))
    until = world.now() + timedelta(minutes=5)
    budget.block(until)
    with pytest.raises(Throttled) as error:
        connector.whoami()
    assert error.value.until == until


def _raised(act: Act, world: World, connector: Connector, present: Snapshot) -> Exception | None:
    """Return what a call raises."""
    try:
        act(world, connector, present)
    except HubError as error:
        return error
    return None


def _silent(error: Exception | None, secret: str) -> bool:
    """Whether an error, and what led to it, shows no secret."""
    while error is not None:
        if secret in f"{error} {error!r}":
            return False
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return True
