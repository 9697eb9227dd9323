"""Files whose names somebody made up to do harm, from a customer's mail to both teams, over real HTTP."""

from __future__ import annotations

import base64

from tests.app.program import Hub

NAMES = (
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "inv\u202efdp.exe",
    "x" * 5000 + ".pdf",
    'q"uo"te\'s; filename="b.txt',
    "[a](javascript:alert(1)).txt",
    "<script>alert(1)</script>.html",
    "![x](y)|^~{color}.md",
    "%2e%2e%2f%00.txt",
    ".",
)


def test_every_file_arrives_and_none_does_harm(hub: Hub) -> None:
    """A mail with an odd file would stop its ticket, or put something where nobody looks for it."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Names", "<p>See below.</p>")
    hub.people.sort(ticket, tags=["dev", "firmware"])
    for number, name in enumerate(NAMES):
        content = base64.b64encode(f"content {number}".encode()).decode()
        file = {"name": name, "content_base64": content, "content_type": "text/plain"}
        html, kim = f"<p>file {number}</p>", "kim@lantern.example"
        answer = {"ticket": ticket, "email": kim, "html": html, "attachments": [file]}
        hub.control("POST", "act/freshdesk/customer_reply", **answer)
    assert hub.run("sync", "--once").code == 0
    assert hub.run("sync", "--once").code == 0
    assert "Nothing to write" in hub.run("plan", "--all").out
    issue = hub.people.jira("GET", f"api/2/issue/{hub.people.issue_of('Names')}?fields=attachment,comment")
    jira = [file["filename"] for file in issue["fields"]["attachment"]]
    assert len(jira) == len(issue["fields"]["comment"]["comments"]) == len(NAMES)
    notes = hub.people.gitlab("GET", f"issues/{hub.people.gitlab_issue_of('Names')}/notes?per_page=100")
    gitlab = [note["body"] for note in notes if not note["system"] and "/uploads/" in note["body"]]
    assert len(gitlab) == len(NAMES)
    for name in (*jira, *gitlab):
        assert not set(name) & set("\u202e\x00")
    assert not [name for name in jira if len(name) > 255 or "/" in name or "\\" in name]
    assert not [body for body in gitlab if "../" in body or "](javascript:" in body]
