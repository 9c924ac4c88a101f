"""`python -m provisioning.development_secrets FOLDER [PRINCIPAL]`: make secrets that aren't there yet.

Nothing but the standard library, so that a machine with Docker and Python needs no more. With a principal its own
secrets are made anew: run the set-up jobs and restart it then. The folder itself is its owner's only; the files in it
can be read by anybody who gets there, because in a container that is a user of another number.
"""

import base64
import json
import secrets
import sys
from pathlib import Path

from provisioning.access import load_table

_MONGO_KEY_BYTES = 756


def make(folder: Path, anew: str | None = None) -> list[str]:
    """Make what is missing, and what is asked for anew; give the names of the files that were written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    written: list[str] = []

    def keep(name: str, value: str) -> str:
        path = folder / name
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(value)
            path.chmod(0o444)
            written.append(name)
        return path.read_text()

    users = {}
    for access in load_table():

        def own(name: str, value: str, principal: str = access.name) -> str:
            path = folder / "principals" / principal / name
            if principal == anew and path.exists():
                path.unlink()
            return keep(f"principals/{principal}/{name}", value)

        own("kafka_password", secrets.token_hex(24))
        own("mongo_password", secrets.token_hex(24))
        keep(f"principals/{access.name}/cursor_secret", secrets.token_hex(32))  # lists that are being read depend on it
        if access.objects:
            secret = own("s3_secret_key", secrets.token_hex(24))
            keep(f"principals/{access.name}/s3_access_key", access.name)
            users[access.name] = {"access": access.name, "secret": secret, "role": "user"}

    # The administrators' secrets, each for its store and for the job that sets that store up.
    for setting, store_file in (
        ("kafka-setup/kafka_password", "kafka/admin_password"),
        ("mongo-setup/mongo_password", "mongo/admin_password"),
        ("s3-setup/s3_secret_key", "s3-root/s3_secret_key"),
    ):
        keep(store_file, keep(setting, secrets.token_hex(24)))
    keep("s3-setup/s3_access_key", "root")
    keep("mongo-key/mongo_key", base64.b64encode(secrets.token_bytes(_MONGO_KEY_BYTES)).decode())
    keep("issuer/issuer_seed", secrets.token_hex(32))
    _keep_users(folder / "s3" / "users.json", users, written)
    return written


def _keep_users(path: Path, users: dict[str, dict[str, str]], written: list[str]) -> None:
    text = json.dumps({"accessAccounts": users})
    path.parent.mkdir(mode=0o755, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o444)
        written.append("s3/users.json")


def main(arguments: list[str]) -> None:
    """Make them, and say which; never what they are."""
    if not 1 <= len(arguments) <= 2:  # noqa: PLR2004
        sys.exit("usage: python -m provisioning.development_secrets FOLDER [PRINCIPAL]")
    names = {access.name for access in load_table()}
    if len(arguments) > 1 and arguments[1] not in names:
        sys.exit(f"no principal is called {arguments[1]}: {', '.join(sorted(names))}")
    written = make(Path(arguments[0]), arguments[1] if len(arguments) > 1 else None)
    print(f"{len(written)} secrets made in {arguments[0]}" if written else "every secret is there already")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
