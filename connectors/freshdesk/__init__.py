"""Freshdesk, by its API v2."""
