"""Floor 1: the canonical model and the words. Pure; imports nothing of ours."""
