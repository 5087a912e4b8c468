"""Many callers, few round trips."""
