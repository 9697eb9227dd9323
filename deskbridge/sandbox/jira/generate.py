"""Makes many issues quickly: realistic sizes, several languages, many in one second, odd ones among them."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from deskbridge.sandbox.jira import workflow
from deskbridge.sandbox.jira.model import Attachment, Change, Comment, Issue, Project
from deskbridge.sandbox.jira.state import Site

_WORDS = {
    "en": "the pump stops after two hours and shows an error since the last update please help us soon",
    "it": "la pompa si ferma dopo due ore e mostra un errore perché l'aggiornamento è fallito grazie",
    "de": "die Pumpe hält nach zwei Stunden an und zeigt einen Fehler für Gerät größer als üblich bitte",
    "pl": "pompa zatrzymuje się po dwóch godzinach i pokazuje błąd że żółta lampka świeci proszę",
    "ru": "насос останавливается через два часа и показывает ошибку после обновления помогите",
    "ja": "ポンプ が 二時間後 に 停止 し エラー が 表示 されます よろしく お願い します",
}
# One issue in so many is odd: an empty description, a very long one, emoji, a text of markup.
_ODD = 97
_ODD_TEXTS = ("", "x" * 30_000, "\U0001f4a5 {code}*not closed [link|", "h1. \n----\n||a||\n|b|")


def fill(site: Site, key: str, count: int, seed: int, comments: int, size: int) -> dict[str, object]:
    """Put `count` issues with `comments` comments of about `size` characters into a project."""
    home = next((one for one in site.projects.values() if one.key == key), None)
    if home is None or not 0 <= count <= 1_000_000 or comments < 0:
        raise ValueError("give a project's key and a sensible count")
    chance = Random(seed)  # noqa: S311 - chance that repeats by seed is the point
    texts = [_text(chance, language, size) for language in _WORDS for _ in range(40)]
    people = [user.account_id for user in site.users.values() if not user.customer and user.active]
    start = site.now() - timedelta(days=365)
    step = timedelta(days=360) / max(1, count)
    first = site.counters["issue"]
    for number in range(count):
        # Rows come in bunches that share one second, as bulk edits leave them.
        at = (start + step * (number // 20 * 20)).replace(microsecond=0)
        issue = _issue(site, home, chance, texts, at, people[number % len(people)])
        for turn in range(comments):
            made = at + timedelta(hours=1 + turn * 7)
            said = f"{chance.choice(texts)}\n{issue.id}.{turn + 1}"
            _comment(site, issue, said, made, people[(number + turn) % len(people)])
        if number % 10 == 0:
            _file(site, issue, chance, at)
        issue.updated = max(issue.updated, at)
    site.recent = dict.fromkeys(sorted(site.recent, key=lambda number: site.issues[number].updated))
    return {"issues": count, "first": 10000 + first, "total": len(site.issues)}


def _text(chance: Random, language: str, size: int) -> str:
    words, out, length = _WORDS[language].split(), [], 0
    wanted = max(1, int(chance.gauss(size, size / 8)))
    while length < wanted:
        line = " ".join(chance.choices(words, k=chance.randint(4, 14)))
        out.append(line)
        length += len(line) + 1
    return "\n".join(out)[:wanted]


def _issue(site: Site, home: Project, chance: Random, texts: list[str], at: object, who: str) -> Issue:
    number = site.next_id("issue")
    home.counter += 1
    text = chance.choice(texts)
    summary = text.partition("\n")[0][:80].strip() or "No subject"
    body = _ODD_TEXTS[number % len(_ODD_TEXTS)] if number % _ODD == 0 else text
    values = {
        "summary": f"{summary} {number}",
        "description": f"{body}\n{number}" if body else None,
        "priority": str(chance.randint(1, 5)),
        "reporter": who,
        "labels": ["generated"] if number % 3 else ["generated", "pump"],
    }
    types = [id for id in home.types if not site.types[id].subtask and site.types[id].level == 0]
    status = chance.choice(workflow.statuses(site, home))
    key = f"{home.key}-{home.counter}"
    issue = Issue(number, key, home.id, chance.choice(types), status, who, at, at, at, values)  # type: ignore[arg-type]
    issue.rank = (number + 1) << 32
    if workflow.is_done(site, status):
        values["resolution"], issue.resolved = "10000", issue.created
    if status != workflow.initial(home):
        _moved(site, issue, home, status)
    site.issues[number], site.keys[key] = issue, number
    site.moved(number)
    return issue


def _moved(site: Site, issue: Issue, home: Project, status: str) -> None:
    first = workflow.initial(home)
    item = {"field": "status", "fieldtype": "jira", "fieldId": "status", "from": first, "to": status}
    item |= {"fromString": site.statuses[first].name, "toString": site.statuses[status].name}
    issue.history.append(Change(site.next_id("change"), issue.creator, issue.created, [item]))


def _comment(site: Site, issue: Issue, text: str, at: object, who: str) -> None:
    number = site.next_id("comment")
    made = Comment(number, issue.id, who, who, text, at, at)  # type: ignore[arg-type]
    issue.comments.append(made)
    site.comments[number] = made
    issue.updated = made.created


def _file(site: Site, issue: Issue, chance: Random, at: object) -> None:
    number = site.next_id("attachment")
    data = chance.randbytes(chance.randint(200, 4000))
    site.files.mkdir(parents=True, exist_ok=True)
    (site.files / str(number)).write_bytes(data)
    name = f"log-{number}.bin"
    mime, media = "application/octet-stream", site.new_uuid()
    made = Attachment(number, issue.id, issue.creator, at, name, len(data), mime, media)  # type: ignore[arg-type]
    site.attachments[number] = made
    issue.attachments.append(made)
