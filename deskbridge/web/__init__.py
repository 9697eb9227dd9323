"""What the hub answers over HTTP: webhooks, and whether it is well."""
