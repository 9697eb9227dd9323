"""A hub that is killed at each point at which it may be, while it does what is done seldom.

Unlinking, a tag of a route that is removed or comes back, what staff is told, numbers of other tickets,
taking over links, recovering, deciding fields anew, adopting another address: whoever kills it, in the end
there stands what would stand there otherwise.
With `EVERY=1` in the environment it is killed at each point, which takes minutes; else at some of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.campaign import Campaign

_LEASE = 301
_EVERY = int(os.environ.get("EVERY", "12"))
_VARIES = re.compile(r"https?://\S+|[\w+/=.-]{25,}|\d+")
"""What a text says that may differ from one time to the next: addresses, markers, numbers, times."""


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A sandbox, and the process out of which hubs are forked that count what they do."""
    with Campaign.running() as running:
        yield running


@dataclass(frozen=True)
class Act:
    """What is done while the hub may be killed."""

    before: Callable[[Campaign, Path], None]
    """What people and the hub did until then."""
    what: str = "sync"
    arguments: tuple[str, ...] = ()
    after: Callable[[Campaign], None] = lambda campaign: None
    """What people do once it is done."""


def _run(campaign: Campaign, room: Path, what: str = "sync", *arguments: str, **more: Any) -> Any:
    campaign.clock.advance(_LEASE)
    return campaign.hub.do(campaign.job(room, what=what, seed=1, arguments=list(arguments), **more))


def _ticket(campaign: Campaign, tag: str, customer: str = "lantern", words: str = "Help!") -> str:
    key = campaign.people.mail(customer, "It does not start", f"<p>{words}</p>", [])
    campaign.people.agent("PUT", f"tickets/{key}", json={"tags": [tag] if tag else []})
    return key


def _issue(campaign: Campaign, number: int = 0) -> str:
    return str(campaign.people.issues()[number]["id"])


def _talk(campaign: Campaign) -> None:
    """Have everybody say something."""
    people = campaign.people
    people.say_at_desk("1", "<p>Who looks at it?</p>", [], private=True)
    for issue in people.issues()[:1]:
        people.say_in_jira(str(issue["id"]), "I do.")


def _linked(campaign: Campaign, room: Path) -> None:
    _ticket(campaign, "dev")
    _run(campaign, room)
    _talk(campaign)
    _run(campaign, room)
    campaign.clock.advance(60)


def _untagged(campaign: Campaign, room: Path) -> None:
    _linked(campaign, room)
    campaign.people.agent("PUT", "tickets/1", json={"tags": []})


def _retagged(campaign: Campaign, room: Path) -> None:
    _untagged(campaign, room)
    _run(campaign, room)
    _talk(campaign)
    _run(campaign, room)
    campaign.clock.advance(60)
    campaign.people.agent("PUT", "tickets/1", json={"tags": ["dev"]})


def _strangers(campaign: Campaign, room: Path) -> None:
    _ticket(campaign, "dev", "nobody")


def _word(campaign: Campaign, room: Path) -> None:
    _linked(campaign, room)
    campaign.people.agent("PUT", "tickets/1", json={"type": "Refund", "tags": ["dev", "new"]})
    campaign.people.say_at_desk("1", "<p>!private not for you</p>", [], private=True)
    campaign.people.say_in_jira(_issue(campaign), "!publc We fixed it.")
    campaign.people.say_in_jira(_issue(campaign), "!public It works again.")


def _numbers(campaign: Campaign, room: Path) -> None:
    _linked(campaign, room)
    _ticket(campaign, "dev", words="Like the other one")
    _run(campaign, room)
    campaign.people.say_at_desk("2", "<p>The same as #1.</p>", [], private=True)


def _apart(campaign: Campaign, room: Path) -> None:
    _linked(campaign, room)
    _ticket(campaign, "", words="By mail")
    fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "By hand"}
    made = campaign.people.jira("POST", "api/2/issue", json={"fields": fields})
    campaign.people.say_in_jira(str(made["id"]), "Found it.")
    campaign.people.say_at_desk("2", "<p>Look at it please</p>", [], private=True)
    (room / "pairs.csv").write_text(f"desk,jira\n2,{made['id']}\n", "utf-8")


def _lost(campaign: Campaign, room: Path) -> None:
    _linked(campaign, room)
    _talk(campaign)
    for file in room.glob("store.sqlite3*"):
        file.unlink()


def _urgent(campaign: Campaign, room: Path) -> None:
    """Tickets that became urgent before a rule had that travel; one issue's priority is a developer's."""
    for words in ("One", "Two"):
        _ticket(campaign, "dev", words=words)
    _linked(campaign, room)
    for number in (1, 2, 3):
        campaign.people.agent("PUT", f"tickets/{number}", json={"priority": 4})
    fields = {"fields": {"priority": {"id": "4"}}}
    campaign.people.jira("PUT", f"api/2/issue/{_issue(campaign, 1)}", json=fields)
    _run(campaign, room)
    campaign.hub.end()
    settings = room / "settings.toml"
    rule = '\n[fields.priority]\nfront_to_work = "always"\n'
    settings.write_text(settings.read_text("utf-8") + rule, "utf-8")


def _removed(campaign: Campaign, room: Path) -> None:
    """Jira answers at another address from now on."""
    _linked(campaign, room)
    campaign.hub.end()
    moved = campaign.environment["JIRA_URL"].replace("127.0.0.1", "localhost")
    campaign.elsewhere["DESKBRIDGE_CONNECTIONS__JIRA__URL"] = moved


ACTS = {
    "a tag is removed": Act(_untagged, after=_talk),
    "a tag comes back": Act(_retagged, after=_talk),
    "unlinked": Act(_linked, "unlink", ("jira:10000",), after=_talk),
    "a stranger's ticket": Act(_strangers),
    "told and published": Act(_word, after=_talk),
    "numbers of other tickets": Act(_numbers),
    "links taken over": Act(_apart, "take_over", ("pairs.csv",), after=_talk),
    "recovered": Act(_lost, "recover", after=_talk),
    "remapped": Act(_urgent, "remap", ("priority",), after=_talk),
    "adopted": Act(_removed, "adopt", ("jira",), after=_talk),
}


def _opened(campaign: Campaign, act: Act) -> Path:
    room = campaign.reset(1)
    act.before(campaign, room)
    return room


def _done(campaign: Campaign, room: Path, act: Act, **more: Any) -> Any:
    arguments = [str(room / a) if a.endswith(".csv") else a for a in act.arguments]
    return _run(campaign, room, act.what, *arguments, **more)


def _ended(campaign: Campaign, room: Path, act: Act) -> dict[str, Any]:
    """Have everything that waits be done, people write on, and return what stands in the tools then."""
    for _ in range(3):
        _run(campaign, room)
    act.after(campaign)
    for _ in range(3):
        _run(campaign, room)
    _run(campaign, room, "sweep")
    _run(campaign, room)
    planned = _run(campaign, room, "plan")
    known = _run(campaign, room, "known")
    return {"planned": planned["planned"], "problems": planned["problems"], **known, **_standing(campaign)}


def _standing(campaign: Campaign) -> dict[str, Any]:
    people = campaign.people

    def said(tool: str, key: str) -> list[str]:
        return [_VARIES.sub("~", text) for text in people.texts(tool, key)]

    standing: dict[str, Any] = {}
    for ticket in people.agent("GET", "tickets", params={"per_page": 100}):
        fields = [ticket[name] for name in ("status", "priority", "type", "tags")]
        standing[f"desk {ticket['id']}"] = [*fields, *said("desk", str(ticket["id"]))]
    for issue in people.issues():
        fields = issue["fields"]
        said_there = said("jira", str(issue["id"]))
        standing[issue["key"]] = [
            fields["status"]["id"],
            fields["priority"]["id"],
            *fields["labels"],
            *said_there,
        ]
    for issue in people.gitlab_issues():
        key = f"{issue['project_id']}:{issue['iid']}"
        standing[key] = [issue["state"], *issue["labels"], *said("gitlab", key)]
    standing["mails"] = len(people.control("GET", "outbox"))
    return standing


def _points(room: Path, done: int) -> list[int]:
    """Return the numbers of the events at which the act may be cut short: writes, their answers, commits."""
    lines = (room / "tape").read_text("utf-8").splitlines()[done:]
    events = [line.split(" ", 1) for line in lines]
    return [
        int(n) for n, what in events if what == "commit" or re.match(r"(send|answer) (POST|PUT|DELETE)", what)
    ]


def kills(campaign: Campaign, act: Act) -> tuple[list[int], dict[str, Any], dict[int, Any]]:
    """Return where the hub was killed, what stands where it was not, and what differs where it was."""
    room = _opened(campaign, act)
    before = len((room / "tape").read_text("utf-8").splitlines()) if (room / "tape").exists() else 0
    first = _done(campaign, room, act)
    every = _points(room, before)
    points = every[min(_EVERY // 2, 2) :: _EVERY] or every
    wanted = _ended(campaign, room, act) | {"first": first}
    unlike: dict[int, Any] = {}
    for point in points:
        room = _opened(campaign, act)
        if _done(campaign, room, act, kill_at=point) is None:
            for _ in range(3):  # what nobody heard the answer to is looked for first
                _done(campaign, room, act)
        found = _ended(campaign, room, act)
        if differs := {n: (wanted.get(n), found.get(n)) for n in found if found[n] != wanted.get(n)}:
            unlike[point] = differs
    return points, wanted, unlike


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", list(ACTS))
def test_a_hub_that_is_killed_meanwhile_ends_alike(campaign: Campaign, name: str) -> None:
    """Otherwise a deploy or a power cut in the middle of it leaves something twice, lost or half done."""
    points, wanted, unlike = kills(campaign, ACTS[name])
    assert points, "nothing was done"
    assert wanted["planned"] == []
    assert unlike == {}
