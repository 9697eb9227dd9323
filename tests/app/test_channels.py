"""Each documented kind of channel, before a far end that speaks its protocol on this machine."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from connectors.errors import ConfigError
from deskbridge.channels import Channel, Unsent
from deskbridge.message import Message, messages, reference
from sync.store.outbox import Notification, Outgoing
from tests.app.receivers import Post, chat, post_office, proxy

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NOTES = (
    Notification("finding:7:1", "duty", "Urgent: finding 7 on jira", "It needs a person.", AT),
    Notification("breach:desk:4", "duty", "Late: desk #4", "The first response is due since 10:00.", AT),
)


def message(*notes: Notification) -> Message:
    """A message as the notifier makes it."""
    taken = [Outgoing(number, 1, note) for number, note in enumerate(notes)]
    (made,) = messages(taken, AT, 10_000, ())
    return made


@dataclass(frozen=True)
class Authority:
    """Somebody whom this process believes certificates of."""

    server: ssl.SSLContext


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """A certificate for hosts that are played here, believed for the length of a test."""
    ca = trustme.CA()
    bundle = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(bundle))
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost", "hooks.slack.com").configure_cert(context)
    return Authority(context)


def told(post: Post, *notes: Notification) -> None:
    """Check that a call brought the notifications, and told how to know them again."""
    for note in notes:
        assert note.body in post.text
        assert reference(note.key) in post.text
    assert notes[0].title in post.text


class TestKinds:
    def test_a_webhook_of_ones_own(self) -> None:
        """A program that takes the messages could not tell a repetition, or would get none."""
        with chat() as far:
            Channel("duty", f"json://localhost:{far.port}/told").send(message(*NOTES))
        (post,) = far.posts
        told(post, *NOTES)
        assert (post.path, post.body["keys"].split("\n")) == ("/told", [note.key for note in NOTES])

    def test_mattermost(self) -> None:
        """Messages would not arrive there."""
        with chat() as far:
            Channel("duty", f"mmost://localhost:{far.port}/3ccdd113474722377935511fc85d3dd4").send(
                message(*NOTES)
            )
        told(far.posts[0], *NOTES)
        assert far.posts[0].path == "/hooks/3ccdd113474722377935511fc85d3dd4"

    def test_ntfy(self) -> None:
        """Messages would not arrive there."""
        with chat() as far:
            Channel("duty", f"ntfy://localhost:{far.port}/desk").send(message(*NOTES))
        told(far.posts[0], *NOTES)
        assert far.posts[0].body["topic"] == "desk"

    def test_gotify(self) -> None:
        """Messages would not arrive there, or anybody could read the token in the address of the call."""
        with chat() as far:
            Channel("duty", f"gotify://localhost:{far.port}/AbCdEfGhIjKlMnO").send(message(*NOTES))
        told(far.posts[0], *NOTES)
        assert far.posts[0].headers["X-Gotify-Key"] == "AbCdEfGhIjKlMnO"

    def test_slack(self, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
        """Messages would not arrive at an incoming webhook, whose address is written as Slack shows it."""
        with chat(authority.server) as far, proxy(far.port) as way:
            monkeypatch.setenv("HTTPS_PROXY", way)
            hook = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
            Channel("duty", hook).send(message(*NOTES))
        told(far.posts[0], *NOTES)
        assert far.posts[0].path == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"

    def test_teams(self, authority: Authority) -> None:
        """Messages would not arrive at a workflow of Teams."""
        with chat(authority.server) as far:
            Channel("duty", f"workflow://localhost:{far.port}/6c5b/signature").send(message(*NOTES))
        (block,) = (
            b for b in far.posts[0].body["attachments"][0]["content"]["body"] if b.get("id") == "body"
        )
        shown = block["text"].replace("\\", "")  # Markdown, in which signs are escaped
        assert all(note.body in shown and reference(note.key) in shown for note in NOTES)
        assert far.posts[0].path.startswith("/workflows/6c5b/triggers/manual/paths/invoke")

    @pytest.mark.parametrize("encrypted", [False, True])
    def test_mail(self, authority: Authority, encrypted: bool) -> None:
        """Messages would not be mailed, or robots would answer them."""
        with post_office(authority.server if encrypted else None) as far:
            mode = "starttls" if encrypted else "insecure"
            to = f"?from=hub@harbour.example&to=duty@harbour.example&mode={mode}"
            Channel("duty", f"mailto://hub:a-password@localhost:{far.port}{to}").send(message(*NOTES))
        (mail,) = far.mails
        text = mail.get_payload(decode=True)
        assert isinstance(text, bytes)
        assert all(note.body in text.decode() for note in NOTES)
        assert NOTES[0].title in mail["Subject"]
        assert mail["Auto-Submitted"] == "auto-generated"
        assert far.recipients == ["TO:<duty@harbour.example>"]
        assert far.credentials == ["\0hub\0a-password"]
        assert far.encrypted == encrypted


class TestWhatGoesOut:
    def test_nobody_is_called_by_a_name_in_it(self) -> None:
        """Whoever names a customer or a ticket @all could wake everybody."""
        note = Notification("k", "duty", "Late: <!channel> @here", "For @all\x07 and <@U123>", AT)
        with chat() as far:
            Channel("duty", f"mmost://localhost:{far.port}/3ccdd113474722377935511fc85d3dd4").send(
                message(note)
            )
        assert not [sign for sign in ("<!", "@here", "@all", "<@", "\\u0007") if sign in far.posts[0].text]

    def test_a_secret_is_hidden(self) -> None:
        """A mistake elsewhere would carry a credential into a chat."""
        note = Notification("k", "duty", "Refused", "The token glpat-abcdef was refused", AT)
        (made,) = messages([Outgoing(1, 1, note)], AT, 10_000, {"glpat-abcdef", "glpat-abcdef/more", ""})
        assert "glpat" not in made.title + made.body
        assert "The token *** was refused" in made.body

    def test_what_does_not_fit_goes_into_the_next_in_order(self) -> None:
        """A chat would refuse, or cut, a long morning's messages."""
        notes = [Notification(f"k{n}", "duty", f"Late: desk #{n}", "x" * 300, AT) for n in range(20)]
        made = messages([Outgoing(n, 1, note) for n, note in enumerate(notes)], AT, 1_000, ())
        assert [key for one in made for key in one.keys] == [note.key for note in notes]
        assert all(len(one.title) + len(one.body) <= 1_000 for one in made)
        assert len(made) == 10

    def test_what_is_for_one_person_stands_together(self) -> None:
        """Who is called would have to look for their own tickets among everybody's."""
        whose = ["Anna", "", "duty", "Anna", "duty"]
        notes = [Notification(f"k{n}", "desk", f"Late: desk #{n}", "x", AT, w) for n, w in enumerate(whose)]
        (made,) = messages([Outgoing(n, 1, note) for n, note in enumerate(notes)], AT, 10_000, ())
        lines = [line for line in made.body.splitlines() if line.startswith(("For", *"12345"))]
        assert lines == [
            "1. Late: desk #1",
            "For Anna:",
            "2. Late: desk #0",
            "3. Late: desk #3",
            "For duty:",
            "4. Late: desk #2",
            "5. Late: desk #4",
        ]

    def test_what_is_late_says_when_it_was_due(self) -> None:
        """After an outage people would take old news for new."""
        taken = [Outgoing(1, 1, NOTES[0])]
        (made,) = messages(taken, AT.replace(hour=15), 10_000, ())
        assert "due 2026-03-02 10:00 UTC" in made.body


class TestFailing:
    def test_it_is_told_without_the_address(
        self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """An outage of a chat would write its credential into the log."""
        with chat() as far, caplog.at_level(logging.DEBUG):
            far.answers = [503]
            channel = Channel("duty", f"json://user:s3cr3t-p4ss@localhost:{far.port}/s3cr3t-p4th")
            with pytest.raises(Unsent, match=r"^duty: not sent \(it answered 503\)$") as failed:
                channel.send(message(*NOTES))
        dead = Channel("duty", f"json://user:s3cr3t-p4ss@localhost:{far.port}/s3cr3t-p4th")
        with pytest.raises(Unsent, match="no answer"):
            dead.send(message(*NOTES))
        said = repr(channel) + repr(failed.value) + "".join(capfd.readouterr())
        said += "".join(
            r.getMessage() for r in caplog.records if r.name.startswith(("deskbridge", "apprise"))
        )
        assert "s3cr3t" not in said

    def test_it_does_not_follow_elsewhere(self) -> None:
        """Who takes over an address could have the messages sent on to anybody."""
        with chat() as far:
            far.answers = [307]
            with pytest.raises(Unsent, match="307"):
                Channel("duty", f"json://localhost:{far.port}/").send(message(*NOTES))
        assert far.posts == []

    def test_an_unknown_kind(self) -> None:
        """The first that is heard of a slip in an address would be that nobody was told of a breach."""
        with pytest.raises(
            ConfigError, match=r"notify\.duty\.url: apprise reads no address in it"
        ) as refused:
            Channel("duty", "slakc://s3cr3t/s3cr3t/s3cr3t").send(message(*NOTES))
        assert "s3cr3t" not in str(refused.value)
