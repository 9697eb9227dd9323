"""What a ticket's clocks call for at an instant: steps to take, steps to take back, labels to carry. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sync.sla.clock import Clock
from sync.sla.cycle import ClockState
from sync.sla.escalation import Key, Round, Taken, escalated, next_step, withdrawn
from sync.sla.facts import Facts
from sync.sla.policy import ClockName, Policy, Rulebook
from sync.sla.steps import Action, Mark, Raise, Step


@dataclass(frozen=True, slots=True)
class Called:
    """What is called for, beside what was done before."""

    at: datetime
    steps: tuple[Step, ...]
    round: Round
    taken: tuple[Taken, ...]
    """What is on record of the ticket."""
    withdrawn: tuple[Taken, ...]
    """Steps that were taken, and that would not have been if everything had been known then."""
    labels: frozenset[str]
    """The labels that the ticket is to carry."""
    owner: str | None
    """Whose ticket it is, as people call them."""
    next: datetime | None
    """When a step comes due though nobody does anything."""
    policies: Mapping[ClockName, str]
    """By which policy each clock was promised last."""
    duty: str = ""
    """Who is on duty, as people call them; empty where the settings have no rota."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role -> who has it now, as people call them."""

    def actions(self, key: Key) -> Iterator[Action]:
        """Yield what a step does, by the policy that its clock is promised by."""
        policy = self.policies.get(key.clock, "")
        mine = (step for step in self.steps if step.name == key.step and step.concerns(key.clock, policy))
        return (action for step in mine for action in step.actions)

    def without_raises(self, until: datetime) -> Called:
        """Return the same, none of the steps that came due until an instant raising the priority."""
        due = (
            replace(one, actions=tuple(a for a in one.actions if not isinstance(a, Raise)))
            if one.since <= until
            else one
            for one in self.round.due
        )
        return replace(self, round=replace(self.round, due=tuple(due)))

    @property
    def raises(self) -> bool:
        """Whether a step that is due raises the priority."""
        return any(isinstance(action, Raise) for one in self.round.due for action in one.actions)

    @property
    def marks(self) -> frozenset[str]:
        """Every label that a step may set: those that are not called for are taken away."""
        return frozenset(a.label for step in self.steps for a in step.actions if isinstance(a, Mark))


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket as its clocks know it."""

    name: str
    """What the keys of its steps call it."""
    facts: Facts
    rules: Policy | Rulebook
    clocks: tuple[Clock, ...]
    owner: str | None


def called(story: Story, steps: Sequence[Step], taken: Collection[Taken], at: datetime) -> Called | None:
    """Return what a ticket's clocks call for, or None where no step was ever agreed or taken."""
    if not steps and not taken:
        return None
    due = escalated(story.name, story.clocks, steps, taken, at)
    back = withdrawn(story.name, story.facts, story.rules, steps, taken) if taken else ()
    standing = [one for one in taken if one not in back]
    return Called(
        at=at,
        steps=tuple(steps),
        round=due,
        taken=tuple(taken),
        withdrawn=back,
        labels=_labels(story.clocks, steps, [*_names(standing), *(one.key for one in due.due)]),
        owner=story.owner,
        next=next_step(story.clocks, steps, at),
        policies={clock.name: clock.cycles[-1].policy for clock in story.clocks if clock.cycles},
    )


def _names(taken: Iterable[Taken]) -> Iterator[tuple[str, ClockName, str, str]]:
    return (one.key for one in taken if not (one.missed or one.withdrawn))


def _labels(
    asked: Iterable[Clock], steps: Sequence[Step], keys: Iterable[tuple[str, ClockName, str, str]]
) -> frozenset[str]:
    """Return the labels of the steps of cycles that go on; of one scope (``sla::``) only the highest's."""
    live = {
        (clock.name, clock.cycle.fact): clock.cycle.policy
        for clock in asked
        if clock.cycle and clock.state in _LIVE and not clock.cycle.amendment
    }
    reached = [(name, clock, live[clock, cycle]) for _, clock, cycle, name in keys if (clock, cycle) in live]
    found: dict[str, tuple[tuple[float, timedelta], str]] = {}
    for step in (s for s in steps if any(s.name == n and s.concerns(c, p) for n, c, p in reached)):
        for action in step.actions:
            if isinstance(action, Mark):
                scope = action.label.rpartition("::")[0] or action.label
                found[scope] = max(found.get(scope, (step.rank, action.label)), (step.rank, action.label))
    return frozenset(label for _, label in found.values())


_LIVE = (ClockState.RUNNING, ClockState.PAUSED)
