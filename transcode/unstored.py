"""What an earlier worker had listed and not stored when it died: its heir stores it from the parts in Redis."""

import logging
from collections.abc import Mapping, Sequence

from asgiref.sync import sync_to_async

from transcode.hls import names
from transcode.hls.window import WindowSegment
from transcode.live_store import Files, LiveStore, is_stored

log = logging.getLogger(__name__)


async def find_unstored(store: LiveStore, listed: Mapping[str, Sequence[WindowSegment]]) -> Files:
    """Whole segments and initialization sections, by rendition; `listed` are the windows' segments at the take-over."""
    files: Files = []
    for rendition, segments in listed.items():
        made = [segment for segment in segments if not segment.gap]
        missing = await _find_segments(store, rendition, made)
        for epoch in {segment.epoch for segment in missing}:
            files += await _find_init(store, rendition, epoch)
        for segment in missing:
            if (body := await store.load_segment(rendition, segment)) is not None:
                files.append((_path(rendition, segment), body))
            else:
                log.error("%s of %s will be missing from the recording", _path(rendition, segment), store.stream_id)
    return files


async def _find_segments(store: LiveStore, rendition: str, made: Sequence[WindowSegment]) -> list[WindowSegment]:
    """Files are stored in order, so the newest one that is there ends the search."""
    missing: list[WindowSegment] = []
    for segment in reversed(made):
        if await _is_stored(store, _path(rendition, segment), segment.size):
            break
        missing.insert(0, segment)
    return missing


async def _find_init(store: LiveStore, rendition: str, epoch: int) -> Files:
    path = f"{rendition}/{names.init_name(epoch)}"
    body = await store.load_init(rendition, epoch)
    return [(path, body)] if body and not await _is_stored(store, path, len(body)) else []


async def _is_stored(store: LiveStore, path: str, size: int) -> bool:
    return await sync_to_async(is_stored, thread_sensitive=False)(store.stream_id, path, size)


def _path(rendition: str, segment: WindowSegment) -> str:
    return f"{rendition}/{names.segment_name(segment.epoch, segment.msn)}"
