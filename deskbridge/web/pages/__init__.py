"""What people look at: pages made on the server from the store alone. No tool is asked for a page."""
