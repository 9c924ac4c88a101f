"""Keyset cursors: where a list goes on, signed, and good only for the list and the person they were made for."""

from datetime import UTC, datetime
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import SecretStr

from shared.http.problems import Problem


class Keyset(NamedTuple):
    """The last item shown: newest first, ids break ties."""

    created_at: datetime
    id: str


class Cursors:
    """Makes and reads cursors."""

    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret.get_secret_value()

    def seal(self, scope: str, position: Keyset) -> str:
        """Make the cursor of `position` for `scope` (the list, its filter and its reader)."""
        microseconds = int(position.created_at.timestamp() * 1_000_000)
        return str(self._serializer(scope).dumps([microseconds, position.id]))

    def open(self, scope: str, cursor: str | None) -> Keyset | None:
        """Read a cursor made for `scope`; None stays None.

        Raises:
            Problem: 422 `cursor_invalid` for one that was tampered with or belongs to another list.
        """
        if cursor is None:
            return None
        try:
            microseconds, item = self._serializer(scope).loads(cursor)
        except (BadSignature, ValueError, TypeError):
            raise Problem(
                422, "cursor_invalid", "The cursor isn't one that this list gave; start without one."
            ) from None
        return Keyset(datetime.fromtimestamp(microseconds / 1_000_000, UTC), str(item))

    def _serializer(self, scope: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=scope)
