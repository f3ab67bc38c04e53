"""The chat gateway: `uvicorn config.asgi_chat:application --ws chat.uvicorn_protocol:RawWebSocketProtocol`.

Origin, session and token are checked by the consumer itself (chat/handshake.py, chat/directory.py) instead of Channels'
middleware: anonymous readers then cost no query, and a database that is away costs them nothing either.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402

from chat.lifespan import lifespan  # noqa: E402
from chat.routing import http_application, websocket_application  # noqa: E402

application = ProtocolTypeRouter({"websocket": websocket_application, "http": http_application, "lifespan": lifespan})
