"""A desk that somebody looks at: tools with hostile texts in them, a breach, and a ticket that is parked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser

import requests

from deskbridge.bootstrap import Application
from deskbridge.demo.morning import KIM, at
from deskbridge.demo.people import File
from deskbridge.demo.run import Demo, started
from deskbridge.sharing import share
from deskbridge.web.serving import looking
from sync.store.checked import keep as keep_answer
from sync.store.runs import Listed, Rank
from tests.web.looking import let_in

HOSTILE = "<script>hit=1</script>\"'><img src=x onerror=hit=1>{{7*7}}"
TAG = "<img src=x onerror=hit=1>"
DEAD, ODD = "The till is dead", f"Odd {HOSTILE}"
PAGES = (
    "/",
    "/tickets",
    "/tickets?q=odd&status=open&late=1",
    "/ticket/desk/1",
    "/ticket/desk/2",
    "/boards",
    "/board/lantern",
    "/parked",
    "/findings",
    "/duty",
    "/reports",
    "/reports/lantern/2026-01",
    "/figures",
    "/runs",
    "/runs/1",
    "/connections",
    "/links",
    "/settings",
    "/audit",
)
_NO_ISSUES = {
    "system": "jira",
    "kind": "answer",
    "method": "POST",
    "path": ".*/issue/?",
    "status": 400,
    "times": 99,
}


@dataclass(frozen=True)
class Desk:
    """A hub, its tools and its pages."""

    demo: Demo
    url: str

    def jira_takes_issues(self) -> None:
        """Let Jira do again what it refused."""
        requests.delete(
            f"{self.demo.environment['SANDBOX_CONTROL_URL']}/faults", timeout=10
        ).raise_for_status()


@contextmanager
def desk() -> Iterator[Desk]:
    """Let a morning happen that has everything which pages show, and open the pages."""
    with started() as demo:
        people, sync = demo.people, demo.sync
        people.clock(at(9, 5))
        dead = people.mail(KIM, "Kim Park", DEAD, "<p>Nobody can <b>pay</b>.</p>")
        people.sort(dead, priority=4)
        log = File(f"{TAG}.log", b"log", "text/plain")
        body = f'<p>{HOSTILE}</p><p><a href="javascript:hit=1">here</a> <a href="https://ok.example/">there</a></p>'
        odd = people.mail(KIM, "Kim Park", ODD, body, log)
        people.sort(odd, tags=["dev", "firmware", TAG], custom_fields={"cf_product_version": TAG})
        people.clock(at(12, 40))
        sync()
        key, number = people.issue_of(ODD), people.gitlab_issue_of(ODD)
        people.comment(key, f"{HOSTILE} [here|javascript:hit=1] !http://elsewhere.example/x.png!")
        people.comment_in_gitlab(
            number, f"{HOSTILE} [here](javascript:hit=1) ![x](http://elsewhere.example/x.png)"
        )
        people.note(odd, "<p>Only for us.</p>")
        control = demo.environment["SANDBOX_CONTROL_URL"]
        requests.post(f"{control}/faults", json=_NO_ISSUES, timeout=10).raise_for_status()
        people.sort(dead, tags=["dev"])
        sync()
        let_in(demo.application)
        _beside(demo.application)
        with looking(demo.application, wake=lambda: None) as url:
            yield Desk(demo, url)


def _beside(app: Application) -> None:
    """Have a run be under way, a customer have a link, and the tools have been asked about the settings."""
    run = app.store.runs.begin("desk", "digest", "Ada", {}, app.now())
    progress = {"phase": "migrating", "listed": 9, "settled": 5, "parked": 1, "waiting": 4, "rate": 0.4}
    told = {"left_seconds": 10, "quota": {"jira": 0.4}, "waits_for": {"gitlab": TAG}}
    app.store.runs.beat(run.id, progress | told, app.now())
    listed = [
        Listed(
            key=str(n),
            version="",
            presence="",
            status="",
            whose="",
            changed=None,
            created=None,
            rank=Rank.OPEN,
            skipped=TAG if n % 2 else "",
        )
        for n in range(9)
    ]
    app.store.runs.listed("desk", listed, app.now())
    share(app, "lantern", days=1, who="Ada")
    keep_answer(
        app.store.database.address, {"ready": ["desk"], "problems": [TAG], "remarks": [TAG]}, app.now()
    )


class Made(HTMLParser):
    """What a page is made of: its elements with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Take note of words."""
        self.words += data

    def dangers(self) -> list[str]:
        """Return what could run, be fetched from elsewhere, or look like us and not be."""
        found = []
        for tag, said in self.elements:
            ours = [said.get(name, "") for name in ("src", "action") if name in said]
            if any(not address.startswith("/") or address.startswith("//") for address in ours):
                found.append(f"{tag} {ours}")
            if tag in ("iframe", "object", "embed", "base", "style") or (
                tag == "script" and not said.get("src")
            ):
                found.append(tag)
            if any(name.startswith("on") or name in ("style", "srcset", "formaction") for name in said):
                found.append(f"{tag} {sorted(said)}")
            leads = said.get("href", "/").strip().lower()
            if not leads.startswith(("/", "#", "?", "http://", "https://", "mailto:", "tel:")):
                found.append(f"{tag} {leads}")
        return found
