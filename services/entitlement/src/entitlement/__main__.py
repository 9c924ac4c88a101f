"""`python -m entitlement`: serve entitlement with settings from the environment."""

from entitlement.app import create_app
from entitlement.settings import Settings
from shared.serve import serve
from shared.settings import load

if __name__ == "__main__":
    settings = load(Settings)
    serve(create_app(settings), "entitlement", settings)
