"""What the stores must have before the services start, and development secrets. `access.toml` says who may do what."""
