"""Escalation steps in the settings: what they mean, and that everything wrong is told at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import ConfigError
from deskbridge.desk import desk_of
from deskbridge.settings import load
from sync.sla.policy import ClockName
from sync.sla.steps import Assign, Mark, Note, Notify, Raise, Step
from tests.app.settings_files import CANARIES, unplaced, written

CHANNEL = '[notify.slack]\nurl = "env:CHAT"\n[notify.mail]\nurl = "env:CHAT"\n'
ENVIRON = {**CANARIES, "CHAT": "json://127.0.0.1/chat"}
POLICY = '[policies.more]\ntargets = { low = { resolve = "48h elapsed" } }\n'
HAS = ('label = "orbit"', 'label = "orbit"\npolicy = "more"\ndris = { project_manager = "Sample Person" }')


def steps(folder: Path, text: str, policy: str = "more", has: tuple[str, str] = HAS) -> tuple[Step, ...]:
    """The steps of a policy, with `text` in the settings."""
    return desk_of(load(written(folder, ("", text), has), ENVIRON)).steps.get(policy, ())


def problems(folder: Path, text: str) -> list[str]:
    """What is told of these settings, without the file's name."""
    path = written(folder, ("", text), HAS)
    with pytest.raises(ConfigError) as caught:
        load(path, ENVIRON)
    return unplaced(path, caught.value.problems)


def test_every_moment_and_action(tmp_path: Path) -> None:
    """Somebody would be told at another moment, by another channel, or not at all."""
    text = (
        '[[policies.more.steps]]\nat = "80 %"\nclocks = ["resolve"]\nnotify = "slack"\n'
        'label = "sla::at-risk"\n'
        '[[policies.more.steps]]\nat = "breach"\nnotify = ["slack", "mail"]\n'
        'path = ["duty", "project_manager", "triage"]\nnote = "Too late."\nraise_priority = true\n'
        '[[policies.more.steps]]\nat = "breach + 1h"\nassign = "project_manager"\n'
        '[[policies.more.steps]]\nat = "every 2h x 2"\nnotify = "mail"\n'
    )
    none, path = timedelta(0), ("duty", "project_manager", "triage")
    more = frozenset({"more"})
    told = (Notify("slack", path), Notify("mail", path), Note("Too late."), Raise())
    resolve = frozenset({ClockName.RESOLVE})
    assert steps(tmp_path, POLICY + text + CHANNEL) == (
        Step("80 %", 0.8, none, (Notify("slack"), Mark("sla::at-risk")), resolve, more),
        Step("breach", 1.0, none, told, policies=more),
        Step("breach + 1h", 1.0, timedelta(hours=1), (Assign("project_manager"),), policies=more),
        Step("every 2h #1", 1.0, timedelta(hours=2), (Notify("mail"),), policies=more),
        Step("every 2h #2", 1.0, timedelta(hours=4), (Notify("mail"),), policies=more),
    )


def test_a_rota_is_a_role(tmp_path: Path) -> None:
    """A desk with two rotas could not say which of them is told."""
    rota = '[duty.nights]\npeople = ["Sample One", "Sample Two"]\nzone = "UTC"\nsince = 2026-03-02\n'
    text = '[[policies.more.steps]]\nat = "breach"\nnotify = "mail"\npath = ["nights", "triage"]\n'
    (found,) = steps(tmp_path, POLICY + text + CHANNEL + rota)
    assert found.actions == (Notify("mail", ("nights", "triage")),)


def test_a_policy_without_steps_takes_none(tmp_path: Path) -> None:
    """A desk that asked for clocks alone would find its priorities raised."""
    assert steps(tmp_path, POLICY) == ()


PRESET = '[policies.more]\npreset = "five_levels"\ncalendar = "office"\n'


def test_a_presets_steps_are_its_own(tmp_path: Path) -> None:
    """A preset is a whole desk's rules; without a channel to tell people by, the rest of them holds."""
    both = frozenset({"five levels", "five levels: requests"})
    silent = steps(tmp_path, PRESET)
    assert [(one.name, one.actions, one.policies) for one in silent] == [
        ("80 %", (Mark("sla::at-risk"),), both),
        ("breach", (Mark("sla::breached"), Raise()), both),
    ]
    told = steps(tmp_path, PRESET + CHANNEL.replace("notify.slack", "notify.desk"))
    assert [one.name for one in told] == ["80 %", "breach", *(f"every 1h #{n}" for n in (1, 2, 3))]
    assert Notify("desk", ("duty", "project_manager", "triage")) in told[1].actions


def test_a_presets_steps_can_be_replaced(tmp_path: Path) -> None:
    """Who agreed something else with a customer could not take the preset."""
    own = '[[policies.more.steps]]\nat = "50 %"\nnote = "Half of it is gone."\n'
    assert [(one.name, one.actions) for one in steps(tmp_path, PRESET + own)] == [
        ("50 %", (Note("Half of it is gone."),))
    ]
    assert steps(tmp_path, PRESET + "steps = []\n") == ()


def test_steps_of_several_policies_are_told_apart(tmp_path: Path) -> None:
    """A ticket under one policy would take the steps of another one."""
    first = '[policies.gold]\ntags = ["vip"]\ntargets = { low = { resolve = "2h elapsed" } }\n'
    first += '[[policies.gold.steps]]\nat = "80 %"\nnote = "Gold."\n'
    text = first + POLICY + '[[policies.more.steps]]\nat = "80 %"\nnote = "Standard."\n'
    both = ('label = "orbit"', 'label = "orbit"\npolicy = ["gold", "more"]')
    found = steps(tmp_path, text, "gold, more", both)
    assert [(one.name, one.actions, one.policies) for one in found] == [
        ("80 %", (Note("Gold."),), frozenset({"gold"})),
        ("80 %", (Note("Standard."),), frozenset({"more"})),
    ]
    assert found[0].concerns(ClockName.RESOLVE, "gold")
    assert not found[0].concerns(ClockName.RESOLVE, "more")


REFUSED = [
    (
        'at = "soon"\nnote = "x"\n',
        "policies.more.steps.0.at: no moment 'soon'; write 80 %, breach, breach + 1h, or every 1h x 5",
    ),
    ('at = "0 %"\nnote = "x"\n', "policies.more.steps.0.at: 0 % is when it begins; write 1 % or more"),
    (
        'at = "80 %"\n',
        "policies.more.steps.0: it does nothing; write notify, note, assign, raise_priority or label",
    ),
    (
        'at = "80 %"\nnotify = "slak"\n',
        "policies.more.steps.0.notify: there is no 'slak' in [notify]; did you mean 'slack'?",
    ),
    (
        'at = "80 %"\nnotify = "slack"\npath = ["duti"]\n',
        (
            "policies.more.steps.0.path: nobody has the role 'duti'; did you mean 'duty'? "
            "(others are stages of dris)"
        ),
    ),
    (
        'at = "80 %"\nassign = "boss"\n',
        (
            "policies.more.steps.0.assign: nobody has the role 'boss'; there are duty, project_manager, "
            "triage (others are stages of dris)"
        ),
    ),
    (
        'at = "80 %"\nnote = "x"\npath = ["duty"]\n',
        "policies.more.steps.0.path: who is told by which channel? write notify too",
    ),
    (
        'at = "80 %"\nnote = "x"\nclocks = ["update"]\n',
        "policies.more.steps.0.clocks: it is never taken: the policy promises none of these",
    ),
    (
        'at = "every 1h x 2"\nnote = "x"\n[[policies.more.steps]]\nat = "every 1h x 3"\nnote = "y"\n',
        (
            "policies.more.steps.1.at: every 1h #1 is said in step 0 already, for the same clock; "
            "put them together"
        ),
    ),
    (
        'at = "80 %"\nlabel = "two words"\n',
        ("policies.more.steps.0.label: a label has no spaces or commas, and is not empty"),
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), REFUSED, ids=[f"{n} {case[1][:60]}" for n, case in enumerate(REFUSED)]
)
def test_steps_that_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    """A step that nobody hears of would be found out when a promise was broken."""
    assert problems(tmp_path, f"{POLICY}[[policies.more.steps]]\n{text}{CHANNEL}") == [expected]


def test_all_that_is_wrong_with_steps_is_told_at_once(tmp_path: Path) -> None:
    """Somebody who is told of one mistake after the other starts the hub ten times."""
    text = "".join(
        f"[[policies.more.steps]]\n{one}"
        for one in (
            'at = "80 %"\nnotify = "slak"\n',
            'at = "breach"\n',
            'at = "breach + 1h"\nassign = "boss"\n',
        )
    )
    assert [line.partition(": ")[0] for line in problems(tmp_path, POLICY + text + CHANNEL)] == [
        "policies.more.steps.0.notify",
        "policies.more.steps.1",
        "policies.more.steps.2.assign",
    ]
