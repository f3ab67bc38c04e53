"""The origin: playlists with blocking reload and the live edge's bytes (uvicorn). Uses no database."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from transcode.origin import create_application

application = create_application()
