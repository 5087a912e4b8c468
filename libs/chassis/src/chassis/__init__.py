"""What every service does and no user knows about."""
