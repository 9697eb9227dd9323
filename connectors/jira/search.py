"""Searches, page after page: by tokens on Cloud, by offsets on Data Center (jira-api 2.1, 2.3)."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import Rejected
from connectors.jira import site_wire
from connectors.jira.client import Client
from connectors.paging import Turning

_PAGE = 1000
"""Issues that a page may have; with more than their ids Jira gives fewer (jira-api 2.1)."""
_BACK = 50
"""Rows to step back at a time until two pages overlap."""
_EXPIRED = "page token"
"""Of Cloud's refusal of a token that was kept for too long."""

Rows = list[site_wire.Row]


class Search:
    """The searches of one connection; every query must be bounded."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def first(self, jql: str, fields: list[str]) -> tuple[Rows, bool]:
        """Return the first page of what a query finds, and whether it is the last one too."""
        page = self._page(jql, fields, None, 0)
        return page.issues, self._ends(page, len(page.issues))

    def pages(self, jql: str, fields: list[str], properties: str | None = None) -> Iterator[Rows]:
        """Yield what a query finds; Jira chooses how long the pages are.

        Where rows move while this walks, one may be passed over. Raises Rejected when it goes in circles.
        """
        token, start, turning = None, 0, self._turning()
        while True:
            page = self._page(jql, fields, token, start, properties)
            turning.page(
                page.next if self._client.site().cloud else tuple(row.id for row in page.issues) or None
            )
            yield page.issues
            start += len(page.issues)
            if self._ends(page, start):
                return
            token = page.next

    def by_key(self, project: str, fields: list[str]) -> Iterator[Rows]:
        """Yield all issues of a project in the order of their keys, in which none ever moves.

        Each once; issues that are removed meanwhile hide no other.
        """
        jql = f"project = {quoted(project)} ORDER BY key ASC"
        if self._client.site().cloud:
            yield from self._resumed(jql, fields)
        else:
            yield from self._overlapping(jql, fields)

    def _resumed(self, jql: str, fields: list[str]) -> Iterator[Rows]:
        """Walk by tokens, from the beginning again when one expired: whoever reads this may be slow."""
        last = begun = 0
        turning = self._turning()
        while True:
            try:
                for rows in self.pages(jql, fields):
                    turning.page()
                    fresh = [row for row in rows if self._number(row) > last]
                    last = max([last, *map(self._number, fresh)])
                    yield fresh
            except Rejected as error:
                if _EXPIRED not in error.text or last == begun:
                    raise
                begun = last
            else:
                return

    def _overlapping(self, jql: str, fields: list[str]) -> Iterator[Rows]:
        """Walk by offsets. Each page begins with a row that is known: else rows before it were removed."""
        start = last = 0
        turning = self._turning()
        while True:
            page = self._page(jql, fields, None, start)
            turning.page()
            rows = page.issues
            if start and (not rows or self._number(rows[0]) > last):
                start = max(0, start - _BACK)
                continue
            fresh = [row for row in rows if self._number(row) > last]
            yield fresh
            if not fresh or self._ends(page, start + len(rows)):
                return
            last, start = self._number(fresh[-1]), start + len(rows) - 1

    def _page(
        self, jql: str, fields: list[str], token: str | None, start: int, properties: str | None = None
    ) -> site_wire.Page:
        jira = self._client.jira
        if self._client.site().cloud:
            answer = jira.enhanced_search_issues(
                jql, token, _PAGE, fields=list(fields), properties=properties, json_result=True
            )
            return self._client.parse(site_wire.Page, answer, "GET search/jql")
        answer = jira.search_issues(jql, start, _PAGE, fields=list(fields), json_result=True)
        return self._client.parse(site_wire.Page, answer, "GET search")

    def _turning(self) -> Turning:
        cloud = self._client.site().cloud
        call, by = ("search/jql", "nextPageToken") if cloud else ("search", "startAt")
        return self._client.turning(f"GET {call}", by, walk=True)

    def _ends(self, page: site_wire.Page, read: int) -> bool:
        if self._client.site().cloud:
            return page.last or page.next is None
        return not page.issues or read >= (page.total or 0)

    def _number(self, row: site_wire.Row) -> int:
        number = row.key.rpartition("-")[2]
        if not (number.isascii() and number.isdecimal() and len(number) < 19):
            raise self._odd("the answer has an issue without a key")
        return int(number)

    def _odd(self, text: str) -> Rejected:
        return Rejected(self._client.http.connection, "GET search", text)


def quoted(text: str) -> str:
    """Return a text as JQL's string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
