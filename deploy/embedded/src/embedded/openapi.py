"""`python -m embedded.openapi FOLDER`: the services' OpenAPI documents as files, without running anything.

The page's types are made from them.
"""

import json
import sys
import tempfile
from pathlib import Path

from embedded.secret_file import load_or_create
from embedded.services import PRODUCT
from embedded.stores import StoreAddresses
from embedded.surroundings import Surroundings

_NOWHERE = "127.0.0.1:9"


def write_documents(folder: Path) -> None:
    """Write one document for each service."""
    folder.mkdir(parents=True, exist_ok=True)
    stores = StoreAddresses(_NOWHERE, f"mongodb://{_NOWHERE}", f"http://{_NOWHERE}", "none", "none")
    with tempfile.TemporaryDirectory() as temporary:
        secrets = load_or_create(Path(temporary))
    environment = Surroundings(stores, secrets, 9, "ERROR").environment(9, {})
    for service in PRODUCT.services:
        document = service.create_app(environment).openapi()
        (folder / f"{service.name}.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write_documents(Path(sys.argv[1]))
