"""Numbers of recordings and clips, with their reasons."""

SHORTEST_SECONDS = 1.0  # what is shorter was no broadcast anyone wants to see again
SIGNAL_SECONDS = 5  # how long the signal gets before the schedule makes the recording itself
UNDO_DAYS = 7  # for so long a deleted recording can be brought back
CHAPTER_MIN_SECONDS = 5.0  # what changes sooner is one chapter: streamers set title and category one after the other
CHAPTER_TITLE_MAX = 140  # characters; as long as a broadcast's title
CHAPTERS_MAX = 100  # of one recording
DESCRIPTION_MAX = 5000  # characters
DOWNLOAD_KEPT_SECONDS = 86_400  # a file that nobody asked for again is removed: it can be made anew
DOWNLOAD_BEAT_SECONDS = 60  # without news for so long whoever made the file was killed, and it may be begun again
DOWNLOAD_WAIT_SECONDS = 3600  # in the queue; then it was lost
DOWNLOAD_TOLD_SECONDS = 0.5  # how often progress is written down
DOWNLOAD_RETRY_SECONDS = 5  # one file is made at a time, so that recordings to be kept do not delay those to be seen
HIGHLIGHT_MIN_SECONDS = 5
HIGHLIGHT_LOCK_SECONDS = 900  # a cut of hours is copied within; after it a killed one is begun again
HIGHLIGHTS_WAITING_MAX = 10  # of one channel
BULK_MAX = 100  # recordings that one action may change
FORGOTTEN_AFTER_SECONDS = 86_400  # a broadcast without a recording is looked at for a day
CHANNELS_COUNTED_AT_ONCE = 500  # held in memory while the room that they use is summed
EXPIRED_AT_ONCE = 100  # recordings that are deleted since they were kept long enough, in one task
PURGED_AT_ONCE = 20  # recordings whose files one task removes

# --- The picture that stands for a recording
POSTER_BYTES = 900_000  # the edge passes 1 MB on, with the form around it
POSTER_SIDE_MIN, POSTER_SIDE_MAX = 200, 4_000  # pixels
POSTER_WIDTH = 1280  # link previews show no more
POSTERS_PER_HOUR = 60  # of a channel; each stays in storage until its recording goes

# --- Who waits for a recording
WAITERS_MAX = 1_000  # of one recording are told; the others look for themselves
WAITERS_TOLD_AT_ONCE = 100
WAITING_DAYS = 7  # an archive that takes longer to come back has lost it

# --- Shown elsewhere
EMBED_WIDTH, EMBED_HEIGHT = 640, 360  # of a player whose page names no size
EMBED_WIDTH_MAX = 1920  # wider than this no page wants one
OEMBED_SECONDS = 300  # a title may change; a recording that was hidden is not shown by the frame itself
OEMBED_LIVE_SECONDS = 30  # a preview of a running broadcast is there for two of these
PREVIEW_TEXT_MAX = 200  # characters; link previews show fewer
FEED_ITEMS = 50  # what readers ask for every hour
FEED_SECONDS = 60  # how long a reader's proxy may keep it
SITEMAP_ADDRESSES = 1_000  # of one file; sitemaps.org allows 50,000, which would take half a minute to write

# --- Views
VIEW_HOURS = 6  # who comes back to a recording within these has not watched it twice
VIEWS_PER_ADDRESS = 20  # of one recording within VIEW_HOURS: a household or a class, no farm of invented browsers
VIEW_REPORTS_PER_MINUTE = 60  # of one address over all recordings
VIEWS_WRITTEN_AT_ONCE = 500  # recordings in one UPDATE
VIEW_BATCHES_KEPT_DAYS = 7  # a batch that was left is found within seconds of Redis being back
VIEWS_LOCK_SECONDS = 60  # a writer that takes longer than this was killed

# --- Where viewers were
POSITIONS_PER_USER = 1_000  # the newest; who has watched more does not look for the first ones

# --- Clips
CLIP_SECONDS_MIN, CLIP_SECONDS_MAX = 5.0, 90.0
CLIP_SECONDS = 30.0  # what one gets who does not say, as on Twitch
CLIP_TITLE_MAX = 140  # characters, as of a broadcast
CLIPS_PER_MINUTE = 6  # of one person: a burst of a good moment's takes
CLIPS_PER_HOUR = 60
CLIPS_PER_CHANNEL_MINUTE = 60  # of everybody together
CLIPS_WAITING_MAX = 100  # in the whole installation; a copied clip takes half a second
CLIPS_BUSY_SECONDS = 30  # in which most of them are made
CLIP_AHEAD_SECONDS = 6.0  # of a live clip, may still be on its way to storage
CLIP_WAIT_SECONDS = 12.0  # after this a clip is made of what there is
CLIP_LOOK_SECONDS = 0.2  # how often that is looked for; others' clips are made meanwhile
CLIP_AFTER_END_SECONDS = 15 * 60  # so long a page shows that the broadcast has ended, and its viewer may clip it
CLIP_TRIES = 3
CLIP_CLAIM_SECONDS = 160  # longer than the slowest cut (transcode.limits); a killed worker's clip is made again then
CLIP_PAST_SECONDS = 1.0  # by which a clip may reach over the end of what is recorded: lengths are rounded
CLIPS_DROPPED_AT_ONCE = 50  # files of deleted clips, in one turn

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

# --- Search
INDEXED_AT_ONCE = 1_000  # recordings or clips looked at in one go
