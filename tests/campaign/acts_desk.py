"""What customers and agents do at the desk."""

from __future__ import annotations

from tests.campaign.acting import Acting
from tests.campaign.ledger import DESCRIPTION, Bundle, Side, Tagged, Ticket
from tests.campaign.people import CUSTOMERS, Upload
from tests.campaign.wording import TAGS

AGENT = "Sam Rivera"
_ROUTES = (("dev",), ("firmware",), ("dev", "firmware"))


class AtDesk(Acting):
    """Customers by mail, the agent by the desk's API."""

    def opens(self, *, routed: bool | None = None) -> bool:
        """A customer opens a ticket, and the agent sorts it."""
        token = self.ledger.token()
        nobody = self.chance.random() < 0.04
        customer = "nobody" if nobody else self.chance.choice(("lantern", "lantern", "orbit"))
        subject, files, html = self.writer.subject(token), self.files(token), self.writer.html(token)
        if self.chance.random() < 0.15:
            picture = Upload(f"f{token[2:]}.png", b"\x89PNG\r\n\x1a\n" + token.encode() * 9, inline=True)
            files, html = [*files, picture], f'{html}<p><img src="cid:{picture.name}"></p>'
        key = self.people.mail(customer, subject, html, files)
        ticket = Ticket(len(list(self.ledger.tickets())) + 1, Side("desk", key), customer, subject)
        self.ledger.bundles.append(Bundle([ticket]))
        self.says(ticket.desk, DESCRIPTION, token, CUSTOMERS[customer][1], *files, private=False)
        self.ledger.subjects.append((ticket.desk, subject))
        if routed if routed is not None else self.chance.random() < 0.6:
            tags = [*self.chance.choice(_ROUTES), *self.chance.sample(TAGS, self.chance.randrange(2))]
            self._retag(ticket.desk, set(tags))
        return True

    def notes(self) -> bool:
        """The agent writes a private note."""
        return self._says(private=True)

    def replies(self) -> bool:
        """The agent answers the customer."""
        return self._says(private=False)

    def _says(self, *, private: bool) -> bool:
        if (side := self.pick(self.desks())) is None:
            return False
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):  # several within one second keep their order
            token = self.ledger.token()
            files = self.files(token)
            id = self.people.say_at_desk(side.key, self.writer.html(token), files, private=private)
            self.says(side, id, token, AGENT, *files, private=private)
        return True

    def answers(self) -> bool:
        """A customer writes again."""
        if (side := self.pick(self.desks())) is None:
            return False
        ticket = self._ticket(side)
        token = self.ledger.token()
        files = self.files(token)
        id = self.people.answer(side.key, ticket.customer, self.writer.html(token), files)
        self.says(side, id, token, CUSTOMERS[ticket.customer][1], *files, private=False)
        return True

    def edits(self) -> bool:
        """The agent edits a note."""
        notes = [s for s in self.mine("desk") if s.private and len(s.earlier) < 20]
        if (said := self.pick(notes)) is None:
            return False
        self.people.agent(
            "PUT", f"conversations/{said.id}", json={"body": self.writer.html(self.revise(said))}
        )
        self.did(said.side, f"{AGENT} edits {said.id}: {said.token}")
        return True

    def describes(self) -> bool:
        """The agent edits the description."""
        descriptions = [s for s in self.ledger.said if s.id == DESCRIPTION and s.side in self.desks()]
        plain = [s for s in descriptions if not any(file.name.endswith(".png") for file in s.files)]
        if (said := self.pick([s for s in plain if len(s.earlier) < 20])) is None:
            return False
        body = self.writer.html(self.revise(said))
        self.people.agent("PUT", f"tickets/{said.side.key}", json={"description": body})
        self.did(said.side, f"{AGENT} edits the description: {said.token}")
        return True

    def deletes(self) -> bool:
        """The agent deletes a text."""
        if (said := self.pick(self.mine("desk"))) is None:
            return False
        self.people.agent("DELETE", f"conversations/{said.id}")
        said.deleted = True
        self.did(said.side, f"{AGENT} deletes {said.id}: {said.token}")
        return True

    def tags(self) -> bool:
        """The agent adds or removes a tag: one that steers, sometimes."""
        if (side := self.pick(self._quiet())) is None:
            return False
        present = set(self.people.agent("GET", f"tickets/{side.key}")["tags"])
        tag = self.chance.choice((*TAGS, *TAGS, "dev", "firmware"))
        if tag in present and tag in ("dev", "firmware"):
            return False
        self._retag(side, present ^ {tag}, present)
        return True

    def _retag(self, side: Side, tags: set[str], before: set[str] | None = None) -> None:
        self.people.agent("PUT", f"tickets/{side.key}", json={"tags": sorted(tags)})
        for tag in sorted(tags ^ (before or set())):
            self.ledger.tagged.append(Tagged(side, tag, tag in tags))
        self.did(side, f"{AGENT} has its tags be {', '.join(sorted(tags)) or 'none'}")

    def sets(self) -> bool:
        """The agent changes the status, the priority or the version."""
        if (side := self.pick(self.desks())) is None:
            return False
        version = f"{self.chance.randint(1, 9)}.0"
        changes: list[dict[str, object]] = [
            {"status": self.chance.choice((2, 3, 4, 6))},
            {"status": self.chance.choice((2, 3, 4, 6))},
            {"priority": self.chance.randint(1, 4)},
            {"custom_fields": {"cf_product_version": version}},
        ]
        change = self.chance.choice(changes)
        self.people.agent("PUT", f"tickets/{side.key}", json=change)
        self.did(side, f"{AGENT} sets {change}")
        return True

    def renames(self) -> bool:
        """The agent gives the ticket another subject."""
        if (side := self.pick(self._quiet())) is None:
            return False
        subject = f"{self.ledger.token().upper()} {self.writer.plain(6)}"
        self.people.agent("PUT", f"tickets/{side.key}", json={"subject": subject})
        self.ledger.subjects.append((side, subject))
        self.did(side, f"{AGENT} calls it {subject}")
        return True

    def trashes(self) -> bool:
        """The agent throws a ticket away, or restores one."""
        away = [ticket.desk for _, ticket in self.ledger.tickets() if ticket.desk.trashed]
        if away and self.chance.random() < 0.75:
            side = away[0]
            self.people.agent("PUT", f"tickets/{side.key}/restore")
            side.trashed = False
            self.did(side, f"{AGENT} restores it")
            return True
        if (trash := self.pick(self.desks())) is None or self.chance.random() < 0.5:
            return False
        self.people.agent("DELETE", f"tickets/{trash.key}")
        trash.trashed = True
        self.did(trash, f"{AGENT} throws it away")
        return True

    def changes_hands(self) -> bool:
        """The agent gives the ticket to another customer: a colleague had written for them."""
        if (side := self.pick(self.desks())) is None:
            return False
        ticket = self._ticket(side)
        if ticket.customer == "nobody":
            return False
        other = "orbit" if ticket.customer == "lantern" else "lantern"
        email = CUSTOMERS[other][0]
        found = self.people.agent("GET", "contacts", params={"email": email})
        contact = found[0]
        change = {"requester_id": contact["id"], "company_id": contact["company_id"]}
        self.people.agent("PUT", f"tickets/{side.key}", json=change)
        ticket.customer = other
        self.did(side, f"{AGENT} gives it to {other}")
        return True

    def _quiet(self) -> list[Side]:
        """Return the tickets that the hub is not writing at this moment.

        The desk takes tags as a whole, and knows no write on a condition: what somebody changes between
        the hub's last look and its write is gone before anybody saw it.
        """
        return [side for side in self.desks() if (side.tool, side.key) != self.ledger.written]

    def _ticket(self, side: Side) -> Ticket:
        return next(ticket for _, ticket in self.ledger.tickets() if ticket.desk is side)
