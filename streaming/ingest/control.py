"""Tells the ingest server what to do, through its control module on a Unix socket."""

import logging

import httpx
from django.conf import settings

from streaming.limits import CONTROL_SECONDS

logger = logging.getLogger(__name__)


def drop_publisher(*, stream_id: str) -> bool:
    """Disconnect whoever publishes this broadcast. False when the ingest server could not be asked."""
    transport = httpx.HTTPTransport(uds=str(settings.INGEST_CONTROL_SOCKET))
    try:
        with httpx.Client(transport=transport, timeout=CONTROL_SECONDS, trust_env=False) as client:
            parameters = {"app": "live", "name": stream_id}
            client.get("http://ingest/control/drop/publisher", params=parameters).raise_for_status()
    except httpx.HTTPError as error:
        # Not fatal: the next update hook of that connection is answered with 403, which ends it too.
        logger.warning("Cannot drop the publisher of %s: %s", stream_id, type(error).__name__)
        return False
    return True
