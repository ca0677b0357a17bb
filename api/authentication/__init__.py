"""Who sends a request, and whether a browser was tricked into sending it."""
