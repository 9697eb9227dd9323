"""People are told what the store's outbox holds: once, in order, together, whoever is down or dies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deskbridge.channels import Channel
from deskbridge.message import reference
from deskbridge.notify import Notifier, rest_after
from sync.store import Store, open_store
from sync.store.outbox import LEASE, Notification
from tests.app.program import Hub
from tests.app.receivers import Chat, chat

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Duty:
    """A hub's outbox, a clock, and a chat that can be down."""

    def __init__(self, path: Path, far: Chat) -> None:
        self.store: Store = open_store(path)
        self.now, self.far = AT, far
        self.notifier = Notifier(
            outbox=self.store.outbox,
            channels={"duty": Channel("duty", f"json://localhost:{far.port}/")},
            gather={"duty": 10 * SECOND},
            secrets=(),
            now=lambda: self.now,
        )

    def put(self, *keys: str, due: datetime = AT) -> None:
        """Have people told of something."""
        for key in keys:
            self.store.outbox.put(Notification(key, "duty", f"title {key}", f"body {key}", due))

    def after(self, time: timedelta) -> bool:
        """Let some time pass, and one turn of the notifier."""
        self.now += time
        return self.notifier.turn("duty")

    @property
    def told(self) -> list[list[str]]:
        """The keys that each message brought."""
        return [post.body["keys"].split("\n") for post in self.far.posts]


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """A hub that has told nobody anything."""
    with chat() as far:
        made = Duty(tmp_path / "store.sqlite3", far)
        yield made
        made.store.database.close()


class TestTelling:
    def test_what_falls_due_together_is_one_message(self, duty: Duty) -> None:
        """At nine, when forty clocks run out, a phone would ring forty times."""
        duty.put("a", "b")
        duty.put("c", due=AT + 5 * SECOND)
        duty.put("tomorrow", due=AT + timedelta(days=1))
        assert duty.after(9 * SECOND)
        assert duty.told == []
        assert duty.after(SECOND)
        assert duty.told == [["a", "b", "c"]]
        assert duty.after(60 * SECOND)
        assert len(duty.told) == 1

    def test_a_channel_that_is_down_is_asked_later_and_later_and_keeps_its_order(self, duty: Duty) -> None:
        """A chat that comes back would be flooded, or tell the end of a story before its beginning."""
        duty.far.answers = [503, 503]
        duty.put("first")
        assert not duty.after(10 * SECOND)
        duty.put("second", due=AT + 12 * SECOND)
        assert duty.after(29 * SECOND)  # it rests
        assert not duty.after(SECOND)
        assert duty.after(59 * SECOND)
        assert duty.told == []
        assert duty.after(SECOND)
        assert duty.told == [["first", "second"]]
        assert [rest_after(n) for n in (1, 2, 3, 7, 8, 5_000)] == [
            timedelta(seconds=30),
            timedelta(minutes=1),
            timedelta(minutes=2),
            timedelta(minutes=32),
            timedelta(hours=1),
            timedelta(hours=1),
        ]

    def test_who_dies_after_sending_has_it_sent_again_under_the_same_key(self, duty: Duty) -> None:
        """People would be told nothing, or could not see that it is the same thing."""
        duty.put("a")
        (taken,) = duty.store.outbox.take("duty", AT)  # a process that dies now
        assert duty.after(LEASE - SECOND)
        assert duty.told == []
        assert duty.after(SECOND)
        assert duty.told == [["a"]]
        assert reference(taken.notification.key) in duty.far.posts[0].body["message"]

    def test_two_senders_on_one_store_send_each_thing_once(self, duty: Duty, tmp_path: Path) -> None:
        """`serve` and `sync --watch` side by side would tell everything twice."""
        others = [Duty(tmp_path / "store.sqlite3", duty.far) for _ in range(2)]
        for other in others:
            other.now = AT + timedelta(hours=1)
        keys = [f"k{n}" for n in range(120)]
        duty.put(*keys)
        threads = [
            threading.Thread(target=lambda o=other: [o.notifier.turn("duty") for _ in range(20)])
            for other in others
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [key for told in duty.told for key in told] == keys
        for other in others:
            other.store.database.close()


class TestTheProgram:
    @pytest.fixture
    def told(self, hub: Hub) -> Iterator[Chat]:
        """A chat for urgent findings, in the hub's settings."""
        with chat() as far:
            text = hub.settings.read_text("utf-8")
            channel = '[notify.findings]\nurl = "env:DUTY_TOKEN"\ngather = "1s"\n'
            hub.settings.write_text(text + channel, "utf-8")
            hub.environment["DUTY_TOKEN"] = f"json://hub:s3cr3t@localhost:{far.port}/s3cr3t"
            yield far

    def test_trying_a_channel(self, hub: Hub, told: Chat) -> None:
        """Whether a channel works would be found out when it is needed."""
        ended = hub.run("notify", "test", "findings")
        assert (ended.code, ended.err) == (0, "")
        assert ended.lines == ["findings: JSON took the message; look whether it arrived."]
        assert "This one did" in told.posts[0].body["message"]
        told.answers = [401]
        ended = hub.run("notify", "test", "findings")
        assert (ended.code, ended.err) == (1, "deskbridge: findings: not sent (it answered 401)\n")
        assert hub.run("notify", "test", "finding").code == 2

    def test_an_address_that_nobody_reads_is_found_by_check(self, hub: Hub, told: Chat) -> None:
        """A slip in it would be found out when it is needed, or printed with the credential in it."""
        ended = hub.run("check", DUTY_TOKEN="slakc://s3cr3t/s3cr3t")
        assert (ended.code, "s3cr3t" in ended.out + ended.err) == (2, False)
        assert "notify.findings.url: apprise reads no address in it" in ended.err
        hub.change(('"env:DUTY_TOKEN"', '"json://hub:s3cr3t@localhost/"'))
        ended = hub.run("check")
        assert (ended.code, "s3cr3t" in ended.out + ended.err) == (2, False)
        assert "notify.findings.url: a secret never stands here; write env:NAME or file:PATH" in ended.err

    def test_what_waits_is_shown(self, hub: Hub, told: Chat) -> None:
        """A channel that has been down for a week would look like a quiet week."""
        hub.run("sync", "--once")
        told.answers = [500]
        store = open_store(hub.folder / "store.sqlite3")
        store.outbox.put(Notification("k1", "findings", "Late", "It is late.", AT))
        store.outbox.put(Notification("k2", "nowhere", "Late", "It is late.", AT))
        hub.run("sync", "--once")
        said = "JSON; 1 wait, the first due 2026-03-02 10:00 UTC, tried 1 times"
        listed = hub.run("notify", "list").lines
        assert listed[0] == f"findings: {said}"
        assert listed[1].startswith("nowhere: the settings have no such channel; 1 wait")
        assert f"notify findings: {said}" in hub.run("status").lines
        store.database.close()

    def test_serve_and_watch_side_by_side_tell_everything_once(self, hub: Hub, told: Chat) -> None:
        """Two processes on one store would wake people twice."""
        hub.run("sync", "--once")
        running = [hub.start("serve", "--port", "0"), hub.start("sync", "--watch")]
        store = open_store(hub.folder / "store.sqlite3")
        keys = [f"k{n}" for n in range(30)]
        for key in keys:
            store.outbox.put(Notification(key, "findings", "Late", "It is late.", datetime.now(UTC)))
        with ExitStack() as ends:
            for process in running:
                ends.callback(hub.end, process)
                ends.callback(process.terminate)
            for _ in range(300):
                told.taken.wait(0.1)
                if not store.outbox.waiting():
                    break
            threading.Event().wait(3)
        assert [key for post in told.posts for key in post.body["keys"].split("\n")] == keys
        store.database.close()
