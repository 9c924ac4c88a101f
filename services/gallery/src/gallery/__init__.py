"""Gallery service."""
