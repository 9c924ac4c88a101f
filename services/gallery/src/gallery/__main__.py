"""`python -m gallery`: serve gallery with settings from the environment."""

from gallery.app import create_app
from gallery.settings import Settings
from shared.serve import serve
from shared.settings import load

if __name__ == "__main__":
    settings = load(Settings)
    serve(create_app(settings), "gallery", settings)
