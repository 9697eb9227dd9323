"""A ticket's story, as a person or a program names the ticket: from the store, no system is asked."""

from __future__ import annotations

from deskbridge.bootstrap import Application
from deskbridge.named import subject_named
from deskbridge.sla.held import Held
from deskbridge.story import Story


def story_named(application: Application, name: str) -> Story:
    """Return everything that is known of a ticket. Raises ConfigError if no ticket is called so."""
    store = application.store
    bundle = store.bundles.load(subject_named(application, name))
    return Story(
        bundle=bundle,
        decisions=store.decisions.of(bundle.subject),
        findings=store.findings.of(bundle.subject),
        waiting=store.inbox.row(bundle.subject),
        clocks=Held(application).told(bundle.refs),
        words={
            name: connector.capabilities.vocabularies for name, connector in application.connectors.items()
        },
    )
