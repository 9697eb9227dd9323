"""The pages as a person's browser shows them: Debian's Chromium, with and without our script."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from deskbridge.sharing import share, token_of
from sync.operations import Skip
from sync.store.accounts import Role
from tests.web.looking import PASSWORD, PEOPLE, signed_in
from tests.web.seen import DEAD, PAGES, Desk, desk

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no Chromium on this machine; on Debian: apt-get install chromium",
    ),
]


@pytest.fixture(scope="module")
def looked_at() -> Iterator[Desk]:
    """One desk for all tests of this file."""
    with desk() as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with sync_playwright() as playwright:
        # Without its sandbox: it needs rights that a container and CI do not give, and opens our pages only.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


Open = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, looked_at: Desk) -> Iterator[Open]:
    """Opens a window of somebody who signed in, by the form if said; a page's complaint fails the test."""
    contexts, said = list[BrowserContext](), list[str]()

    def open_(role: Role, *, by_form: bool = False, **how: Any) -> Page:
        context = chromium.new_context(base_url=looked_at.url, locale="en-GB", **how)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on(
            "request",
            lambda asked: said.append(asked.url) if not asked.url.startswith(looked_at.url) else None,
        )
        if by_form:
            page.goto("/")
            page.get_by_label("Name").fill(PEOPLE[role])
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
        else:
            # A password takes a while to check, as it must: once for each way of signing in is enough.
            session = signed_in(looked_at.demo.application, looked_at.url, role).session
            token = session.cookies["deskbridge"]
            context.add_cookies([{"name": "deskbridge", "value": token, "url": looked_at.url}])
            page.goto("/")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []


def test_every_page_can_be_used_by_everybody(opened: Open) -> None:
    """Otherwise somebody who sees little, or uses no mouse, cannot work with the pages (axe-core's rules)."""
    found = {}
    for scheme in ("light", "dark"):
        page = opened(Role.ADMIN, color_scheme=scheme)
        for path in PAGES if scheme == "light" else ("/", "/ticket/desk/2", "/parked", "/board/lantern"):
            page.goto(path)
            result = Axe().run(page)
            if result.violations_count:
                found[scheme, path] = result.generate_report()
    assert found == {}


def test_no_page_is_wider_than_a_telephone(opened: Open) -> None:
    """Otherwise whoever is on duty on the train scrolls sideways for every line."""
    page = opened(Role.ADMIN, viewport={"width": 360, "height": 740}, has_touch=True)
    wide = {}
    for path in PAGES:
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide[path] = width
    assert wide == {}


def test_nothing_that_a_tool_holds_runs_in_a_browser(opened: Open) -> None:
    """Otherwise a customer's subject, or a file's name, does what it likes in an agent's name."""
    page = opened(Role.ADMIN)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("window.hit") is None, path
    page.goto("/ticket/desk/2")
    assert page.get_by_role("link", name="here", exact=True).count() == 0
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("system-ui")


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_somebody_sees_a_breach_understands_it_and_retries(
    opened: Open, looked_at: Desk, *, script: bool
) -> None:
    """Otherwise a promise stays broken though everything that is needed stands on the pages."""
    _still_parked(looked_at)
    page = opened(Role.AGENT, by_form=True, java_script_enabled=script)
    broken = page.locator("section", has=page.get_by_role("heading", name="Broken, and still running"))
    expect(broken.get_by_text("over")).to_be_visible()
    broken.get_by_role("link", name=DEAD).click()
    expect(page.get_by_role("heading", name=DEAD)).to_be_visible()
    expect(page.get_by_text("first answer: running")).to_be_visible()
    expect(page.get_by_text("missed")).to_be_visible()
    parked = page.locator("section", has=page.get_by_role("heading", name="Parked"))
    expect(parked.get_by_text("jira: POST api/3/issue: 400")).to_be_visible()
    looked_at.jira_takes_issues()
    parked.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_contain_text("looked at now")
    looked_at.demo.sync()
    page.goto("/ticket/desk/1")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.get_by_role("link", name="jira SUP-2").first).to_be_visible()
    expect(page.get_by_text("Bo: retry").first).to_be_visible()


def _still_parked(looked_at: Desk) -> None:
    """Have the ticket be parked, whichever test comes first."""
    store, now = looked_at.demo.application.store, looked_at.demo.application.now()
    subject = store.bundles.load("ref:desk:1").subject
    row = store.inbox.row(subject)
    if row is None or row.parked is None:
        store.inbox.put(subject, now, "a test")
        waiting = store.inbox.row(subject)
        assert waiting
        store.inbox.park(waiting, "jira: POST api/3/issue: 400")


def test_what_changes_is_shown_and_nobodys_typing_is_lost(opened: Open, looked_at: Desk) -> None:
    """Otherwise a lead looks at an old page all morning, or loses the reason that they were writing."""
    app = looked_at.demo.application
    subject = app.store.bundles.load("ref:desk:2").subject
    page = opened(Role.AGENT)
    page.goto("/ticket/desk/2")
    page.get_by_text("Another ticket is the same matter").click()
    asks = "document.dispatchEvent(new Event('visibilitychange'))"
    app.store.findings.record(subject, [Skip("jira", "a first thing", "why")], app.now())
    page.wait_for_timeout(2100)  # as long as a page counts as fresh
    page.evaluate(asks)
    expect(page.get_by_text("not a first thing: why")).to_be_visible()
    expect(page.locator(".live")).to_contain_text("Updated")
    expect(page.get_by_label("Its name, address, or CONNECTION:KEY")).to_be_visible()
    page.get_by_label("Your answer").first.fill("we know")
    app.store.findings.record(subject, [Skip("jira", "a second thing", "why")], app.now())
    page.wait_for_timeout(2100)
    page.evaluate(asks)
    expect(page.locator(".live")).to_contain_text("Something changed")
    expect(page.get_by_label("Your answer").first).to_have_value("we know")
    expect(page.get_by_text("not a second thing: why")).to_have_count(0)
    page.get_by_label("Your answer").first.fill("")
    page.get_by_role("heading", name="Conversation").click()
    page.evaluate(asks)
    expect(page.get_by_text("not a second thing: why")).to_be_visible()


def test_a_draft_is_copied_and_selected_by_hand_without_a_script(opened: Open) -> None:
    """Otherwise an agent types what the hub had ready."""
    page = opened(Role.AGENT, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/ticket/desk/2")
    page.locator("summary", has_text="First answer").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "Hello Kim Park," in page.evaluate("navigator.clipboard.readText()")
    plain = opened(Role.AGENT, java_script_enabled=False)
    plain.goto("/ticket/desk/2")
    plain.locator("summary", has_text="A question").click()
    expect(plain.get_by_label("Draft: a question")).to_have_value(re.compile("Hello Kim Park,"))
    expect(plain.get_by_role("button", name="Copy")).to_have_count(0)


def test_a_customer_reads_their_page_on_a_telephone(chromium: Browser, looked_at: Desk) -> None:
    """Otherwise the page that is given away is the one that nobody has looked at."""
    app = looked_at.demo.application
    address = f"/c/{token_of(app, share(app, 'lantern', days=1, who='Ada'))}"
    for scheme in ("light", "dark"):
        how: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
        context = chromium.new_context(base_url=looked_at.url, **how)
        page = context.new_page()
        page.goto(address)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("link", name=DEAD).click()
        expect(page.get_by_text("Nobody can pay.")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("[document.referrer, document.cookie, window.hit]") == ["", "", None]
        context.close()


def test_keys_lead_through_the_pages(opened: Open) -> None:
    """Otherwise whoever goes through fifty tickets a morning needs the mouse for each."""
    page = opened(Role.VIEWER)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.goto("/tickets")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.className") == "subject"
    page.keyboard.press("/")
    page.keyboard.type("SUP-1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/ticket/jira/"))


def test_filters_act_at_once_and_without_a_script_by_their_button(opened: Open) -> None:
    """Otherwise a list cannot be narrowed down, or only where scripts run."""
    page = opened(Role.VIEWER)
    page.goto("/tickets")
    page.get_by_label("a promise is broken").check()
    expect(page).to_have_url(re.compile("late=1"))
    plain = opened(Role.VIEWER, java_script_enabled=False)
    plain.goto("/tickets")
    plain.locator("select[name=customer]").select_option("orbit")
    plain.get_by_role("button", name="Show").click()
    expect(plain.get_by_text("No ticket is like that.")).to_be_visible()


def test_a_double_click_sends_a_form_once(opened: Open, looked_at: Desk) -> None:
    """Otherwise the second half of a double click tells an agent that what they did failed."""
    looked_at.demo.application.store.findings.record(
        "connection:jira", [Skip("jira", "webhooks", "none came")], looked_at.demo.application.now()
    )
    page = opened(Role.AGENT)
    page.goto("/findings?q=none+came")
    page.get_by_label("Your answer").fill("known")
    page.get_by_role("button", name="Answer").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Your answer is kept")
