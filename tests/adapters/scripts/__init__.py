"""The dialplan's scripts, called over real sockets with a real database."""
