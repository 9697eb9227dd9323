"""What is wrong with the steps that are taken as clocks run out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from deskbridge.promised import PolicySettings, StepSettings
from deskbridge.words import nearest
from sync.sla.policy import ClockName
from sync.sla.steps import steps

ROLES = ("duty", "triage")
"""Roles that every desk has; the others are rotas of `[duty]` and the stages of customers' `dris`."""


def stepped(
    place: str, policy: PolicySettings, channels: Collection[str], stages: Collection[str] | None
) -> Iterator[str]:
    """Yield what stands against a policy's steps, each line beginning with its place in the file.

    `stages` are those at which somebody is directly responsible for a customer; None if that is not known.
    """
    promised = {ClockName(clock) for targets in policy.targets.values() for clock in targets}
    taken: dict[tuple[str, ClockName], int] = {}
    for number, step in enumerate(policy.steps or ()):
        here = f"{place}.{number}"
        if not (step.channels or step.note or step.assign or step.raise_priority or step.label):
            yield f"{here}: it does nothing; write notify, note, assign, raise_priority or label"
        for channel in step.channels:
            if channel not in channels:
                yield f"{here}.notify: there is no {channel!r} in [notify]{nearest(channel, channels)}"
        if stages is not None:
            yield from _roles(here, step, (*ROLES, *sorted(stages)))
        if "path" in step.model_fields_set and not step.channels:
            yield f"{here}.path: who is told by which channel? write notify too"
        clocks = {ClockName(clock) for clock in step.clocks} or set(ClockName)
        if promised and not promised & clocks:
            yield f"{here}.clocks: it is never taken: the policy promises none of these"
        for name in [one.name for one in steps(step.at)]:
            before = {taken.setdefault((name, clock), number) for clock in sorted(clocks)} - {number}
            if before:
                text = f"{name} is said in step {min(before)} already, for the same clock; put them together"
                yield f"{here}.at: {text}"
                break


def _roles(here: str, step: StepSettings, known: Collection[str]) -> Iterator[str]:
    for part, roles in (("path", step.path if step.channels else ()), ("assign", (step.assign,))):
        for role in roles:
            if role is not None and role not in known:
                text = f"nobody has the role {role!r}{nearest(role, known)}"
                yield f"{here}.{part}: {text} (others are stages of dris)"
