"""A fake Jira Cloud site with one company-managed software project."""
