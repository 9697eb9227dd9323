"""The engine as a run has it: the same reconcile, for tickets that nobody else works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from connectors.base import Connector
from connectors.errors import Gone, Rejected, Uncertain, WireError
from mappings.provenance import Signer
from mappings.ticket import Field, Ref
from sync.apply import RunWork
from sync.engine import Engine
from sync.migrate.admissions import Admissions
from sync.migrate.bookings import Bookings
from sync.migrate.source import KEPT
from sync.observe import Observation
from sync.operations import Plan, Skip
from sync.outcome import Done, Later, Outcome, Parked, Reconciled, Stale, Waiting, postponed
from sync.reconcile import Reconciler
from sync.routing import Desk
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.inbox import LostClaim
from sync.store.inbox import Waiting as Row
from sync.store.lent import alone
from sync.store.runs import Rank
from sync.uncertain import REQUEST_LIFE, Intents


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
        admissions: Admissions | None = None,
    ) -> None:
        """`admissions` give tickets to their customers, where that is wanted."""
        super().__init__(store=store, connectors=connectors, desk=desk, signer=signer, now=now, fuses=None)
        self._runs, self._admissions = store.runs, admissions
        self._takes_open = run.takes_open
        if not run.id:
            self._observer.ask_each()
        self._reconciler = Reconciler(
            store=store, connectors=connectors, signer=signer, now=now, fuses=None, run=run
        )

    def take(self, ref: Ref, *, remap: frozenset[Field] = frozenset()) -> Reconciled | None:
        """Reconcile a ticket now; None if somebody else is at it. What live work linked is left as it is.

        What becomes of it is the run's to remember: nothing of it stands in the inbox.
        """
        subject = self._store.bundles.subject(ref)
        if subject.startswith("bundle:") and self._runs.held(subject) is None:
            bundle = self._store.bundles.load(subject)
            if not self._ours(bundle):
                kept = (Skip(ref.connection, "the ticket", KEPT),) if alone(bundle) else ()
                return Reconciled(subject, Plan((), kept), Done())
        result = self._reconcile(Row(subject, self._now(), "a run", 0, None), remap)
        if result is None:
            return None
        if self._left(result):
            return replace(result, plan=Plan((), (Skip(ref.connection, "the ticket", KEPT),)))
        if self._desk.rules.books and result.booked:
            result = replace(result, outcome=self._booked(ref, result))
        return replace(result, outcome=self._admitted(ref, result)) if self._admissions else result

    def _admitted(self, source: Ref, result: Reconciled) -> Outcome:
        """Give a ticket to its customer, now that all stands there; return what comes of it."""
        bundle = self._store.bundles.load(self._store.bundles.subject(source))
        target = next((ref for ref in bundle.refs if ref != source), None)
        if target is None or bundle.run is None or not isinstance(result.outcome, Done):
            return result.outcome
        try:
            if self._admissions is not None and result.front is not None:
                self._admissions.admit(target, result.front, result.customer)
        except (Gone, Rejected) as error:
            return Parked(f"{target.connection}: who asked: {error.text}")
        except WireError as error:
            self.breakers.failed(error)
            return postponed([error], self._now())
        return result.outcome

    def _booked(self, source: Ref, result: Reconciled) -> Outcome:
        """Book the time of a ticket that is there now; return what comes of it."""
        bundle = self._store.bundles.load(self._store.bundles.subject(source))
        target = next((ref for ref in bundle.refs if ref != source), None)
        if target is None or bundle.id is None or not isinstance(result.outcome, Done):
            return result.outcome
        taken = self._store.inbox.claim(Row(bundle.subject, self._now(), "a run", 0, None), self._now())
        if taken is None:
            return Later(self._now(), Stale(f"{bundle.subject} is being worked on"))
        claim, _ = taken
        intents = Intents(
            store=self._store,
            signer=self._signer,
            claim=claim,
            bundle=bundle.id,
            now=self._now,
            hub=self._store.database.hub(),
        )
        try:
            bookings = Bookings(self._store, intents, bundle.id, source, self._desk.rules)
            if left := bookings.left(target, result.booked):
                bookings.book(self._connectors[target.connection], target, left)
        except (LostClaim, Waiting) as error:
            return postponed([error], self._now())
        except Uncertain as error:
            return Later(self._now() + REQUEST_LIFE, error)  # by then it is there, or never will be
        except (Gone, Rejected) as error:
            return Parked(f"{target.connection}: booked time: {error.text}")
        except WireError as error:
            self.breakers.failed(error)
            return postponed([error], self._now())
        finally:
            self._store.inbox.release(claim)
        return result.outcome

    def _ours(self, bundle: Bundle) -> bool:
        """Whether no live work has linked it, or has it alone and may leave it to a run."""
        if bundle.id is None or bundle.run is not None:
            return True
        return alone(bundle) and (self._takes_open or self._over_with(bundle.refs[0]))

    def _left(self, result: Reconciled) -> bool:
        """Whether a ticket was left to live work, though a list told that it is done: it was opened again."""
        written = result.made or not result.plan or not isinstance(result.outcome, Done)
        return not written and alone(self._store.bundles.load(result.subject))

    def _over_with(self, ref: Ref) -> bool:
        """Whether nobody is expected to work on a ticket any more, as the lists told."""
        item = self._runs.item(ref)
        return item is not None and item.rank >= Rank.DONE

    def _settle(self, row: Row, seen: Observation | None, outcome: Outcome) -> None:
        """Leave it to the run."""
