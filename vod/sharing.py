"""What other sites, feeds and search engines are told of a channel or a recording, in one shape for all of them."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.duration import duration_iso_string
from django.utils.html import format_html
from django.utils.text import Truncator

from common.addresses import absolute
from streaming.models import Channel
from streaming.watch_states import WatchState
from transcode.limits import PREVIEW_HEIGHT
from vod.limits import EMBED_HEIGHT, EMBED_WIDTH, PREVIEW_TEXT_MAX
from vod.models import Visibility, Vod

HLS_TYPE = "application/vnd.apple.mpegurl"
UNTITLED = "Untitled broadcast"
ON_AIR = ("live", "reconnecting")
# Inside a script element, where no title must be able to end it.
_JSON_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@dataclass(frozen=True)
class Picture:
    """A preview picture."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Shared:
    """A page as it is shown elsewhere; all addresses are absolute."""

    page: str
    embed: str
    playlist: str  # HLS under an address that stays; empty where there is nothing to play
    title: str
    description: str
    author: str
    author_page: str
    picture: Picture | None
    is_open: bool  # to everyone who knows the address
    is_listed: bool  # else search engines are asked to leave the page alone
    is_live: bool = False
    published_at: datetime | None = None
    category: str = ""
    duration_seconds: int | None = None
    views: int | None = None

    @property
    def embed_code(self) -> str:
        """HTML that someone pastes into his own page."""
        return iframe(self, EMBED_WIDTH, EMBED_HEIGHT)

    @property
    def is_secure(self) -> bool:
        return self.page.startswith("https:")

    @property
    def oembed(self) -> str:
        """Where its oEmbed answer is."""
        return f"{absolute(reverse('oembed'))}?{urlencode({'url': self.page})}"

    @property
    def json_ld(self) -> str:
        """schema.org's VideoObject as JSON that may stand in a script element as it is."""
        return json.dumps(_video_object(self), ensure_ascii=False).translate(_JSON_ESCAPES)


def share_recording(vod: Vod) -> Shared:
    """A recording that this viewer may see; what is told of a private one stays on its own page."""
    owner = vod.channel.owner
    category = vod.broadcast.category.name if vod.broadcast.category else ""
    broadcast = f"A broadcast by {owner} on {format_date(vod.created_at, 'j F Y')}."
    return Shared(
        page=absolute(vod.get_absolute_url()),
        embed=absolute(reverse("embed_video", args=[vod.public_id])),
        playlist=absolute(reverse("video_playlist", args=[vod.public_id])),
        title=vod.title or UNTITLED,
        description=f"{category} · {broadcast}" if category else broadcast,
        author=str(owner),
        author_page=absolute(vod.channel.get_absolute_url()),
        picture=_picture(vod.preview_path, vod.broadcast.source),
        is_open=vod.visibility in {Visibility.PUBLIC, Visibility.UNLISTED},
        is_listed=vod.visibility == Visibility.PUBLIC,
        published_at=vod.created_at,
        category=category,
        duration_seconds=int(vod.duration_seconds),
        views=vod.view_count,
    )


def share_channel(channel: Channel, state: WatchState) -> Shared:
    """A channel: what is on air, or who it is."""
    on_air = state.state in ON_AIR
    page = absolute(channel.get_absolute_url())
    title = state.title or channel.title
    return Shared(
        page=page,
        embed=absolute(reverse("embed_channel", args=[channel.owner.login])),
        playlist=absolute(reverse("channel_playlist", args=[channel.owner.login])) if on_air else "",
        title=f"{channel.owner}: {title}" if title else str(channel.owner),
        description=Truncator(" ".join(channel.about.split())).chars(PREVIEW_TEXT_MAX),
        author=str(channel.owner),
        author_page=page,
        picture=_picture(state.preview_path, {}) if on_air else None,
        is_open=True,
        is_listed=True,
        is_live=on_air,
        published_at=state.started_at if on_air else None,
    )


def iframe(shared: Shared, width: int, height: int) -> str:
    """The embedded player as HTML."""
    return format_html(
        '<iframe src="{}" width="{}" height="{}" title="{}" allow="autoplay; fullscreen; picture-in-picture"'
        ' allowfullscreen frameborder="0" loading="lazy"></iframe>',
        shared.embed,
        width,
        height,
        shared.title,
    )


def _picture(path: str, source: dict[str, Any]) -> Picture | None:
    """Drawn with PREVIEW_HEIGHT lines at most, as wide as the source's shape makes it."""
    if not path:
        return None
    wide, high = source.get("width") or 1280, source.get("height") or 720
    height = min(PREVIEW_HEIGHT, high)
    return Picture(absolute(default_storage.url(path)), 2 * round(height * wide / high / 2), height)


def _video_object(shared: Shared) -> dict[str, Any]:
    facts = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": shared.title,
        "description": shared.description or shared.title,
        "url": shared.page,
        "contentUrl": shared.playlist,
        "encodingFormat": HLS_TYPE,
        "embedUrl": shared.embed,
        "author": {"@type": "Person", "name": shared.author, "url": shared.author_page},
    }
    if shared.picture:
        facts["thumbnailUrl"] = [shared.picture.url]
    if shared.published_at:
        facts["uploadDate"] = shared.published_at.isoformat(timespec="seconds")
    if shared.duration_seconds is not None:
        facts["duration"] = duration_iso_string(timedelta(seconds=shared.duration_seconds))
    if shared.views is not None:
        watched = {"@type": "WatchAction"}
        facts["interactionStatistic"] = {
            "@type": "InteractionCounter",
            "interactionType": watched,
            "userInteractionCount": shared.views,
        }
    if shared.is_live:
        facts["publication"] = {
            "@type": "BroadcastEvent",
            "isLiveBroadcast": True,
            "startDate": facts.get("uploadDate"),
        }
    return facts
