"""The one way in which JSON is answered: never stored by a cache."""

from fastapi import Response
from pydantic import BaseModel


def json_answer(body: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer `body` as JSON by its serialisation names."""
    return Response(
        body.model_dump_json(by_alias=True),
        status,
        headers={"Cache-Control": "private, no-store", **(headers or {})},
        media_type="application/json",
    )
