"""The live picture in the terminal, and the summary at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from deskbridge.demo.checks import Check, Tools
from deskbridge.report import described, outcome_line
from mappings.ticket import Ref
from sync.outcome import Reconciled

_SHOWN = 12


class Picture:
    """Shows what the hub does as it does it: a live panel on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._lines: list[str] = []
        self._written: Counter[str] = Counter()
        self._title = ""

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Keep the panel on the screen while the block runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(self._panel(), console=self._console, refresh_per_second=12) as live:
            self._live = live
            yield
        self._live = None

    def stage(self, title: str) -> None:
        """Say what happens next."""
        self._title = title
        if self._live:
            self._live.update(self._panel())
        else:
            self._console.print(title, style="bold")

    def looked_at(self, result: Reconciled, refs: Iterable[Ref]) -> None:
        """Show what came of one ticket, whose sides are `refs` by now."""
        line = outcome_line(result, refs)
        for write in result.plan.writes:
            self._written[write.target] += 1
            self._lines.append(described(write))
        if not result.plan.writes:
            self._lines.append(line)
        if self._live:
            self._live.update(self._panel())
        else:
            self._console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)

    def _panel(self) -> Panel:
        counted = "   ".join(f"{side} [bold]{n}[/] written" for side, n in sorted(self._written.items()))
        width = max(20, self._console.width - 6)
        lines = [
            escape(line if len(line) <= width else f"{line[: width - 1]}…") for line in self._lines[-_SHOWN:]
        ]
        return Panel(Group(counted or "nothing written yet", "", *lines), title=escape(self._title))


def table_of(tools: Tools) -> Table:
    """Return how much stands on each side."""
    table = Table(title="What stands in the tools")
    for name in ("side", "tickets", "texts", "files"):
        table.add_column(name, justify="left" if name == "side" else "right")
    for side in ("freshdesk", "jira", "gitlab"):
        table.add_row(side, *(str(number) for number in tools.counts(side)))
    return table


def table_of_mails(tools: Tools) -> Table:
    """Return which mails customers got, and who caused them."""
    table = Table(title="Mails to customers")
    for name in ("system", "cause", "by", "mails"):
        table.add_column(name, justify="right" if name == "mails" else "left")
    mails = Counter((m["system"], m["cause"], m["actor"]) for m in tools.mails if m["customer"])
    for (system, cause, actor), number in sorted(mails.items()):
        table.add_row(system, cause, escape(actor), str(number))
    return table


def lines_of(checks: Iterable[Check]) -> Iterator[str]:
    """Yield a line for each check, and one for each fault."""
    for check in checks:
        found = f" ({check.found})" if check.found else ""
        yield f"{'FAILED' if check.faults else '    ok'}  {check.name}{found}"
        yield from (f"          {fault}" for fault in check.faults)


def links_of(story: Mapping[str, int], env: Mapping[str, str], tools: Tools) -> Iterator[str]:
    """Yield where to look around."""
    subject = next(iter(story))
    yield f"the desk      {env['FRESHDESK_URL']}/a/tickets/{story[subject]}"
    for issue in list(tools.tickets["jira"].values())[:2]:
        yield f"Jira          {env['JIRA_URL']}/browse/{issue['key']}"
    for issue in list(tools.tickets["gitlab"].values())[:2]:
        yield f"GitLab        {issue['web_url']}"
    yield f"mails         {env['SANDBOX_CONTROL_URL']}/outbox.html"
    yield f"everything    {env['SANDBOX_CONTROL_URL']}/"
