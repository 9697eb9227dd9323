"""What a customer sees of a service project: an organisation on its portal, their people, a request type.

Nobody is invited: Jira may mail whom it makes an account for, so that is left to a person (jira-api 8.3).
Nothing is ever taken away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.errors import Gone, Rejected
from connectors.jira import service_wire, wire
from connectors.jira.client import Client
from connectors.jira.paths import desk
from connectors.jira.service import REQUEST, ServiceDesk
from connectors.jira.side import API, SERVICE
from mappings.boards import BoardSpec, BoardView, Step

_PAGE = 50


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there is of a customer on a portal, against the specification."""

    spec: BoardSpec
    organisation: service_wire.Organisation | None
    """The organisation of this name, wherever on the site."""
    served: bool
    """Whether the project's desk serves it."""
    missing: tuple[wire.User, ...]
    """Contacts with an account who are not in it."""
    unknown: tuple[str, ...]
    """Contacts for whom no account is found."""
    by_hand: tuple[str, ...]
    """What is wrong with the request type."""

    def steps(self) -> Iterator[Step]:
        """Yield what is to be done."""
        name, project = repr(_called(self.spec)), self.spec.project
        if self.organisation is None:
            yield Step(f"make organisation {name}")
        if not self.served:
            yield Step(f"have {project} serve organisation {name}")
        for user in self.missing:
            yield Step(f"add {user.name or user.id} to organisation {name}")
        yield from self.manual()

    def manual(self) -> Iterator[Step]:
        """Yield what only a person can do."""
        for mail in self.unknown:
            text = f"add customer {mail} to organisation {_called(self.spec)!r} (Customers > Add customers)"
            yield Step(f"{text}; Jira may mail them", manual=True)
        yield from (Step(what, manual=True) for what in self.by_hand)


class Portal:
    """Plans and makes customers' views on the portals of one connection."""

    def __init__(self, client: Client, service: ServiceDesk, url: str) -> None:
        self._client, self._service, self._url = client, service, url

    def serves(self, project: str) -> bool:
        """Whether a project has a portal."""
        return self._client.get(wire.Project, f"{API}/project/{project}").type == SERVICE

    def show(self, spec: BoardSpec) -> BoardView | None:
        """Return what the customer's organisation is offered; None if the desk does not serve it."""
        seen = self._look(spec)
        if seen.organisation is None or not seen.served:
            return None
        offered = [kind for kind in self._kinds(spec.project) if kind.groups]
        portal = next((kind.portal for kind in offered if kind.portal), "")
        members = self._members(seen.organisation.id)
        return BoardView(
            name=seen.organisation.name,
            url=f"{self._url}/servicedesk/customer/portal/{portal}" if portal else "",
            shows=f"requests of {len(members)} people: {', '.join(sorted(m.name for m in members))}",
            columns=tuple(f"{kind.name}: {REQUEST}{kind.id}" for kind in offered),
        )

    def plan(self, spec: BoardSpec) -> list[Step]:
        """Return what would show the customer their requests. Nothing is written."""
        return list(self._look(spec).steps())

    def apply(self, spec: BoardSpec) -> list[Step]:
        """Do what `plan` says, and return what a person must still do. Idempotent."""
        seen = self._look(spec)
        made = (
            seen.organisation.id if seen.organisation else self._service.make_organisation(_called(spec)).key
        )
        if not seen.served:
            self._service.serve(spec.project, made)
        if seen.missing:
            self._add(made, seen.missing)
        return list(seen.manual())

    def _look(self, spec: BoardSpec) -> _Seen:
        served = next((o for o in self._organisations(spec.project) if o.name == _called(spec)), None)
        found = served or next((o for o in self._organisations() if o.name == _called(spec)), None)
        members = {user.id for user in self._members(found.id)} if found else set()
        accounts = {mail: self._account(mail) for mail in spec.contacts}
        return _Seen(
            spec=spec,
            organisation=found,
            served=served is not None,
            missing=tuple(user for user in accounts.values() if user and user.id not in members),
            unknown=tuple(mail for mail, user in accounts.items() if user is None),
            by_hand=tuple(self._by_hand(spec)),
        )

    def _by_hand(self, spec: BoardSpec) -> Iterator[str]:
        """Yield why the portal would not show what the hub puts into the project (jira-api 8.6)."""
        kinds = list(self._kinds(spec.project))
        known = ", ".join(f"{REQUEST}{kind.id} ({kind.name})" for kind in kinds if kind.groups) or "none"
        if not spec.kind.startswith(REQUEST):
            yield f"name a request type as the kind of the place, or no portal shows its issues: {known}"
            return
        kind = next((kind for kind in kinds if spec.kind == f"{REQUEST}{kind.id}"), None)
        if kind is None:
            yield f"{spec.project} has no request type {spec.kind!r}; its portal has {known}"
        elif not kind.groups:
            text = f"put request type {kind.name!r} of {spec.project} into a group of the portal"
            yield f"{text} (Project settings > Request types)"

    def _organisations(self, project: str = "") -> Iterator[service_wire.Organisation]:
        call = desk("servicedesk", project, "organization") if project else desk("organization")
        for page in self._client.pages(service_wire.OrganisationPage, call, {"limit": _PAGE}, "start"):
            yield from page.values

    def _members(self, organisation: str) -> list[wire.User]:
        call = desk("organization", organisation, "user")
        pages = self._client.pages(service_wire.ParticipantPage, call, {"limit": _PAGE}, "start")
        return [user for page in pages for user in page.values]

    def _kinds(self, project: str) -> Iterator[service_wire.RequestType]:
        call = desk("servicedesk", project, "requesttype")
        for page in self._client.pages(service_wire.RequestTypePage, call, {"limit": _PAGE}, "start"):
            yield from page.values

    def _account(self, mail: str) -> wire.User | None:
        """Return the one account that a mail address finds; addresses themselves may be hidden."""
        by = "query" if self._client.site().cloud else "username"
        found = self._client.get(wire.Users, f"{API}/user/search", {by: mail}).root
        exact = [user for user in found if (user.email or "").lower() == mail.lower()]
        return next(iter(exact or (found if len(found) == 1 and not found[0].email else [])), None)

    def _add(self, organisation: str, users: Sequence[wire.User]) -> None:
        cloud = self._client.site().cloud
        body = {"accountIds": [u.id for u in users]} if cloud else {"usernames": [u.username for u in users]}
        call = desk("organization", organisation, "user")
        try:
            self._client.http.call("POST", call, idempotent=True, json=body)
        except Gone as error:  # the organisation, or one of them, went meanwhile
            raise Rejected(error.connection, error.call, error.text) from None


def _called(spec: BoardSpec) -> str:
    """Return the organisation's name: Jira offers no way to change it."""
    return spec.served or spec.name
