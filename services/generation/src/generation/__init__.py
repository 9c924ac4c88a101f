"""Generation service."""
