"""Three fake servers, an independent reading of the vendors' documentation.

The sandbox shares no code with the connectors, in either direction, and is never bent to make a
connector pass: where the two disagree, `docs/sandbox.md` and the vendor's page decide.
"""
