"""Many issues at once, as a lived-in project has them: for scale, migration and backfill.

They are put into the tables directly: no mail, no webhook, no event, no quick action.
"""

from __future__ import annotations

import gc
import io
import random
from datetime import datetime, timedelta

from deskbridge.sandbox.gitlab import api_uploads
from deskbridge.sandbox.gitlab.places import Label, Project, User
from deskbridge.sandbox.gitlab.records import Issue, Note, pack
from deskbridge.sandbox.gitlab.site import Site

_MOST = 200_000
_SENTENCES = (
    "The pump stops after about ten minutes and the display shows nothing at all.",
    "We have restarted the gateway twice; the log says `E42: no route to sensor 7`.",
    "Since the update of last Tuesday exports are empty for two of our five sites.",
    "Please see the attached picture, the cable on the left is the one that we replaced.",
    "Seit dem letzten Update bleibt die Anzeige schwarz, auch nach einem Neustart.",
    "Die Prüfung läuft, wir melden uns spätestens morgen früh wieder.",
    "Depuis hier, l'export échoue avec « délai dépassé » pour toutes les équipes.",
    "La pantalla se queda en blanco al guardar; ocurre solo con cuentas nuevas.",
    "Насос останавливается через десять минут, журнал пуст.",
    "再起動しても状態が変わりません。ログを添付します。",
    "המסך נשאר ריק אחרי ההפעלה מחדש.",
    "المضخة تتوقف بعد عشر دقائق ولا تظهر أي رسالة.",
    "It works again 🎉 thanks! Closing from our side once the night shift has confirmed. 👍",
)
_BLOCKS = (
    '```\ntraceback (most recent call last):\n  File "agent.py", line 7, in poll\n/close\n```',
    "| site | state |\n|---|---|\n| north | ok |\n| south | **down** |",
    "- [x] restarted\n- [ ] cable replaced\n- [ ] confirmed by the customer",
    "> On Monday somebody wrote:\n> it fails again\n\nYes, it does.",
    "<details><summary>Log</summary>\n\nline 1\nline 2\n\n</details>",
)
_TITLES = ("Pump", "Gateway", "Export", "Anzeige", "Écran", "Насос", "画面", "Login 🔒", "Invoice", "Sensor")
_FAULTS = ("stops", "is empty", "shows E42", "bleibt schwarz", "échoue", "times out", "loses its settings")


def issues(site: Site, project: Project, *, count: int, seed: int, notes: int) -> dict[str, object]:
    """Make `count` issues with about `notes` comments each; the same seed makes the same texts."""
    if not 0 <= count <= _MOST or not 0 <= notes <= 50:
        raise ValueError(f"count is at most {_MOST}, notes at most 50")
    maker = _Maker(site, project, random.Random(seed), notes)  # noqa: S311 - repeatable by seed is the point
    first, was = project.last_iid + 1, gc.isenabled()
    gc.disable()  # none of the many new objects is garbage
    try:
        for number in range(count):
            maker.one(number)
    finally:
        if was:
            gc.enable()
    site.changes.renew()
    if count >= 10_000:
        gc.freeze()
    return {"count": count, "first_iid": first, "last_iid": project.last_iid}


class _Maker:
    """Draws issues one after the other; about one in ten is odd."""

    def __init__(self, site: Site, project: Project, rng: random.Random, notes: int) -> None:
        self._site, self._project, self._rng, self._notes = site, project, rng, notes
        self._people: list[User] = [user for user in site.users.values() if user.kind == "human"]
        self._labels: list[Label] = list(site.labels_for(project))
        self._at = site.now() - timedelta(days=3 * 365)
        self._texts = [self._text() for _ in range(500)]

    def _text(self) -> str:
        """Return a text of about a kilobyte, a few of many."""
        size = int(min(30_000, self._rng.lognormvariate(6.7, 0.6)))
        parts: list[str] = []
        while sum(map(len, parts)) < size:
            block = self._rng.random() < 0.15
            parts.append(self._rng.choice(_BLOCKS if block else _SENTENCES) + "\n\n"[: 1 + block])
        return "\n".join(parts)

    def _body(self, mark: str) -> str:
        return f"{mark}\n\n{self._rng.choice(self._texts)}"

    def _later(self) -> datetime:
        """Return the next instant: now and then dozens of issues share a second."""
        if self._rng.random() < 0.7:
            self._at += timedelta(seconds=self._rng.randrange(1, 900))
        return self._at

    def one(self, number: int) -> None:
        """Make one issue with its comments."""
        rng, at = self._rng, self._later()
        title = f"{rng.choice(_TITLES)} {rng.choice(_FAULTS)} ({number})"
        issue = Issue(
            0, 0, self._project, rng.choice(self._people), title, pack(self._body(f"Case {number}.")), at, at
        )
        issue.labels = rng.sample(self._labels, min(len(self._labels), rng.randrange(3)))
        issue.assignees = [rng.choice(self._people)] if rng.random() < 0.5 else []
        if rng.random() < 0.6:
            issue.state, issue.closed_by = "closed", rng.choice(self._people)
            issue.closed_at = issue.stamp = at + timedelta(days=rng.randrange(1, 40))
        if rng.random() < 0.1:
            self._odd(issue, rng.randrange(9))
        self._site.add_issue(issue)
        for turn in range(self._many()):
            self._comment(issue, turn)

    def _many(self) -> int:
        chance = self._rng.random()
        return 0 if chance < 0.05 else self._notes * 10 if chance > 0.998 else self._notes

    def _comment(self, issue: Issue, turn: int) -> None:
        rng = self._rng
        at = issue.created_at + timedelta(minutes=turn * rng.randrange(0, 600))
        id, author = self._site.next("note"), rng.choice(self._people)
        note = Note(id, issue, author, pack(self._body(f"{turn + 1}.")), at, at, internal=rng.random() < 0.3)
        issue.put(note)
        issue.stamp = max(issue.stamp, at)

    def _odd(self, issue: Issue, kind: int) -> None:
        """Give an issue one of the shapes that break importers."""
        rng, site = self._rng, self._site
        match kind:
            case 0:
                issue.description = None
            case 1:
                issue.title = (issue.title + " ✂" * 200)[:255]
            case 2:
                issue.description = self._body("Long.") * 100
            case 3:
                issue.confidential = True
            case 4:
                issue.kind, issue.severity = "incident", rng.choice(("low", "high", "critical"))
            case 5:
                issue.author, issue.assignees = site.ghost, []
            case 6:
                issue.labels, issue.locked = list(self._labels), True
            case 7:
                issue.due_date = (issue.created_at + timedelta(days=30)).date()
                issue.time_estimate, issue.time_spent = 7200, rng.randrange(0, 90_000, 60)
            case _:
                self._with_file(issue)

    def _with_file(self, issue: Issue) -> None:
        name, content = f"log-{self._rng.randrange(1000)}.txt", self._rng.choice(self._texts)
        stored = api_uploads.store(
            self._site, issue.author, self._project, name, io.BytesIO(content.encode())
        )
        issue.description = f"{issue.description}\n\n{api_uploads.markdown(stored)}"
