"""The fake Freshdesk account as one ASGI application."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from deskbridge.sandbox.freshdesk import (
    acts,
    api_agents,
    api_automations,
    api_companies,
    api_contacts,
    api_conversations,
    api_fields,
    api_jobs,
    api_parts,
    api_setup,
    api_shelves,
    api_tickets,
    api_time,
    keeping,
    page,
    seed,
)
from deskbridge.sandbox.freshdesk.files import FileStore
from deskbridge.sandbox.freshdesk.limits import Meter
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import finish, routes
from deskbridge.sandbox.kernel import build
from deskbridge.sandbox.world import World

_KEY_LETTERS = string.ascii_letters + string.digits
_ENDPOINTS = (
    *api_tickets.ENDPOINTS,
    *api_conversations.ENDPOINTS,
    *api_parts.ENDPOINTS,
    *api_time.ENDPOINTS,
    *api_jobs.ENDPOINTS,
    *api_contacts.ENDPOINTS,
    *api_companies.ENDPOINTS,
    *api_agents.ENDPOINTS,
    *api_fields.ENDPOINTS,
    *api_automations.ENDPOINTS,
    *api_setup.ENDPOINTS,
    *api_shelves.ENDPOINTS,
)


class Freshdesk:
    """A Freshdesk account under `base_url`; raises ValueError for an unknown plan."""

    app: ASGIApp
    acts: Mapping[str, Callable[..., dict[str, object]]]

    def __init__(self, world: World, base_url: str, files: Path, plan: str = "enterprise") -> None:
        meter = Meter(world, plan)
        keys = {_key(world): email for email in (seed.HUB, seed.SAM, seed.NOOR)}
        store = FileStore(world, base_url, files, secret=world.token().encode())
        self._account = Account(world, base_url, store, keys, seed.HUB, plan=plan)
        seed.fill(self._account)
        self.acts = acts.acts(self._account)
        routed = [
            *routes(self._account, meter, _ENDPOINTS),
            *api_conversations.file_routes(self._account),
            *page.routes(self._account),
        ]
        self.app = build("freshdesk", world, routed, finish=finish)

    def environment(self) -> dict[str, str]:
        """Return the address, the hub's key and the key of a human agent (Sam Rivera)."""
        keys = {email: key for key, email in self._account.keys.items()}
        return {
            "FRESHDESK_URL": self._account.base_url,
            "FRESHDESK_API_KEY": keys[seed.HUB],
            "FRESHDESK_AGENT_API_KEY": keys[seed.SAM],
        }

    def reset(self) -> None:
        """Go back to the freshly set-up account; keys stay valid, ids start anew."""
        self._account.files.clear()
        fresh = self._new()
        seed.fill(fresh)
        keeping.fresh(self._account, fresh)

    def dump(self) -> dict[str, Any]:
        """Return the state of the account as JSON, rows as iterators."""
        return keeping.dump(self._account)

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state that `dump` gave; the files are back in their folder."""
        self._account.files.index.clear()
        fresh = self._new()
        keeping.restore(fresh, state)
        keeping.fresh(self._account, fresh)

    def _new(self) -> Account:
        old = self._account
        return Account(old.world, old.base_url, old.files, old.keys, old.hub_email, plan=old.plan)


def _key(world: World) -> str:
    """Return an API key as Freshdesk makes them: 20 letters and digits."""
    return "".join(world.rng.choices(_KEY_LETTERS, k=20))
