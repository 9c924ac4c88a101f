"""`python -m download`: serve download with settings from the environment."""

from download.app import create_app
from download.settings import Settings
from shared.serve import serve
from shared.settings import load

if __name__ == "__main__":
    settings = load(Settings)
    serve(create_app(settings), "download", settings)
