"""What an agent's mails end with, known to the connector so that no developer reads it with every reply."""

from __future__ import annotations

from deskbridge.sandbox.run import Sandbox
from mappings.ticket import PersonRole
from sync.pieces import words
from sync.wording import copy_of
from tests.contract.freshdesk_world import FreshdeskWorld


def test_an_agents_signature_travels_folded() -> None:
    """Each reply would bring name, logo and disclaimer into the issue: more signature than words."""
    with Sandbox.running(limits=False) as sandbox:
        world = FreshdeskWorld(sandbox)
        key = world.opens("Printer", "It does not print.")
        reply = world.answers(key, "Please restart it.</p><p>Sam")
        found = world.connect(world.config).fetch(key)
        said = found.ticket.message(reply)
        assert said is not None
        assert said.author.role is PersonRole.STAFF
        assert said.author.name in said.signature
        closed = world.answers(key, f"Done.</p>{said.signature}<p>")
        again = world.connect(world.config).fetch(key)
        signed = again.ticket.message(closed)
        assert signed is not None
        copy = copy_of(again, signed, "db1.a.b", words(signed))
        assert copy.endswith(f"Done.\n\n> **Signature**\n>\n> {said.author.name}")
        assert again.ticket.messages[0].signature == ""
