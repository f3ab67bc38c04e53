"""Facts the media side reports upward. They carry ids; whoever cares listens (streaming, vod)."""

from django.dispatch import Signal

source_described = Signal()  # stream_id, source: dict, warnings: list[dict]
source_refused = Signal()  # stream_id, code, text
run_live = Signal()  # stream_id, epoch: the first segment of a run is complete
live_finished = Signal()  # stream_id: ENDLIST written and every segment indexed
recording_restored = Signal()  # stream_id: back from cold storage
preview_ready = Signal()  # stream_id, path in the default storage
