"""The guarantee as a state machine over the real parts: what hypothesis tries instead of a campaign."""
