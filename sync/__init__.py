"""Floor 3: what should be the same everywhere, decided and applied. Names no system."""
