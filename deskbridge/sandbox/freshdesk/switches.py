"""What the documentation leaves open, and what an account's admin may turn off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """The facts that the documentation leaves open, and what an account's admin may turn off."""

    hub_admin: bool = True
    """Whether the hub's own key belongs to an admin."""
    due_delay: float = 3.0
    """Seconds until due times are filled or changed (reference 4.6)."""
    due_fill_bumps: bool = False
    edits_bump: bool = False
    """Whether an edited or deleted conversation bumps the ticket's `updated_at` (4.9: unknown)."""
    notify_new_ticket: bool = True
    notify_cc: bool = True
    notify_resolved: bool = True
    notify_closed: bool = True
    notify_public_note: bool = True
    notify_agents: bool = True
    reopen_on_reply: bool = True
    """The shipped rule that opens a ticket again when its customer writes (5.2)."""
    mute_covers_resolved: bool = True
    """Whether `skip_close_notification` also stops the mail of resolving (4.5: it speaks of closing)."""
    no_subject: str = ""
    """The subject of a ticket that a mail without one makes (the documentation's own sample has "")."""
    assume_identity: bool = True
    """Whether an agent may post as somebody else (5.3)."""
    multiple_companies: bool = True
    include_sla_policy: bool = False
    """Whether `include=sla_policy` still works (4.1: weak evidence)."""
    conversations_cost: int = 1
    """Credits of `include=conversations` on a ticket (2: 1 or 2)."""
    search_delay: float = 60.0
    """Seconds until the search index knows of a new ticket (3.4)."""
    search_lags_changes: bool = True
    """Whether changes of known records reach the index late as well (3.4)."""
    presign_seconds: int = 300
    job_seconds: float = 1.0
    sla_job_seconds: float = 300.0
    """How often the job that marks breaches runs (4.6: seen 1-12 minutes late)."""
    bulk_status: int = 202
    """The status code of an accepted bulk call (1.2: 200 or 202)."""
    nested_choices_as_array: bool = False
    """Whether dependent fields show their choices as documented (6.5: real accounts differ)."""
    all_rules: bool = True
    """Whether all matching automation rules run on one change, or the first only (6.16)."""
    webhook_escapes: bool = False
    """Whether placeholders in a webhook's own text are escaped for JSON (6.16: not reliably)."""
    webhooks_per_hour: int = 1000
    surveys: bool = True
    """Whether the plan has satisfaction surveys; else 403 (6.10)."""
    shared_ownership: bool = False
    """Whether tickets have an internal agent and group (4.1)."""
    collaborators: bool = False
    sla_minimum: int = 60
    """The shortest SLA target in seconds (6.8: 900 as documented, 300 in the same page's sample)."""
    due_after_end: bool = True
    """Whether a resolved or closed ticket takes due times (4.6: not documented)."""
    hours_as_documented: bool = False
    """Whether business hours read "08:00:00 am" instead of "8:00 am" (6.7)."""
    archive_days: int = 120
    """Days after which a closed ticket without activity is archived; 0 is never (4.8)."""
    seats: int = 50
    """How many agents the account may have."""
    activities_export: bool = True
    """Whether the admin has switched the daily export of ticket activities on (6.22)."""
    search_ignores_case: bool = False
    """Whether a search compares texts without regard to case."""
