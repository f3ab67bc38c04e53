"""Signed addresses under which a broadcast can be played."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings

from streaming.limits import PLAYBACK_ROUND_SECONDS
from transcode import services as media
from transcode.hls import names
from transcode.playback_tokens import Scope, sign


@dataclass(frozen=True)
class Playback:
    """URL paths under which something plays, and until when they work."""

    hls: str
    expires_at: datetime
    dvr: str | None = None  # HLS of everything viewers may rewind to
    dvr_seconds: int = 0
    dash: str | None = None
    storyboard: str | None = None

    def for_page(self) -> dict[str, Any]:
        """What the player of a page needs of it, as JSON."""
        return {
            "hls": self.hls,
            "dvr": self.dvr,
            "dvr_seconds": self.dvr_seconds,
            "storyboard": self.storyboard,
            "expires_at": self.expires_at.isoformat(),
        }


def live_playback(stream_id: str) -> Playback:
    """Where the running broadcast plays."""
    token, expires_at = _token(stream_id, Scope.LIVE)
    url = partial(names.url, token, stream_id)
    return Playback(
        url(names.MULTIVARIANT),
        expires_at,
        dvr=url(names.DVR_MULTIVARIANT) if settings.DVR_SECONDS else None,
        dvr_seconds=settings.DVR_SECONDS,
        dash=url(names.DASH_MANIFEST),
        storyboard=url(names.STORYBOARD),
    )


def recording_playback(stream_id: str) -> Playback:
    """Where the recording of the broadcast plays."""
    token, expires_at = _token(stream_id, Scope.RECORDING)
    url = partial(names.url, token, stream_id)
    return Playback(
        url(f"{names.RECORDING_DIR}/{names.MULTIVARIANT}"),
        expires_at,
        dash=url(f"{names.RECORDING_DIR}/{names.DASH_MANIFEST}"),
        storyboard=url(f"{names.RECORDING_DIR}/{names.STORYBOARD}"),
    )


@dataclass(frozen=True)
class ClipAddresses:
    """URL paths of a clip's files."""

    video: str
    poster: str


def clip_addresses(clip_id: str) -> ClipAddresses:
    """Where the clip's files are. They open nothing of the broadcast."""
    token, _ = _token(clip_id, Scope.LIVE)  # a clip is hidden by its own page; nothing is revoked
    return ClipAddresses(*(names.url(token, clip_id, name) for name in (names.CLIP, names.CLIP_POSTER)))


def download_url(stream_id: str, path: str) -> str:
    """Where a file of the broadcast that is made to be kept lies."""
    token, _ = _token(stream_id, Scope.DOWNLOAD)
    return names.url(token, stream_id, path)


def _token(stream_id: str, scope: Scope) -> tuple[str, datetime]:
    wanted = int(time.time()) + settings.PLAYBACK_TOKEN_SECONDS
    expires_at = -(-wanted // PLAYBACK_ROUND_SECONDS) * PLAYBACK_ROUND_SECONDS
    token = sign(
        key=settings.PLAYBACK_SIGNING_KEY,
        stream_id=stream_id,
        expires_at=expires_at,
        scope=scope,
        # Only what was recorded can be hidden: pages of what is live need not ask.
        generation=0 if scope is Scope.LIVE else media.access_generation(stream_id=stream_id),
    )
    return token, datetime.fromtimestamp(expires_at, tz=UTC)
