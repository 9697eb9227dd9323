"""`python -m tests.campaign`: play seeds, say which fail, and tell their stories."""

from __future__ import annotations

import argparse
import sys
import time

from tests.campaign.campaign import Campaign, Size, Verdict
from tests.campaign.planted import PLANTED

_LONGEST = 80


def main() -> int:
    """Play the seeds that were asked for; return 1 if one fails, or if none finds a planted mistake."""
    parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--planted", default="", choices=["", "all", *PLANTED])
    parser.add_argument("--acts", type=int, default=Size.acts)
    given = parser.parse_args()
    size = Size.of(given.acts)
    seeds = range(given.first, given.first + given.seeds)
    with Campaign.running() as campaign:
        if given.planted:
            names = list(PLANTED) if given.planted == "all" else [given.planted]
            sound: dict[int, bool] = {}
            return int(not all(_found(campaign, seeds, size, name, sound) for name in names))
        return int(bool([seed for seed in seeds if not _passes(campaign, seed, size)]))


def _passes(campaign: Campaign, seed: int, size: Size) -> bool:
    began = time.monotonic()
    verdict = campaign.seed(seed, size)
    say(
        f"seed {seed}: {'FAILS' if verdict.faults else 'passes'}: {verdict.ledger.acts} acts, "
        f"{len(list(verdict.ledger.tickets()))} tickets, {verdict.kills} kills, {verdict.struck} faults in "
        f"{verdict.calls} calls, {time.monotonic() - began:.1f} s, tape {verdict.tape[:8]}"
    )
    tell(verdict)
    return not verdict.faults


def _found(campaign: Campaign, seeds: range, size: Size, name: str, sound: dict[int, bool]) -> bool:
    """Play seeds until one fails with a mistake in the hub that passes without.

    `sound` remembers which seeds pass without.
    """
    for seed in seeds:
        if not sound.get(seed, True):
            continue
        faults = campaign.seed(seed, size, name).faults
        if faults and seed not in sound:
            sound[seed] = not campaign.seed(seed, size).faults
        if faults and sound[seed]:
            say(f"| `{name}` | {seed} | {faults[0].check} | {faults[0].what} |")
            return True
    say(f"| `{name}` | not found in {len(seeds)} seeds | | |")
    return False


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
