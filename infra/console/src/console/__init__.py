"""One page: create a user, watch it pass each stop, and see how the system is."""
