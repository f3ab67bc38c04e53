"""The storyboard as WebVTT: which picture stands for which seconds, under which address."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from streaming.models import Broadcast
from tests.pages.conftest import PLAIN_STATIC_FILES
from transcode.live_store import store_object
from transcode.models import Segment
from transcode.recording_clock import RecordingClock, Span
from vod.services import create_vod, update_vod
from vod.thumbnails import render_thumbnails

BEGIN = 1_795_159_800.0
BOARD = {
    "tile_width": 160,
    "tile_height": 90,
    "columns": 2,
    "rows": 2,
    "interval_seconds": 10,
    "sprites": [
        {"url": "../storyboard/0-4.jpg", "starts_at": BEGIN, "tiles": 4},
        {"url": "../storyboard/1-2.jpg", "starts_at": BEGIN + 40, "tiles": 2},
    ],
}
ADDRESS = "https://mill.example/media/r.1.x/a/vod/storyboard.json"


def test_track_asserted_whole_over_an_absence() -> None:
    """15 seconds, then 20 without an encoder, then 17 more."""
    clock = RecordingClock([Span(BEGIN, 15), Span(BEGIN + 35, 17)])
    first, second = (f"https://mill.example/media/r.1.x/a/storyboard/{name}.jpg" for name in ("0-4", "1-2"))
    assert render_thumbnails(BOARD, clock, ADDRESS) == (
        "WEBVTT\n\n"
        f"00:00:00.000 --> 00:00:10.000\n{first}#xywh=0,0,160,90\n\n"
        f"00:00:10.000 --> 00:00:15.000\n{first}#xywh=160,0,160,90\n\n"
        f"00:00:15.000 --> 00:00:20.000\n{first}#xywh=160,90,160,90\n\n"
        f"00:00:20.000 --> 00:00:30.000\n{second}#xywh=0,0,160,90\n\n"
        f"00:00:30.000 --> 00:00:32.000\n{second}#xywh=160,0,160,90\n"
    )


@pytest.mark.django_db
def test_it_is_served_with_addresses_of_its_own(broadcast: Broadcast, settings: Settings, tmp_path: Path) -> None:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**PLAIN_STATIC_FILES, "default": options}
    stream_id = broadcast.public_id
    starts_at = datetime.fromtimestamp(BEGIN, UTC)
    Segment.objects.create(
        stream_id=stream_id, sequence=0, epoch=1, starts_at=starts_at, renditions={"source": [30.0, 1]}
    )
    vod = create_vod(stream_id=stream_id)
    assert vod is not None
    path = f"/videos/{vod.public_id}/thumbnails.vtt"
    assert Client().get(path).status_code == 404  # not drawn yet
    store_object(stream_id, "vod/storyboard.json", json.dumps(BOARD).encode())
    answer = Client().get(path)
    lines = answer.content.decode().splitlines()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/vtt; charset=utf-8")
    assert "no-store" in answer.headers["Cache-Control"]
    assert lines[:3] == ["WEBVTT", "", "00:00:00.000 --> 00:00:10.000"]
    assert lines[3].startswith("http://testserver/media/r.")
    assert lines[3].endswith(f"/{stream_id}/storyboard/0-4.jpg#xywh=0,0,160,90")
    update_vod(vod=vod, visibility="private")
    assert Client().get(path).status_code == 404
