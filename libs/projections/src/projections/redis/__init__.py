"""Views in Redis: written, rebuilt beside each other, and audited."""
