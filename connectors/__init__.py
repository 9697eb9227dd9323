"""Floor 2: one system each. They know the wire, not each other, and not the sync."""
