"""Builders and fakes for tests; nothing else imports this."""
