"""The secrets of one data folder: made once, kept readable by their owner only."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedded.errors import DataDirError

FILE = "secrets.json"


class Secrets(BaseModel):
    """What must stay the same from run to run: stored objects, lists' cursors and tokens depend on it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    s3_access_key: str = Field(min_length=16, repr=False)
    s3_secret_key: str = Field(min_length=32, repr=False)
    cursor_secret: str = Field(min_length=32, repr=False)
    issuer_private_key: str = Field(repr=False, pattern="^-----BEGIN PRIVATE KEY-----")
    """ES256, PKCS #8 in PEM."""


def load_or_create(folder: Path) -> Secrets:
    """Read the secrets of `folder`, or make them.

    Raises:
        DataDirError: the file is broken.
        OSError: it can't be read or written.
    """
    path = folder / FILE
    if path.exists():
        try:
            return Secrets.model_validate_json(path.read_bytes())
        except ValidationError:
            raise DataDirError(f"{path} is broken: put it back from a backup, or choose another DATA_DIR.") from None
    made = _create()
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(made.model_dump_json())
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    return made


def _create() -> Secrets:
    key = ec.generate_private_key(ec.SECP256R1())
    return Secrets(
        s3_access_key=secrets.token_hex(10),
        s3_secret_key=secrets.token_hex(20),
        cursor_secret=secrets.token_hex(32),
        issuer_private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )
