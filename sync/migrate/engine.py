"""The engine as a run has it: the same reconcile, for tickets that nobody else works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.base import Connector
from mappings.provenance import Signer
from mappings.ticket import Field, Ref
from sync.apply import RunWork
from sync.engine import Engine
from sync.observe import Observation
from sync.operations import Plan
from sync.outcome import Done, Outcome, Reconciled
from sync.reconcile import Reconciler
from sync.routing import Desk
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.inbox import Waiting as Row


class RunEngine(Engine):
    """Reconciles what a run asks for, by the run's desk, and leaves the inbox to live work."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        desk: Desk,
        signer: Signer,
        now: Callable[[], datetime],
        run: RunWork,
    ) -> None:
        super().__init__(store=store, connectors=connectors, desk=desk, signer=signer, now=now, fuses=None)
        self._runs = store.runs
        self._reconciler = Reconciler(
            store=store, connectors=connectors, signer=signer, now=now, fuses=None, run=run
        )

    def take(self, ref: Ref, *, remap: frozenset[Field] = frozenset()) -> Reconciled | None:
        """Reconcile a ticket now; None if somebody else is at it. What live work linked is left as it is.

        What becomes of it is the run's to remember: nothing of it stands in the inbox.
        """
        subject = self._store.bundles.subject(ref)
        if subject.startswith("bundle:") and self._runs.held(subject) is None:
            return Reconciled(subject, Plan((), ()), Done())
        return self._reconcile(Row(subject, self._now(), "a run", 0, None), remap)

    def _ours(self, bundle: Bundle) -> bool:
        """Whether no live work has linked it."""
        return bundle.id is None or bundle.run is not None

    def _settle(self, row: Row, seen: Observation | None, outcome: Outcome) -> None:
        """Leave it to the run."""
