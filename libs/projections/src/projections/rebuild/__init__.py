"""Another generation of a view is built beside the one that serves."""
