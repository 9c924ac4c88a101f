"""Plays every service: the supervisor doesn't care what it supervises."""
