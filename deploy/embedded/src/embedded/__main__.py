"""`python -m embedded`, which `make run` calls."""

from embedded.cli import create_cli
from embedded.services import PRODUCT

if __name__ == "__main__":
    create_cli(PRODUCT)()
