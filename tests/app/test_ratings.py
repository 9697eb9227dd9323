"""What customers thought, in live work, over real HTTP: read from time to time, and carried to a field."""

from __future__ import annotations

from datetime import UTC, datetime

from deskbridge.bootstrap import build
from tests.app.moved_in import issues
from tests.app.program import Hub

POINTS = """
[connections.jira.vocabulary.rating]
read = { 5 = "happy", 3 = "neutral", 1 = "unhappy" }
write = { happy = "5", neutral = "3", unhappy = "1" }
"""
"""A number field holds them."""


def test_a_rating_reaches_the_field_that_is_named_for_it(hub: Hub) -> None:
    """Developers would not learn that what they mended made nobody happy, though the settings ask for it."""
    said = hub.settings.read_text("utf-8").replace(
        '{ version = "customfield_10040" }', '{ rating = "customfield_10016" }'
    )
    hub.settings.write_text(said + POINTS, "utf-8")
    people = hub.people
    ticket = people.mail("kim@lantern.example", "Kim", "Import stops", "<p>Help</p>")
    people.sort(ticket, tags=["dev"])
    hub.control("POST", "act/freshdesk/customer_rates", ticket=ticket, rating=103)
    assert hub.run("sync", "--once").code == 0
    (issue,) = issues(people)
    assert issue["fields"]["customfield_10016"] == 5
    hub.control("POST", "act/freshdesk/customer_rates", ticket=ticket, rating=-101)
    app = build(hub.settings, hub.environment)
    app.store.chores.soon("ratings:desk", datetime(2020, 1, 1, tzinfo=UTC))
    app.store.database.close()
    assert hub.run("sync", "--once").code == 0
    (issue,) = issues(people)
    assert issue["fields"]["customfield_10016"] == 1
    assert "Nothing to write" in hub.run("plan").out
