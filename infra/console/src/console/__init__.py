"""Web page to create a user, follow its event through the system, and see the system's status."""
