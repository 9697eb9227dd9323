"""GitLab issues and Service Desk tickets over the REST API, version 4."""
