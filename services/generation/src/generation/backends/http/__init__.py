"""Pictures from a provider that speaks the OpenAI images API, over HTTP."""

from generation.backends.http.backend import HttpBackend

__all__ = ["HttpBackend"]
