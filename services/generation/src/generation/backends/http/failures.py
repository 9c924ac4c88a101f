"""What can go wrong with a provider, in the words its owner reads. No sentence holds anything of the request."""

from generation.backends.port import RenderFailed


class TransientFailure(RenderFailed):
    """Worth another try: the provider is busy, failing, or can't be reached."""

    def __init__(self, code: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s
        """What the provider asked to wait, if it did."""


def unreachable() -> TransientFailure:
    """No connection, or one that broke."""
    return TransientFailure("provider_unreachable", "The image provider could not be reached.")


def busy(retry_after_s: float | None) -> TransientFailure:
    """429."""
    return TransientFailure("provider_busy", "The image provider has too much to do.", retry_after_s)


def unavailable(retry_after_s: float | None) -> TransientFailure:
    """5xx."""
    return TransientFailure("provider_unavailable", "The image provider is not working at the moment.", retry_after_s)


def too_slow() -> RenderFailed:
    """A time-out. Not repeated: the time is used up, and the provider may have begun (and billed) the picture."""
    return RenderFailed("provider_too_slow", "The image provider took too long.")


def misconfigured(status: int) -> RenderFailed:
    """401, 403, 404 and the like: only an operator can mend that."""
    return RenderFailed(
        "provider_misconfigured",
        f"The image provider does not accept this service's requests (status {status}): a task for the operator.",
    )


def unusable() -> RenderFailed:
    """An answer that isn't one, or a picture that isn't one."""
    return RenderFailed("provider_answer_unusable", "The image provider's answer was not a usable picture.")
