"""Writes that must not be made twice: noted before they are sent, looked for when nobody heard the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.errors import Rejected, Uncertain, WireError
from connectors.fence import fenced
from mappings.provenance import Marker, Signer
from mappings.ticket import Ref
from sync.outcome import Waiting
from sync.seen import Mirror
from sync.store import Store
from sync.store.inbox import Claim
from sync.store.journal import EDIT, Intent, Wish, named

REQUEST_LIFE = timedelta(seconds=90)
"""How long a request whose answer was lost may still arrive: the longest time-out, and some."""
_UNSURE = timedelta(minutes=1)
"""How far clocks may differ without being told to; a note that may be as much older is taken for younger."""
_PROMPT = timedelta(seconds=10)
"""How long after its note a write may begin: what is left of its life is for the write itself."""


def arrived(intent: Intent, lag: timedelta) -> datetime:
    """Return from when on a look-up, which may miss it for so long, tells what became of a write."""
    return intent.sent + REQUEST_LIFE + lag


def by_now(intent: Intent, ahead: timedelta) -> Intent:
    """Return a note that nobody heard of with its time by our clock as it is now; `ahead` is what it is.

    The clock may have been set since, or another machine looks: what both share is the tool's clock.
    """
    if not intent.open or intent.ahead in (None, ahead):
        return intent
    return replace(intent, sent=intent.sent + ahead - intent.ahead + _UNSURE)


class Intents:
    """The journal of one claimed bundle, with the markers that its writes carry."""

    def __init__(
        self,
        *,
        store: Store,
        signer: Signer,
        claim: Claim,
        bundle: int,
        now: Callable[[], datetime],
        hub: str,
        sure: datetime | None = None,
    ) -> None:
        """`sure` says when it was last certain that the claim is held; None if nobody asked lately."""
        self._store, self._signer, self._claim, self._bundle = store, signer, claim, bundle
        self._now, self._hub = now, hub
        self._heard: list[Mirror] = []
        self._sure = sure
        self._open: dict[Ref, set[tuple[str, ...]]] = {}
        """What may have been noted before and not answered, by the ticket that it is of: asked for once.

        Nobody else notes writes of this bundle while the claim is held.
        """

    def note(self, wish: Wish) -> Intent:
        """Note a wish, or find the note of it that nobody heard the answer to; committed when it returns."""
        return self._note(wish, self._sign(wish))

    def _note(self, wish: Wish, sign: Callable[[int], str]) -> Intent:
        journal, origin, name = self._store.journal, wish.origin.ref, named(wish)
        with self.settling():
            if origin not in self._open:
                self._open[origin] = journal.open(origin)
            first = name not in self._open[origin]
            intent = journal.intend(self._claim, self._bundle, wish, sign, self._now(), first=first)
        self._open[origin].add(name)  # it may be by the next time
        self._sure = self._now()
        return intent

    def heard(self, copy: Mirror) -> None:
        """Take an answer down: it is committed with the next note, or by `settling`.

        One of them comes before anything else is sent, so that each answer costs no transaction of its own.
        """
        self._heard.append(copy)

    def settle(self) -> None:
        """Commit the answers that were taken down, and that the intents of their writes are done."""
        with self.settling():
            pass

    def still_ours(self) -> None:
        """Raise LostClaim if somebody took over; asked before anything is sent.

        The store is asked after a while only: who is taken for dead was not heard of for longer.
        """
        if self._sure is None or self._now() - self._sure > _PROMPT:
            self._store.inbox.verify(self._claim)
            self._sure = self._now()

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Commit the answers that were taken down together with what the block writes."""
        with self._store.together():
            if self._heard:
                self._store.bundles.copied(self._claim, self._bundle, self._heard, self._now())
                self._sure = self._now()
            yield
        self._heard = []

    def send(
        self, wish: Wish, intent: Intent, lag: timedelta = timedelta(0), looked: datetime | None = None
    ) -> Intent:
        """Return the intent to send now.

        Only a note that is older than the life of a request, and whose text was looked for since and not
        found, is sent again. Raises Waiting until then; `lag` is how long a look-up may miss it, `looked`
        when one began (None: just now).
        """
        if not intent.open:
            return intent
        if (looked or self._now()) < (safe := arrived(intent, lag)):
            raise Waiting(safe)
        sign = self._sign(wish)
        return self._store.journal.resend(self._claim, intent, wish, sign, self._now())

    @contextmanager
    def sending(self, intent: Intent) -> Iterator[None]:
        """Keep the note of a write whose answer is lost; take it back when it certainly did not happen."""
        try:
            with fenced(lambda: self.about_to_send(intent)):
                yield
        except Uncertain:
            raise
        except WireError:
            self._store.journal.forget(self._claim, intent)
            raise

    @contextmanager
    def editing(self, wish: Wish, token: str, says: str) -> Iterator[None]:
        """Note an edit of a copy, and what the copy then `says`, for as long as nobody heard the answer.

        An edit may be sent again at any time, so it is not looked for: its note tells it from a person's.
        """
        noted = replace(wish, kind=EDIT, told={"says": says})
        journal, intent = self._store.journal, self._note(noted, lambda _: token)
        if intent.open:
            journal.resend(self._claim, intent, noted, lambda _: token, self._now())
        try:
            yield
        except Rejected:
            journal.forget(self._claim, intent)
            raise

    def about_to_send(self, intent: Intent) -> None:
        """Note a write anew if its note is not from just now. Raises LostClaim if somebody took over.

        Everybody else takes a note that is older than a request's life for a write that never arrives. So
        a worker that slept, or that fetched a file for long, asks whether the write is still its own.
        """
        if self._now() - intent.sent > _PROMPT:
            self._store.journal.renew(self._claim, intent, self._now())

    def done(self, intent: Intent, key: str) -> None:
        """Note that the answer was heard."""
        self._store.journal.done(self._claim, intent, key, self._now())

    def token(self, wish: Wish) -> str:
        """Return a marker for a write that needs no note, being idempotent."""
        return self._sign(wish)(0)

    def revision(self, intent: Intent) -> str:
        """Return the revision that a noted write carried when it was first sent."""
        marker = self._signer.read(intent.token)
        return marker.revision if marker else ""

    def _sign(self, wish: Wish) -> Callable[[int], str]:
        def token(number: int) -> str:
            origin = wish.origin
            return self._signer.write(
                Marker(
                    hub=self._hub,
                    number=number,
                    target=wish.target,
                    target_key=wish.key,
                    origin=origin.connection,
                    origin_key=origin.key,
                    origin_id=origin.id,
                    revision=wish.revision,
                    readers=wish.readers,
                    hops=wish.hops,
                )
            )

        return token
