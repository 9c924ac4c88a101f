"""The development issuer as a process of its own: signs anybody in as anybody, so it runs only when switched on."""

import hashlib
import logging

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import Field, SecretStr

from embedded.issuer import DevelopmentIssuer, create_issuer_app
from shared.settings import EnvironmentSettings

log = logging.getLogger(__name__)


class IssuerSettings(EnvironmentSettings):
    """Where to listen, and what the key is made of: the same seed gives the same key after a restart."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    issuer_seed: SecretStr = Field(min_length=32, description="what the signing key is made of")


def private_key(seed: str) -> str:
    """Give the ES256 key that `seed` makes, in PEM."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()) % (1 << 255) + 1
    key = ec.derive_private_key(number, ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def run(settings: IssuerSettings) -> None:
    """Serve it until SIGTERM."""
    log.warning("the development issuer is on: whoever reaches it can sign in as anybody")
    app = create_issuer_app(DevelopmentIssuer(private_key(settings.issuer_seed.get_secret_value())))
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
