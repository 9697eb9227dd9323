"""The uncertain or changeable facts of a real site, to be tried both ways."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """All switches, as they stand at first."""

    index_lag: float = 0.0
    """Seconds until the search index shows a write."""
    index_flicker: float = 0.0
    """Seconds after which a write that the index already showed vanishes for as long once more."""
    unknown_jql: str = "empty"
    """``empty``: a query with an unknown name finds nothing; ``refuse``: 400 (reference, 2.1)."""
    adf_measure: str = "json"
    """Whether a document's length is that of its ``json`` or of its ``text`` (reference, 5)."""
    comment_page: int = 100
    """Longest page of comments; it was 5000 in 2024 (reference, 5)."""
    search_page: int = 100
    """Longest page of a search that asks for more than ids."""
    changelog_inline: int = 100
    """Most changes inside an issue; notes speak of 40 too (reference, 2.1)."""
    upload_limit: int = 1 << 30
    media_seconds: float = 600.0
    """Life of a signed file address."""
    temporary_seconds: float = 3600.0
    """Life of a file that was uploaded but not put on a request."""
    points_per_hour: int = 0
    """Size of the hourly pool of points; 0: token traffic is exempt (reference, 1.3)."""
    dc_limits: bool = False
    """Whether Data Center counts calls (reference, 1.4: off by default)."""
    basic_auth: bool = True
    """Whether Data Center takes a password by Basic; an administrator can say no."""
    dc_longest_page: int = 1000
    """Data Center's ceiling for a page of a search."""
    dc_webhook_identity: bool = False
    """Whether Data Center's webhooks have an identifier, a signature and retries (10.x)."""
    classic_on_gateway: bool = True
    """Whether the gateway takes a token without scopes too."""
    comment_updates_issue: bool = False
    """Whether a comment also sends ``jira:issue_updated`` (reference, 9.4: sources disagree)."""
    changelog_id_text: bool = False
    """Whether a webhook's changelog id is a string (reference, 9.4: seen as both)."""
    customer_mails: bool = True
    """Whether service projects write to customers; only the web page can turn it off."""
    desk_automation: bool = True
    """Whether a public reply moves a request between waiting for support and for the customer."""
    invite_mails: bool = True
    """Whether somebody made a customer gets an invitation."""
    public_flag_by_put: bool = True
    """Whether rewriting ``sd.public.comment`` turns a comment public or internal (reference, 5)."""
    sla_calendar: str = "9-5"
    """When service level clocks run: ``9-5`` on weekdays in UTC, or ``24x7``."""
    task_seconds: float = 2.0
    """How long a bulk operation stays ``RUNNING`` for those who ask."""
    private_boards: bool = True
    """Whether the private addresses that arrange a board's columns answer (reference, 7.1)."""
    enterprise: bool = False
    """Whether the site has what only the Enterprise edition has."""
    time_tracking: bool = True
    query_finds_account_ids: bool = True
    """Whether Cloud's searches for people by words find account ids too (libraries rely on it)."""
    bulk_created_number: bool = True
    """Whether instants in bulk-fetched changes are numbers (reference, 4.4: in some versions)."""
