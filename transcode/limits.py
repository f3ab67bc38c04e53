"""The media side's numbers, with their units and reasons."""

# The timeline of every run starts here, so that a B-frame's decode time before the first picture is not negative.
TIMELINE_START_MS = 10_000
# RTMP counts milliseconds; 90 kHz is MPEG's usual video clock and divides them exactly.
# What is published counts from this long before the broadcast was wanted, so that no host's clock makes it negative.
TIMELINE_MARGIN_SECONDS = 10
VIDEO_TIMESCALE = 90_000
TICKS_PER_MS = VIDEO_TIMESCALE // 1000

# A key frame sooner than this after the last cut does not open a segment (encoders insert some at scene changes).
# It is small because the next regular one comes a whole key frame interval later and the segment must not grow
# past the target duration.
MIN_SEGMENT_MS = 450
# §6.2.1: a segment's duration rounds to the target duration at most.
KEY_FRAME_SLACK_SECONDS = 0.45
BEGIN_SLACK_MS = 5  # where a run goes on with another's picture: less than a picture lasts, more than rounding moves it

# A jump of the encoder's clock by more than this starts a new run instead of a hole in the timeline.
TIMESTAMP_JUMP_MS = 3_000
# Sound that drifts further than this from its counted position is placed anew.
# Viewers notice sound that is 45 ms ahead of the picture (ITU-R BT.1359).
AUDIO_RESYNC_MS = 40

SOUND_PATIENCE_MS = 700  # how far announced sound may be behind the picture before silence takes its place
NO_VIDEO_SECONDS = 3.0  # a publisher without a picture is told after this long (bar: within 5 s)
# A picture that stops while the connection goes on is waited for longer: encoders set to "auto" send a key frame
# every 8 to 10 s, and after a jump of their clock nothing can be shown before one.
PICTURE_LOST_SECONDS = 12.0
AUDIO_WAIT_MS = 300  # how long the first picture waits for announced sound, or for others that show the frame rate

# An encoder may save up this much of its bit rate and spend it at once. Half a second costs a tenth of a decibel
# against a whole one, and lets BANDWIDTH be near the average.
RUNG_BUFFER_SECONDS = 0.5

# The spool is what a restarted FFmpeg is fed again: at least one key frame interval and the encoder's lag.
SPOOL_MS = 20_000
# A transcoder that is further behind when it is started again skips to the newest key frame.
TRANSCODER_BACKLOG_MS = 8_000

LEASE_MS = 2_000
HEARTBEAT_SECONDS = 0.6
WORKER_MS = 2_500  # a live worker that did not say for so long what it offers is dead
WORKER_BEAT_SECONDS = 0.8
NO_SLOT_MS = 3_000  # a broadcast that has no use for its slot says so again before this
CLAIM_SECONDS = 0.5  # how long a run waits at its start to hear whether it has a slot
CLAIM_PATIENCE_SECONDS = 3.0  # how long the question itself may take; it is asked before there is a picture
FROZEN_SECONDS = 3.0  # an FFmpeg that has input and writes nothing for this long hangs
PULL_RETRY_SECONDS = 0.3
# An ended broadcast's encoder is disconnected at once, and this is how long a busy worker reads what it had sent.
LAST_PICTURES_SECONDS = 6.0

PARTS_TTL_SECONDS = 60
STATE_TTL_SECONDS = 48 * 3600
PAST_TTL_SECONDS = 6 * 3600  # longer than an encoder may be away, and than a viewer is behind when it has ended
STATUS_TTL_SECONDS = 5
EVENT_OUTBOX_LIMIT = 2_000  # reports to the database that may wait while it is down
UPLOADS_WAITING = 1_500  # files: ten minutes of five renditions while object storage is away
UPLOADS_AT_ONCE = 20  # files that one turn of a thread writes: a segment of all renditions, and no more held twice
UPLOAD_RETRY_MAX_SECONDS = 10.0

GENERATION_KNOWN_SECONDS = 5.0  # so long an origin, and nginx for 20 s more, go on with a permission taken back
GENERATIONS_KNOWN = 65_536  # broadcasts

PREVIEW_EVERY_SECONDS = 20
PREVIEW_HEIGHT = 360

CLOCK_SECONDS = 0.25  # how often a broadcast looks whether its playlists must go on without the encoder
REDIS_RETRY_SECONDS = 0.2
# After each publication: the rungs' parts follow the source's within milliseconds, and one transaction carries several.
PUBLISH_PAUSE_SECONDS = 0.015
ORDER_CHECK_SECONDS = 3.0  # how long a lost order goes unnoticed
STATUS_SECONDS = 1.0

CONSOLIDATIONS_AT_ONCE = 1  # those who are live share the disk with it
CONSOLIDATIONS_LOOKED_AT = 50  # so many that failed lately hold nobody else up
CONSOLIDATION_PAUSE_SECONDS = 600  # after a failure; it holds for a change of storage or for staff
MOST_LOST = 0.5  # of a rendition's segments: with more, storage itself is not there
ARCHIVE_SAMPLES = 16  # segments of an archive that are compared with what they were made of
ARCHIVE_HEAD_BYTES = 256  # of each: its boxes, with its number and time
TIER_MOVES_AT_ONCE = 3  # recordings that one task moves
THINNED_AT_ONCE = 20  # recordings of which one task drops qualities
COPIED_BYTES = 4 << 20  # at a time, between tiers
AUDIT_YOUNG_SECONDS = 3600  # a file this young may be named by what is being written now

# --- Clips
CLIP_ROWS_MAX = 250  # segments looked at: 90 s of the shortest there are (MIN_SEGMENT_MS)
CLIP_RUNS_MAX = 500  # returns of an encoder that are counted to find a place in a recording
CLIP_BYTES_MAX = 400 << 20  # of a clip's segments; above it a smaller quality is taken
CLIP_BEFORE_SECONDS = 1.0  # by which a clip may begin before the broadcast did
CLIP_COPY_SECONDS = 20  # copying takes well under a second
CLIP_ENCODE_SECONDS = 120
CLIP_ENCODE_LINES = 720  # a clip that must be encoded is no larger: 90 s of it take two busy cores a minute
CLIP_ENCODE_THREADS = 2
CLIP_POSTER_SECONDS = 10
CLIP_POSTER_WIDTH = 960  # pixels
