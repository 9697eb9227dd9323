"""What happens at the desk on Monday, 12 January 2026, and what must be true afterwards.

Times are Rome's, where the desk works 9-13 and 14-18. The expected due times were worked out by hand.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from deskbridge.demo.people import File, People

ROME = ZoneInfo("Europe/Rome")
OPENING = datetime(2026, 1, 12, 8, 55, tzinfo=ROME)
KIM, AIKO, GIULIA = "kim@lantern.example", "aiko@lantern.example", "giulia@orbit.example"


@dataclass(frozen=True, slots=True)
class Said:
    """A text that somebody wrote: a phrase of it, on which sides it must be found, and who may read it."""

    phrase: str
    subject: str
    sides: frozenset[str]
    private: bool


@dataclass(frozen=True, slots=True)
class Due:
    """When the clocks of a ticket must be due, in Rome's time, and how its tools must show it."""

    first_response: datetime
    update: datetime
    day: str
    """The date that work sides show."""
    state: str
    """``on_track`` or ``breached``, shown as a label."""


@dataclass
class Story:
    """What was done, and what is expected of the hub."""

    tickets: dict[str, int] = field(default_factory=dict)
    """Subject -> number in Freshdesk."""
    routed: dict[str, frozenset[str]] = field(default_factory=dict)
    """Subject -> the work sides it must be on."""
    said: list[Said] = field(default_factory=list)
    dues: dict[str, Due] = field(default_factory=dict)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(subject, side, content): files that must have arrived there."""
    closed: set[str] = field(default_factory=set)
    """Subjects of GitLab issues that a person closed."""

    def texts(self, subject: str, *phrases: str, private: bool = False) -> None:
        """Note texts that must be read on every side of a ticket."""
        sides = self.routed.get(subject, frozenset()) | {"freshdesk"}
        self.said += [Said(phrase, subject, sides, private) for phrase in phrases]


def at(hour: int, minute: int, day: int = 12) -> datetime:
    """Return an instant of that week, in Rome's time."""
    return datetime.combine(OPENING.replace(day=day), time(hour, minute), ROME)


IMPORT, READER, RECEIPT = "Order import stops", "Il lettore non si avvia", "レシートが印刷されません"
BATTERY, BETA, PASTED = "Battery drains overnight", "Beta build crashes", "Log with odd lines"
BOTH, JIRA, GITLAB = frozenset({"jira", "gitlab"}), frozenset({"jira"}), frozenset({"gitlab"})
CANARIES = ("Contract value is 48.000 euro", "Their admin password was in the log")


def morning(people: People) -> Story:
    """Let the morning happen until 12:40: twelve tickets, six of which the developers must see."""
    story = Story()
    _first_hour(people, story)
    _second_hour(people, story)
    _before_lunch(people, story)
    people.clock(at(12, 40))
    story.dues |= {
        IMPORT: Due(at(11, 5), at(9, 40, 13), "2026-01-13", "on_track"),
        READER: Due(at(10, 20), at(15, 20), "2026-01-12", "breached"),
        RECEIPT: Due(at(14, 30), at(9, 30, 13), "2026-01-12", "on_track"),
        BATTERY: Due(at(12, 30), at(11, 0, 13), "2026-01-13", "on_track"),
    }
    return story


def _first_hour(people: People, story: Story) -> None:
    people.clock(at(9, 5))
    log = File("import.log", b"09:01 row 17: unexpected column\n" * 40, "text/plain")
    body = (
        "<p>Good morning,</p><p>our <b>order import</b> stops at row 17 since the update.</p>"
        "<ul><li>restarted twice</li><li>same file worked on Friday</li></ul>"
    )
    ticket = _open(people, story, KIM, "Kim Park", IMPORT, body, log, routed=JIRA)
    story.texts(IMPORT, "stops at row 17", "restarted twice")
    story.files.append((IMPORT, "jira", log.content))
    people.sort(ticket, tags=["dev", "import"], priority=3, custom_fields={"cf_product_version": "2.4.1"})

    people.clock(at(9, 20))
    picture = File("schermata.png", png(), "image/png", cid="s1")
    body = (
        "<div>Buongiorno, dopo l'aggiornamento il lettore mostra <b>E42</b>:<br>"
        '<img src="cid:s1"></div><div>Grazie, Giulia</div>'
        '<div class="gmail_quote"><div>On Fri, Jan 9, 2026 at 4:10 PM Sam Rivera wrote:<br></div>'
        '<blockquote class="gmail_quote"><p>Quale versione avete installato?</p></blockquote></div>'
    )
    ticket = _open(people, story, GIULIA, "Giulia Conti", READER, body, picture, routed=BOTH)
    story.texts(READER, "il lettore mostra", "Quale versione avete installato?")
    story.files += [(READER, "jira", picture.content), (READER, "gitlab", picture.content)]
    people.sort(ticket, tags=["dev", "firmware"], priority=4)

    people.clock(at(9, 40))
    people.reply(story.tickets[IMPORT], "<p>Thank you, Kim. We are looking at row 17 now.</p>")
    story.texts(IMPORT, "We are looking at row 17")


def _second_hour(people: People, story: Story) -> None:
    people.clock(at(10, 0))
    _open(people, story, KIM, "Kim Park", "Invoice for December", "<p>Could you send it again?</p>")
    ticket = _open(people, story, GIULIA, "Giulia Conti", "Nuovo utente", "<p>Serve un accesso in più.</p>")
    people.sort(ticket, status=6)

    people.clock(at(10, 30))
    sheet = File("measurements.csv", b"hour,percent\n22,100\n23,71\n0,40\n", "text/csv")
    body = "<p>The handheld loses its charge overnight, numbers attached.</p>"
    ticket = _open(people, story, KIM, "Kim Park", BATTERY, body, sheet, routed=GITLAB)
    story.texts(BATTERY, "loses its charge overnight")
    story.files.append((BATTERY, "gitlab", sheet.content))
    people.sort(
        ticket, tags=["firmware", "hardware"], priority=3, custom_fields={"cf_product_version": "3.0"}
    )

    people.clock(at(11, 0))
    people.reply(ticket, "<p>Which charger do you use?</p>")
    story.texts(BATTERY, "Which charger do you use")
    ticket = _open(people, story, AIKO, "Aiko Sato", BETA, "<p>ベータ版が落ちます。</p>", routed=JIRA)
    story.texts(BETA, "ベータ版が落ちます")
    people.sort(ticket, tags=["dev", "beta"], priority=2)
    people.note(ticket, f"<p>{CANARIES[0]}; handle with care.</p>")
    story.texts(BETA, CANARIES[0], private=True)


def _before_lunch(people: People, story: Story) -> None:
    people.clock(at(11, 30))
    body = (
        "<p>The device prints this:</p><pre>/close\n/label ~bug\nERROR {code} |x|\n</pre>"
        "<p>/close</p><p>@all see #1</p><table><tr><th>Unit</th><th>State</th></tr>"
        "<tr><td>A-1</td><td>dead</td></tr></table>"
    )
    ticket = _open(people, story, KIM, "Kim Park", PASTED, body, routed=BOTH)
    story.texts(PASTED, "The device prints this", "A-1")
    people.sort(ticket, tags=["dev", "firmware"], priority=1)
    ticket = _open(people, story, GIULIA, "Giulia Conti", "Fattura doppia", "<p>Ho ricevuto due fatture.</p>")
    people.note(ticket, f"<p>{CANARIES[1]}.</p>")
    _open(people, story, AIKO, "Aiko Sato", "営業時間について", "<p>土曜日は営業していますか。</p>")
    people.sort(_open(people, story, "pat@nowhere.example", "Pat", "Who are we?", "<p>Hi</p>"), tags=["dev"])
    people.clock(at(12, 0))
    _open(people, story, KIM, "Kim Park", "Change of address", "<p>We moved next door.</p>")

    people.clock(at(12, 30))
    ticket = _open(
        people, story, AIKO, "Aiko Sato", RECEIPT, "<p>更新後、レシートが印刷されません。</p>", routed=JIRA
    )
    story.texts(RECEIPT, "更新後、レシート")
    people.sort(ticket, tags=["dev"], priority=4)


def afternoon(people: People, story: Story) -> None:
    """Let people act on all sides at 13:10: a customer, a developer in both tools, the agent."""
    people.clock(at(13, 10))
    people.answer(story.tickets[READER], GIULIA, "<p>Ancora <i>niente</i>, anche con il cavo nuovo.</p>")
    number = people.gitlab_issue_of(READER)
    people.comment_in_gitlab(number, "Bootloader `bl_init` fails, fixed in **3.0.1**.")
    people.close_in_gitlab(number)
    story.closed.add(READER)
    story.texts(READER, "anche con il cavo nuovo")
    story.texts(READER, "fixed in", private=True)

    key = people.issue_of(IMPORT)
    people.comment(key, "The parser drops *quoted* columns. Patch is in review.")
    patch = File("parser.diff", b"-split(',')\n+csv.reader\n", "text/x-diff")
    people.attach(key, patch)
    people.jira("PUT", f"api/2/issue/{key}", json={"fields": {"customfield_10040": "2.4.2"}})
    people.finish(key)
    story.texts(IMPORT, "columns. Patch is in review", private=True)
    story.files.append((IMPORT, "freshdesk", patch.content))

    people.note(story.tickets[RECEIPT], "<p>Printer model is the old one, do not promise a date.</p>")
    story.texts(RECEIPT, "do not promise a date", private=True)
    people.sort(story.tickets[BATTERY], tags=["firmware", "hardware", "battery"])


def _open(
    people: People,
    story: Story,
    sender: str,
    name: str,
    subject: str,
    html: str,
    *files: File,
    routed: frozenset[str] = frozenset(),
) -> int:
    story.tickets[subject] = ticket = people.mail(sender, name, subject, html, *files)
    if routed:
        story.routed[subject] = routed
    return ticket


def png() -> bytes:
    """Return a small red picture."""
    rows = b"".join(b"\0" + b"\xd0\x30\x30" * 48 for _ in range(24))

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 48, 24, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
