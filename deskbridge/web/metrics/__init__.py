"""Figures for a monitor (Prometheus): how much waits, what was done, how the tools answer."""
