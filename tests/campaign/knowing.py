"""How people know which issue stands for which ticket: by the words that its description begins with."""

from __future__ import annotations

from typing import Any

from tests.campaign.ledger import DESCRIPTION, TOKEN, Ledger, Side


def key_of(tool: str, issue: dict[str, Any]) -> str:
    """Return what an issue is called in the ledger, and by the hub."""
    return str(issue["id"]) if tool == "jira" else f"{issue['project_id']}:{issue['iid']}"


def text_of(tool: str, issue: dict[str, Any]) -> str:
    """Return an issue's description."""
    text = issue["fields"]["description"] if tool == "jira" else issue["description"]
    return str(text or "")


def described_by(ledger: Ledger, tool: str, issue: dict[str, Any]) -> Side | None:
    """Return the ticket whose description an issue has, if any."""
    found = TOKEN.search(text_of(tool, issue))
    if found is None:
        return None
    for said in ledger.said:
        if said.id == DESCRIPTION and found[0] in (said.token, *said.earlier):
            return said.side
    return None


def found_side(ledger: Ledger, tool: str, issue: dict[str, Any]) -> None:
    """Take in an issue that somebody sees: a side of the ticket whose description it has."""
    key = key_of(tool, issue)
    known = any(
        side.key == key for bundle in ledger.bundles for side in bundle.works.values() if side.tool == tool
    ) or any((p.side.tool, p.side.key) == (tool, key) for p in ledger.parted)
    whose = described_by(ledger, tool, issue)
    if known or whose is None:
        return
    bundle = ledger.bundle_of(whose)
    if tool not in bundle.works or bundle.works[tool].unheard:
        bundle.works[tool] = Side(tool, key, made_for=whose)
