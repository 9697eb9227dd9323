"""Who looks at what, when."""
