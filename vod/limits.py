"""Numbers of the recording side, with their reasons."""

SHORTEST_SECONDS = 1.0  # what is shorter was no broadcast anyone wants to see again
SIGNAL_SECONDS = 5  # how long the signal gets before the schedule makes the recording itself
UNDO_DAYS = 7  # for so long a deleted recording can be brought back
FORGOTTEN_AFTER_SECONDS = 86_400  # a broadcast without a recording is looked at for a day
PURGED_AT_ONCE = 20  # recordings whose files one task removes

# --- Uploads; how large and how long they may be is in the settings.
UPLOADS_AT_ONCE = 3  # open ones of a channel
UPLOADS_BEGUN_AN_HOUR = 30  # of a channel; whoever sends a season of a show takes a break now and then
UPLOADS_LISTED = 50
UPLOAD_IDLE_HOURS = 48  # without a byte or a picture; then it is given up
UPLOADS_REMEMBERED_DAYS = 7  # the page says for so long what became of them
CHUNK_BYTES = 8 << 20  # what the page sends at once: lost when the line breaks in the midst of it
CHUNK_MAX_BYTES = 16 << 20  # of other clients; the edge has the same limit for these addresses
PIECE_BYTES = 1 << 18  # held at once while a chunk is written
DISK_RESERVE_BYTES = 2 << 30  # stays free for what is live
FILENAME_MAX = 200
UPLOAD_ATTEMPTS = 3  # workers that may die of one file
