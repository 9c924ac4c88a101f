"""What the services of Private Generations must agree on; each module has one job."""
