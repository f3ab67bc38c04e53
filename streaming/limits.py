"""Numbers of the streaming side, with their units and reasons; what operators tune is in the settings."""

# --- Stream keys
KEY_BYTES = 24  # 192 bits
KEY_SHOWN_CHARACTERS = 9  # "live_" and four more: enough to tell two keys apart, of no use to guess one
MAX_KEY_LENGTH = 64  # the ingest server's limit for any name; ours have 37
KEY_TRIES_PER_MINUTE = 20  # wrong keys per encoder address; someone fumbling with OBS stays far below

# --- Ingest hooks
HOOK_BODY_LIMIT = 8192  # bytes; nginx-rtmp's own fields take under 1 KB
HOOK_FIELD_LIMIT = 40  # fields; nginx-rtmp sends about twelve
MAX_CLIENT_ID_LENGTH = 40
HOLD_PUBLISH_SECONDS = 1.5  # how long OBS waits for our puller; without it the picture waits for the next keyframe
HEALTHY_SECONDS = 12  # two updates may be lost before a second encoder may take the place of the first
SILENT_SECONDS = 15  # three updates are missing: the connection is gone and nobody told us
SETTLING_SECONDS = 15  # after an outage of ours the encoders get this long to be heard again
OUTAGE_SECONDS = 5  # the reconcile tick (1 s) was away this long: something of ours was down
EARLY_DONE_SECONDS = 10  # how long a "done" waits for the "publish" it overtook
STARTING_SECONDS_MAX = 60  # connected, yet no complete segment: end it and say so
CONTROL_SECONDS = 1.0  # the ingest server's control socket answers in 3 ms

# --- Channels
TITLE_MAX = 140  # characters
TAGS_MAX = 10
TAG_MAX = 25  # characters
ABOUT_MAX = 2000  # characters
NOTICES_KEPT = 50  # per channel; an encoder that retries for ever must not fill the table
ENDED_SHOWN_SECONDS = 15 * 60  # how long a page says "ended" before it says "offline"

# --- Notes of a broadcast
MARKER_MAX = 80  # characters: a line in a list of chapters
NOTES_MAX = 300  # of one broadcast: what changes more often than once a minute for hours is no chapter

# --- Viewers
HEARTBEAT_SECONDS = 10  # each watching socket is noted this often
VIEWER_SECONDS = 25  # without a heartbeat for this long a viewer is gone: two may be lost
VIEWER_KEYS_SECONDS = 2 * 86_400  # Redis keeps a broadcast's viewers this long after the last heartbeat
VIEWER_NAME_MAX = 40  # characters of the name a page makes up for its anonymous viewer

# --- Channel events (WebSocket)
MAX_SOCKET_MESSAGE = 512  # bytes; the only message a page sends has about 60
SOCKET_MESSAGES_PER_MINUTE = 30
HEALTH_SECONDS = 2.0  # how often the owner hears of bitrate and frame rate
SESSION_CHECK_SECONDS = 4.0  # an owner's socket dies within 5 s of sign-out or suspension
PLAYBACK_RENEW_SECONDS = 15 * 60  # before a playback address expires the page gets a new one
PLAYBACK_ROUND_SECONDS = 60  # expiry is rounded up to this, so that viewers share one address (and its cached check)
