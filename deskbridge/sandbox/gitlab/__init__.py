"""A fake GitLab: issues, notes, quick actions, Service Desk, labels, boards and uploads of one instance."""
