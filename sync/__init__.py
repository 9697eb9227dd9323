"""Floor 3: the reconciler. It names no system; what differs between systems is a capability."""
