"""The revisions of the store's tables, in the order in which they were made; none is changed afterwards."""
