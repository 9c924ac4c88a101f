"""Download service."""
