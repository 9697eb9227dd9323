"""A fake Freshdesk account (API v2), read from the vendor's documentation alone."""
