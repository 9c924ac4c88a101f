"""`python stub_embedded.py`: the real command over stub services."""

from embedded.cli import create_cli
from embedded.services import Catalogue, Service, Worker

STUBS = Catalogue(
    services=(
        Service("entitlement", "stub_service", has_truth=True),
        Service("gallery", "stub_service", has_truth=True),
        Service("download", "stub_service"),
        Service("generation", "stub_service"),
    ),
    worker=Worker("generation-worker", "stub_service"),
)

if __name__ == "__main__":
    create_cli(STUBS)()
