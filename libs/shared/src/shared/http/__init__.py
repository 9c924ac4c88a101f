"""What the services' HTTP APIs have in common."""
