"""What somebody writes within the second in which a run had read their ticket, over real HTTP."""

from __future__ import annotations

from pathlib import Path

from deskbridge.bootstrap import build
from deskbridge.demo.people import People
from deskbridge.migration.asked import Asked
from deskbridge.migration.running import Orders, migrated
from deskbridge.sandbox.run import Sandbox
from tests.app.moved_in import MIGRATION, picture
from tests.sync.three_tools import KIM, START, environment_of, settings_in


def test_it_goes_along_with_the_next_run(tmp_path: Path) -> None:
    """The ticket's stamp of whole seconds is the one that was read, so nobody would ever look again."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        ticket = people.mail(KIM, "Kim", "It stops", "<p>Help wanted</p>")
        settings = settings_in(tmp_path)
        settings.write_text(settings.read_text("utf-8") + MIGRATION, "utf-8")
        application = build(settings, environment, now=clock.now)
        assert migrated(application, Orders(asked=Asked()), lambda: "stop")[1] == 0
        people.note(ticket, "<p>Said in the same second</p>")
        clock.advance(60)
        assert "Said in the same second" not in picture(people)[str(ticket)]
        assert migrated(application, Orders(asked=Asked()), lambda: "stop")[1] == 0
        assert "Said in the same second" in picture(people)[str(ticket)]
        application.store.database.close()
