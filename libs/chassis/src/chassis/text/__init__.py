"""What a text may contain, how it is stored and how it is searched, the same under every Python."""
