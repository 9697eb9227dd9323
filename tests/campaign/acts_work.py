"""What the developer does in Jira and GitLab."""

from __future__ import annotations

import re

from tests.campaign.acting import Acting
from tests.campaign.ledger import Bundle, File, Said, Side, Tagged
from tests.campaign.people import Upload
from tests.campaign.wording import TAGS

IN_JIRA, IN_GITLAB = "Dana Novak", "Dana Novak"
PUBLISH, KEEP = "!public", "!private"
ROLE = {"type": "role", "value": "Administrators"}
DONE, OPEN, BUSY = "31", "11", "21"
"""The transitions of Jira's simplified workflow: each leads from everywhere."""


def iid(side: Side) -> str:
    """Return the number that GitLab's addresses know an issue by."""
    return side.key.partition(":")[2]


class AtWork(Acting):
    """The developer, by each tool's API."""

    def comments_in_jira(self) -> bool:
        """The developer comments in Jira."""
        if (side := self.pick(self.works("jira"))) is None:
            return False
        for _ in range(self.chance.choice((1, 1, 2))):
            token = self.ledger.token()
            id = self.people.say_in_jira(side.key, self.writer.wiki(token))
            self.says(side, id, token, IN_JIRA, private=True)
        return True

    def comments_in_gitlab(self) -> bool:
        """The developer comments in GitLab, with a file sometimes."""
        if (side := self.pick(self.works("gitlab"))) is None:
            return False
        for _ in range(self.chance.choice((1, 1, 2))):
            token = self.ledger.token()
            files = self.files(token, likely=0.15)
            text = self.writer.markdown(token)
            for file in files:
                text += f"\n\n{self.people.upload(file)}"
            private = self.chance.random() < 0.3
            id = self.people.say_in_gitlab(side.key, text, private=private)
            self.says(side, id, token, IN_GITLAB, *files, private=True)
        return True

    def publishes(self) -> bool:
        """The developer writes to the customer: her comment begins with the sign for it."""
        if (side := self.pick(self.works())) is None:
            return False
        token = self.ledger.token()
        id = self._comments(side, f"{PUBLISH} {token} please try again")
        self.says(side, id, token, IN_JIRA, private=False).published = True
        return True

    def slips(self) -> bool:
        """The developer writes what is nearly a sign, or uses it where it does not count."""
        if (side := self.pick(self.works())) is None:
            return False
        token = self.ledger.token()
        near = self.chance.choice(
            ("!pubic {} so it is", "{} is it !public yet", "!Public {} no", "> !public\n\n{} you say")
        )
        id = self._comments(side, near.format(token))
        said = self.says(side, id, token, IN_JIRA, private=True)
        if self.chance.random() < 0.4:
            self.clock.advance(3)  # within one moment nobody could tell an edit from a first wording
            self._rewrites(side, said.id, f"{PUBLISH} {self.revise(said)} after all")
            self.did(side, f"the developer edits {said.id}, giving it a sign: {said.token}")
        return True

    def keeps(self) -> bool:
        """The developer writes something that is to stay where it is: by a sign, or for a role alone."""
        if (side := self.pick(self.works())) is None:
            return False
        token = self.ledger.token()
        if side.tool == "jira" and self.chance.random() < 0.5:
            body = {"body": f"{token} for few", "visibility": ROLE}
            id = str(self.people.jira("POST", f"api/2/issue/{side.key}/comment", json=body)["id"])
        else:
            id = self._comments(side, f"{KEEP} {token} stays here")
        self.says(side, id, token, IN_JIRA, private=True).kept = True
        return True

    def narrows(self) -> bool:
        """The developer has fewer people read a comment that all the staff could read."""
        mine = [s for s in self.mine("jira", "gitlab") if not s.files and len(s.earlier) < 20]
        if (said := self.pick(mine)) is None:
            return False
        token, side = self.revise(said), said.side
        if side.tool == "jira":
            body = {"body": f"{token} for few", "visibility": ROLE}
            self.people.jira("PUT", f"api/2/issue/{side.key}/comment/{said.id}", json=body)
        else:
            self._rewrites(side, said.id, f"{KEEP} {token} stays here")
        said.kept = True
        self.did(side, f"the developer has fewer read {said.id}: {token}")
        return True

    def _comments(self, side: Side, text: str) -> str:
        if side.tool == "jira":
            return self.people.say_in_jira(side.key, text)
        return self.people.say_in_gitlab(side.key, text)

    def _rewrites(self, side: Side, id: str, text: str) -> None:
        if side.tool == "jira":
            self.people.jira("PUT", f"api/2/issue/{side.key}/comment/{id}", json={"body": text})
        else:
            self.people.gitlab("PUT", f"issues/{iid(side)}/notes/{id}", json={"body": text})

    def edits(self) -> bool:
        """The developer edits a comment."""
        mine = [s for s in self.mine("jira", "gitlab") if not s.files and len(s.earlier) < 20]
        if (said := self.pick(mine)) is None:
            return False
        self.revise(said)
        self.rewrite(said)
        self.did(said.side, f"the developer edits {said.id}: {said.token}")
        return True

    def rewrite(self, said: Said) -> None:
        """Give a comment new words."""
        write = self.writer.wiki if said.side.tool == "jira" else self.writer.markdown
        self._rewrites(said.side, said.id, write(said.token))

    def deletes(self) -> bool:
        """The developer deletes a comment."""
        if (said := self.pick(self.mine("jira", "gitlab"))) is None:
            return False
        side = said.side
        if side.tool == "jira":
            self.people.jira("DELETE", f"api/2/issue/{side.key}/comment/{said.id}")
        else:
            self.people.gitlab("DELETE", f"issues/{iid(side)}/notes/{said.id}")
        said.deleted = True
        self.did(side, f"the developer deletes {said.id}: {said.token}")
        return True

    def attaches(self) -> bool:
        """The developer attaches a file to an issue in Jira, where files belong to no text."""
        if (side := self.pick(self.works("jira"))) is None:
            return False
        token = self.ledger.token()
        file = Upload(f"f{token[2:]}.bin", token.encode() * self.chance.randint(1, 200))
        self.people.attach_in_jira(side.key, file)
        said = Said(side, f"file {file.name}", "", IN_JIRA, private=True, when=self.clock.now())
        said.files.append(File(file.name, file.sha256))
        self.ledger.said.append(said)
        self.did(side, f"the developer attaches {file.name}")
        return True

    def tags(self) -> bool:
        """The developer adds or removes a label."""
        if (side := self.pick(self.works())) is None:
            return False
        tag = self.chance.choice(TAGS).replace(" ", "-")
        labels = self._labels(side)
        added = tag not in labels
        if side.tool == "jira":
            change = {"update": {"labels": [{"add" if added else "remove": tag}]}}
            self.people.jira("PUT", f"api/2/issue/{side.key}", json=change)
        else:
            self.people.gitlab(
                "PUT", f"issues/{iid(side)}", json={f"{'add' if added else 'remove'}_labels": tag}
            )
        self.ledger.tagged.append(Tagged(side, tag, added))
        self.did(side, f"the developer {'adds' if added else 'removes'} the label {tag}")
        return True

    def _labels(self, side: Side) -> list[str]:
        if side.tool == "jira":
            return list(self.people.jira("GET", f"api/2/issue/{side.key}")["fields"]["labels"])
        return list(self.people.gitlab("GET", f"issues/{iid(side)}")["labels"])

    def moves(self) -> bool:
        """The developer finishes an issue, takes it up again, or begins."""
        if (side := self.pick(self.works())) is None:
            return False
        if side.tool == "jira":
            to = self.chance.choice((DONE, DONE, OPEN, BUSY))
            issue = self.people.jira("GET", f"api/2/issue/{side.key}")
            was_done = issue["fields"]["status"]["statusCategory"]["key"] == "done"
            self.people.jira("POST", f"api/2/issue/{side.key}/transitions", json={"transition": {"id": to}})
            done = to == DONE
        else:
            was_done = self.people.gitlab("GET", f"issues/{iid(side)}")["state"] == "closed"
            done = not was_done
            event = "close" if done else "reopen"
            self.people.gitlab("PUT", f"issues/{iid(side)}", json={"state_event": event})
            to = event
        if done and not was_done:
            self.ledger.finished.append(side)
        if done is not was_done:
            side.moved = self.clock.now()
        self.did(side, f"the developer moves it: {to}")
        return True

    def renames(self) -> bool:
        """The developer gives an issue another title."""
        if (side := self.pick(self.works())) is None:
            return False
        title = f"{self.ledger.token().upper()} {self.writer.plain(5)}"
        if side.tool == "jira":
            self.people.jira("PUT", f"api/2/issue/{side.key}", json={"fields": {"summary": title}})
        else:
            self.people.gitlab("PUT", f"issues/{iid(side)}", json={"title": title})
        self.ledger.subjects.append((side, title))
        self.did(side, f"the developer calls it {title}")
        return True

    def removes_issue(self) -> bool:
        """The owner of the project deletes an issue."""
        if (side := self.pick(self.works("gitlab"))) is None:
            return False
        bundle = self.ledger.bundle_of(side)
        shown = [text for t in bundle.tickets for text in self.people.texts("desk", t.desk.key)]
        named = re.compile(rf"/issues/{iid(side)}(?!\d)")
        side.unheard = side.linked is None and not any(named.search(text) for text in shown)
        self._stay(bundle, side)
        self.people.owner("DELETE", f"issues/{iid(side)}")
        side.gone = True
        self.did(side, "the owner deletes the issue")
        return True

    def _stay(self, bundle: Bundle, side: Side) -> None:
        """Tell the ledger which copies stand elsewhere of what few may read on an issue that is deleted.

        What nobody can read any more tells nobody that fewer may read it.
        """
        kept = {t for s in self.ledger.said if s.kept and s.side is side for t in (s.token, *s.earlier)}
        for other in bundle.sides if kept else ():
            if other is not side and not other.gone:
                texts = " ".join(self.people.texts(other.tool, other.key))
                self.ledger.stayed |= {(token, other.tool, other.key) for token in kept if token in texts}
