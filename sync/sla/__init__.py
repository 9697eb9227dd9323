"""Calendars, facts, policies and clocks. Pure: `at` is an argument, nothing here reads the time."""
