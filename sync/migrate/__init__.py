"""Migration: the same reconcile with one side absent, in a loop with a checkpoint."""
