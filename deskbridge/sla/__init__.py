"""What is told of promises from the store: what runs out next, statements, amendments, duty."""
