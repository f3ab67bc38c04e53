"""Numbers of recordings and clips, with their reasons."""

SHORTEST_SECONDS = 1.0  # what is shorter was no broadcast anyone wants to see again
SIGNAL_SECONDS = 5  # how long the signal gets before the schedule makes the recording itself
UNDO_DAYS = 7  # for so long a deleted recording can be brought back
FORGOTTEN_AFTER_SECONDS = 86_400  # a broadcast without a recording is looked at for a day

# --- Clips
CLIP_SECONDS_MIN, CLIP_SECONDS_MAX = 5.0, 90.0
CLIP_SECONDS = 30.0  # what one gets who does not say, as on Twitch
CLIP_TITLE_MAX = 140  # characters, as of a broadcast
CLIPS_PER_MINUTE = 6  # of one person: a burst of a good moment's takes
CLIPS_PER_HOUR = 60
CLIPS_PER_CHANNEL_MINUTE = 60  # of everybody together
CLIPS_WAITING_MAX = 100  # in the whole installation; a copied clip takes half a second
CLIP_AHEAD_SECONDS = 6.0  # of a live clip, may still be on its way to storage
CLIP_WAIT_SECONDS = 12.0  # after this a clip is made of what there is
CLIP_LOOK_SECONDS = 0.2  # how often that is looked for; others' clips are made meanwhile
CLIP_AFTER_END_SECONDS = 15 * 60  # so long a page shows that the broadcast has ended, and its viewer may clip it
CLIP_TRIES = 3
CLIP_CLAIM_SECONDS = 160  # longer than the slowest cut (transcode.limits); a killed worker's clip is made again then
CLIP_PAST_SECONDS = 1.0  # by which a clip may reach over the end of what is recorded: lengths are rounded
CLIPS_DROPPED_AT_ONCE = 50  # files of deleted clips, in one turn
