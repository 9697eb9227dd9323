"""`python -m tests.campaign`: play seeds, say which fail, and tell their stories."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.campaign.campaign import Size, Verdict
from tests.campaign.planted import PLANTED
from tests.campaign.playing import Played, Players

_LONGEST = 80


def main() -> int:
    """Play the seeds that were asked for; return 1 if one fails, or if none finds a planted mistake."""
    parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--planted", default="", help="a mistake, several with commas between, or all")
    parser.add_argument("--acts", type=int, default=Size.acts)
    parser.add_argument("--jobs", type=int, default=1, help="how many seeds are played at once")
    parser.add_argument("--tape", default="", help="a file for what the hub did in the last seed")
    parser.add_argument(
        "--workers", type=int, choices=range(1, 9), default=1, help="2 to 8: at once, on PostgreSQL"
    )
    given = parser.parse_args()
    names = list(PLANTED) if given.planted == "all" else [n for n in given.planted.split(",") if n]
    if strange := sorted(set(names) - PLANTED.keys()):
        parser.error(f"no mistake is called {', '.join(strange)}; there is {', '.join(PLANTED)}")
    seeds = range(given.first, given.first + given.seeds)
    with Players.running(given.jobs, Size.of(given.acts), given.workers) as players:
        if names:
            return int(not _all_caught(players, names, seeds, given.jobs))
        played = [players.play(seed) for seed in seeds]
        return int(bool([seed for future in played if (seed := _failed(future.result(), given.tape))]))


def _failed(played: Played, tape: str) -> int:
    """Say what came of a seed; return its number if it failed, else 0."""
    verdict = played.verdict
    taken = f", {verdict.freed} tickets taken over" if verdict.freed else ""
    say(
        f"seed {verdict.seed}: {'FAILS' if verdict.faults else 'passes'}: {verdict.ledger.acts} acts, "
        f"{len(list(verdict.ledger.tickets()))} tickets, {verdict.kills} kills, {verdict.struck} faults in "
        f"{verdict.calls} calls{taken}, {played.seconds:.1f} s, tape {verdict.digest[:8]}"
    )
    tell(verdict)
    if tape:
        Path(tape).write_text(verdict.tape, "utf-8")
    return verdict.seed if verdict.faults else 0


def _all_caught(players: Players, names: list[str], seeds: range, jobs: int) -> bool:
    """Search for each mistake, several at once; say in which seed it was caught, and by which check."""
    say("| mistake | caught at seed | after | by | what the judge says first |")
    say("|---|---|---|---|---|")
    missed = 0
    with ThreadPoolExecutor(jobs) as threads:
        found = {name: threads.submit(players.catch, name, seeds) for name in names}
        for name, future in found.items():
            if (caught := future.result()) is None:
                missed += 1
                say(f"| `{name}` | not caught in {len(seeds)} seeds | | | |")
                continue
            checks = ", ".join(f"`{check}`" for check in caught.checks)
            say(f"| `{name}` | {caught.seed} | {caught.seconds:.0f} s | {checks} | {caught.what} |")
    return not missed


def tell(verdict: Verdict) -> None:
    """Say what is wrong, and what people did to the tickets that it is wrong with."""
    for fault in verdict.faults:
        say(f"  {fault.check}: ticket {fault.ticket}: {fault.what}")
    numbers = {fault.ticket for fault in verdict.faults}
    for _, ticket in verdict.ledger.tickets():
        if ticket.number in sorted(numbers)[:3]:
            say(f"  the story of ticket {ticket.number} ({ticket.customer}):")
            for line in ticket.story[-_LONGEST:]:
                say(f"    {line[:160]}")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
