"""The hub's answers to programs, described by the models that check and make them."""
