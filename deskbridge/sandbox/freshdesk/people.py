"""All users of an account, found by every identity they have, listed by name."""

from __future__ import annotations

from deskbridge.sandbox.freshdesk.orders import Order, Span
from deskbridge.sandbox.freshdesk.persons import User

Key = tuple[str, str]


class People:
    """Contacts and agents. Whoever changes one calls `put` again."""

    def __init__(self) -> None:
        self.by_id: dict[int, User] = {}
        self.staff: dict[int, User] = {}
        self.version = 0
        """Changes with each change of a user."""
        self._owners: dict[Key, int] = {}
        self._keys: dict[int, list[Key]] = {}
        self._names = Order()
        self._listed: dict[int, str] = {}

    def put(self, user: User) -> None:
        """Take in a user, or note what has changed of one."""
        self._forget(user.id)
        self.by_id[user.id] = user
        if user.role:
            self.staff[user.id] = user
        elif not (user.deleted or user.blocked):
            self._listed[user.id] = user.name.lower()
            self._names.add(self._listed[user.id], user.id)
        self._keys[user.id] = keys = _keys(user)
        for key in keys:
            self._owners.setdefault(key, user.id)
        self.version += 1

    def remove(self, user: User) -> None:
        """Forget a user."""
        self._forget(user.id)
        del self.by_id[user.id]
        self.version += 1

    def _forget(self, number: int) -> None:
        for key in self._keys.pop(number, []):
            if self._owners.get(key) == number:
                del self._owners[key]
        self.staff.pop(number, None)
        if number in self._listed:
            self._names.remove(self._listed.pop(number), number)

    def owner(self, kind: str, value: str | None) -> User | None:
        """Return who has this e-mail address, phone, twitter or external id."""
        return self.by_id.get(self._owners.get((kind, (value or "").lower()), 0)) if value else None

    def contacts(self) -> Span:
        """Return the ids of the contacts that are neither deleted nor blocked, by name."""
        return self._names.since()


def _keys(user: User) -> list[Key]:
    values = [("email", user.email), *(("email", address) for address in user.other_emails)]
    values += [("phone", user.phone), ("phone", user.mobile), ("twitter_id", user.twitter_id)]
    values += [("unique_external_id", user.unique_external_id)]
    return [(kind, value.lower()) for kind, value in values if value]
