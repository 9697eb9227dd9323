"""The demo: a morning at a support desk between three sandbox servers, synced both ways, then checked."""
