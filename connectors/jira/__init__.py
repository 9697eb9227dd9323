"""Jira: Cloud and Data Center, Software and Service Management, through the `jira` library's session."""
