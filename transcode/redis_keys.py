"""Every Redis key and channel of the media side; times to live stand in limits.py beside their reasons.

Lease, epoch, dispatch, workers and slots are in the durable Redis (settings.REDIS_URL): a number must never be handed
out twice. All else is in live media's (settings.LIVE_REDIS_URL), which may be lost: its writers put everything back.

`{…}` is the cluster hash tag: all keys of one broadcast live on one shard, so one transaction reaches them.
"""

WORKERS = "live:workers"  # set of names; whose key is gone is dead
SLOTS = "live:slots"  # hash: broadcast that may encode → the machine whose slot it has; slot_ledger.settle tidies it


def worker_key(worker: str) -> str:
    """JSON of what a live worker offers; WORKER_MS."""
    return f"live:worker:{worker}"


def no_slot_key(stream_id: str) -> str:
    """Present while the broadcast has no use for a slot; NO_SLOT_MS."""
    return f"live:{{{stream_id}}}:no-slot"


def lease_key(stream_id: str) -> str:
    """`<machine>/<token>` of the worker that owns the broadcast; LEASE_MS."""
    return f"live:{{{stream_id}}}:lease"


def epoch_key(stream_id: str) -> str:
    """Counts the runs of the pipeline; STATE_TTL_SECONDS."""
    return f"live:{{{stream_id}}}:epoch"


def state_key(stream_id: str) -> str:
    """JSON of LiveState: renditions, ready, ended; STATE_TTL_SECONDS."""
    return f"live:{{{stream_id}}}:state"


def windows_key(stream_id: str) -> str:
    """Hash: rendition → JSON of its window; STATE_TTL_SECONDS."""
    return f"live:{{{stream_id}}}:windows"


def past_key(stream_id: str, rendition: str) -> str:
    """List: every segment viewers may rewind to, as hls.dvr writes it, oldest first; PAST_TTL_SECONDS."""
    return f"live:{{{stream_id}}}:past:{rendition}"


def writer_key(stream_id: str) -> str:
    """Name of the worker whose writes count; STATE_TTL_SECONDS."""
    return f"live:{{{stream_id}}}:writer"


def object_key(stream_id: str, rendition: str, name: str) -> str:
    """Bytes of a part (PARTS_TTL_SECONDS) or of an initialization section (STATE_TTL_SECONDS)."""
    return f"live:{{{stream_id}}}:object:{rendition}/{name}"


def status_key(stream_id: str) -> str:
    """JSON for the dashboard: health, warnings; STATUS_TTL_SECONDS."""
    return f"live:{{{stream_id}}}:status"


def player_key(stream_id: str) -> str:
    """Present while the worker's puller is connected to the ingest server."""
    return f"live:{{{stream_id}}}:player"


def player_waiters_key(stream_id: str) -> str:
    """A list the held publish answer blocks on until the puller is connected."""
    return f"live:{{{stream_id}}}:player-waiters"


def events_channel(stream_id: str) -> str:
    """Pub/Sub: what became visible, for origins."""
    return f"live:{{{stream_id}}}:events"


def control_channel(stream_id: str) -> str:
    """Pub/Sub: orders to the supervisor (`publish`, `finish`)."""
    return f"live:{{{stream_id}}}:control"


def generation_key(stream_id: str) -> str:
    """When permissions to play were last taken back, in Unix milliseconds; for longer than a token lives."""
    return f"live:{{{stream_id}}}:generation"


def dispatch_key(stream_id: str) -> str:
    """Present for a moment after a worker was sent, so that reconcile does not send a second one."""
    return f"live:{{{stream_id}}}:dispatched"


def sent_to_key(stream_id: str) -> str:
    """Present for a while after a machine was chosen; sent again meanwhile, any worker may take the broadcast."""
    return f"live:{{{stream_id}}}:sent-to"
