"""deskbridge keeps one conversation whole across Freshdesk, Jira and GitLab issues."""

__version__ = "0.1.0"
