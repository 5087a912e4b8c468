"""What a text may contain and how it is stored, the same under every Python."""
