"""Jira Cloud: issues of Software projects, spoken to through the `jira` library's session."""
