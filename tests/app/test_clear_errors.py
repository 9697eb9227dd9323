"""A slip of the hand ends in one message that names the place and the way out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from connectors.errors import ConfigError
from deskbridge.settings import load
from tests.app.program import PROGRAM, Hub
from tests.app.settings_files import CANARIES, written

PEOPLE = 'people = "people.csv"\n'
TRUST = 'trust = ["desk", "jira", "gitlab"]\n'


def refused(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """What is told of settings that cannot work."""
    with pytest.raises(ConfigError) as caught:
        load(written(folder, *changes), CANARIES)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize("sign", ["public", "!p", "#public", "! public", "*public*", "@all", "/close"])
@pytest.mark.parametrize("place", ["publish.sign", "texts.keep_private"])
def test_a_bad_sign_is_explained(tmp_path: Path, place: str, sign: str) -> None:
    """Whoever writes a bad sign would be shown a regular expression."""
    section, _, key = place.partition(".")
    more = 'sender = "The desk"\n' if section == "publish" else ""
    (problem,) = refused(tmp_path, ("", f'[{section}]\n{more}{key} = "{sign}"\n'))
    assert f"{place}: {sign!r} cannot be a sign; take a word" in problem
    assert "pattern" not in problem


def test_a_bad_mail_address_is_explained(tmp_path: Path) -> None:
    """Whoever slips in an address would be shown a regular expression."""
    (problem,) = refused(tmp_path, ('label = "orbit"', 'label = "orbit"\nvips = ["the boss"]'))
    assert "'the boss' is no mail address; write it like kim@example.com" in problem


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "there is no such file; a name counts from the folder of the settings"),
        ("a folder", "it is a folder; name the file in it"),
        (b"person,desk,jira\nKim,1,2\nD\xe4na,3,4\n", "line 3 is not UTF-8; save it anew in that encoding"),
    ],
)
def test_an_unreadable_table_of_people_is_explained(
    tmp_path: Path, content: bytes | str | None, why: str
) -> None:
    """Whoever names the wrong file would be shown an error number."""
    path = tmp_path / "people.csv"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    assert f"people.csv: it cannot be read: {why}" in refused(tmp_path, (TRUST, TRUST + PEOPLE))


@pytest.mark.parametrize(
    "name", ["desk:77", "desk:abc", "jira:SUP-99", "jira:99999", "gitlab:101:99", "gitlab:nothing"]
)
def test_a_ticket_that_is_not_there_is_explained(hub: Hub, name: str) -> None:
    """Whoever mistypes a number would be shown a status code."""
    connection, _, key = name.partition(":")
    why = f"{connection} {key}: there is no such ticket, or our account may not see it"
    way = "look at its key, and at the account's rights with `deskbridge check --live`"
    ended = hub.run("plan", name)
    assert ended.code == 4
    assert why in ended.out
    assert way in ended.out
    problem = json.loads(hub.run("plan", name, "--json").out)[0]["problem"]
    assert problem.startswith(why)


def test_a_link_to_nothing_is_explained(hub: Hub) -> None:
    """Whoever mistypes a number would be shown a status code, or link something that is not there."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "One", "<p>x</p>")
    ended = hub.run("link", f"desk:{ticket}", "jira:SUP-99")
    assert ended.code == 1
    assert "jira SUP-99: there is no such ticket, or our account may not see it" in ended.err


def test_an_empty_history_says_so(hub: Hub) -> None:
    """Whoever asks would take an empty line for a failure."""
    assert hub.run("history", "desk:77").out == "nothing was ever decided about it\n"


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, or nobody is refused anything")
def test_a_store_that_may_not_be_written_is_explained(hub: Hub) -> None:
    """A store that was restored by another user would end in a traceback, or in half a sync."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "One", "<p>x</p>")
    assert hub.run("sync", "--once").code == 0
    hub.people.sort(ticket, tags=["dev"])
    store = hub.folder / "store.sqlite3"
    store.chmod(0o444)
    plainly = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", str(PROGRAM), "sync", "--once"]
    ended = subprocess.run(
        plainly, cwd=hub.folder, env=hub.environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr == "deskbridge: store.sqlite3: the store cannot be opened (Permission denied)\n"
    store.chmod(0o600)
    assert "jira SUP-1" in hub.run("sync", "--once").out
