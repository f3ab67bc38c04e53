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
FLAGS_SECONDS = 5  # how often it is compared who is on air and who is said to be
ASK_ANEW_SECONDS = 3.0  # within which every page reads its channel's state once more after that
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

# --- Telling followers
NOTICE_STALLED_SECONDS = 20  # a batch takes a tenth of a second: nobody is at it any more
NOTICE_MISSED_SECONDS = 300  # a start whose task was lost is told this late at most

# --- Notes of a broadcast
MARKER_MAX = 80  # characters: a line in a list of chapters
NOTES_MAX = 300  # of one broadcast: what changes more often than once a minute for hours is no chapter

# --- Viewers. Who vanishes is noticed by the server's pings within 10 s, and counted out within 5 s of that.
HEARTBEAT_SECONDS = 4.0  # who watches is noted this often, by the process that his socket is connected to
VIEWER_SECONDS = 9  # without a heartbeat for this long a viewer is gone: one may be lost
VIEWER_NAMES_AT_ONCE = 500  # in one command to Redis
VIEWER_KEYS_SECONDS = 2 * 86_400  # Redis keeps who ever watched a broadcast this long after the last one came
VIEWER_ADDRESS_SECONDS = 3600  # an anonymous viewer takes one of his address's places for this long
VIEWER_COOKIE_SECONDS = 86_400  # an anonymous browser is the same viewer for so long, and nobody tomorrow
COUNTED_AT_ONCE = 500  # broadcasts in one run of the script: Redis is busy with it for some milliseconds
UNIQUES_SECONDS = 60  # between two counts of who ever watched a broadcast, and two samples of its average
UNIQUES_EXACT = (
    512  # names that are remembered one by one: Redis packs as many numbers tightly (set-max-intset-entries)
)
UNIQUES_SHARDS = 16  # of 12 KB; standard error 0.81 % / √16 = 0.2 %, so that 1 % is five of them away
WATCHING_BEATS_PER_MINUTE = 600  # by HTTP, from one address: forty viewers
VIEWER_TOKEN_MAX = 120  # characters of what an HTTP viewer is named by; ours have about 70

# --- Raids. How long one counts down is a setting.
RAID_SECONDS_MIN = 10  # a viewer needs so long to read where he goes and to say no
RAID_SECONDS_MAX = 600
RAID_SPREAD_SECONDS_MAX = 5.0  # within it everyone leaves
RAID_ARRIVALS_PER_SECOND = 200  # sockets that are opened; more viewers than fit in 5 s come faster
RAID_PAGES_PER_SECOND = 20  # what one process of the site makes beside everything else
RAID_PAGES_SECONDS_MAX = 60.0  # until then raiders watch the target on the page they came from
RAID_ARRIVAL_SECONDS = 10  # after the count-down: then who has arrived is counted, and announced
RAID_KEYS_SECONDS = 600
RAID_LOGIN_MAX = 26  # characters that are typed: a login of 25, perhaps behind an @
RAIDS_PER_HOUR = 20  # begun on one channel
RAID_SUGGESTIONS = 8  # live channels that the dashboard offers
RAID_ACCOUNT_DAYS_MAX = 3650
RAID_FOLLOWERS_MAX = 10_000_000

# --- Hosting
HOST_ENTRIES_MAX = 20  # on one channel's list
HOSTS_CHOSEN_AT_ONCE = 500  # per tick of a second

# --- Schedule
SCHEDULE_ENTRIES_MAX = 50  # of one channel
SCHEDULE_MINUTES_MIN = 15
SCHEDULE_MINUTES_MAX = 24 * 60  # what goes on for longer is planned in pieces
SCHEDULE_STEP_MINUTES = 30  # between two lengths to choose from
SCHEDULE_AHEAD_DAYS = 366  # how far ahead a single one may be
SCHEDULE_DAYS_SHOWN = 14  # ahead, of weekly ones: each is seen twice, so also the one after one that is cancelled
SCHEDULE_LATE_MINUTES = 30  # so long after its beginning a planned stream is still waited for
SCHEDULE_BESIDE_PLAYER = 3  # planned streams below the player
SCHEDULE_ZONE_YEARS = 5  # ahead: how long a calendar file knows when clocks change; calendars fetch it anew long before
SCHEDULE_ZONES_KEPT = 128  # in the memory of a process, made of 2,500 days each
SCHEDULE_FILE_SECONDS = 300  # a calendar file may be so old

# --- Channel events (WebSocket)
MAX_SOCKET_MESSAGE = 512  # bytes; the only message a page sends has about 60
SOCKET_MESSAGES_PER_MINUTE = 30
HEALTH_SECONDS = 2.0  # how often the owner hears of bitrate and frame rate
SESSION_CHECK_SECONDS = 4.0  # an owner's socket dies within 5 s of sign-out or suspension
PLAYBACK_RENEW_SECONDS = 15 * 60  # before a playback address expires the page gets a new one
PLAYBACK_ROUND_SECONDS = 60  # expiry is rounded up to this, so that viewers share one address (and its cached check)

# --- Search
SEARCH_QUERY_MAX = 80  # characters of a question that are looked at; no name is longer
SEARCH_WORDS_MAX = 8
SEARCH_MORE_MAX = 500  # characters: title, category and ten tags
SEARCH_SHORT_WORD = 2  # of so few letters too many words begin: only names are looked at
SEARCH_TYPO_FROM = 3  # letters; what is shorter looks like everything
SOUGHT_RANK = 40  # on air, or a hundred followers: a tenth of a million channels; they are guessed first
NAMES_ALIKE = 0.3  # share of trigrams; what pg_trgm itself takes
SHORT_NAMES_ALIKE = 0.2
SHORT_NAME = 6  # letters; two that changed places leave a third of the trigrams of longer ones
SEARCH_WINDOW = 1_000  # most sought entries of a kind that are looked at before any index of words
SEARCH_SHOWN = 6  # of each kind, on the page with all kinds
SEARCH_PAGE = 24  # of one kind
SUGGESTED_CHANNELS = 6
SUGGESTED_CATEGORIES = 3
SUGGESTIONS_KEPT_SECONDS = 30  # a browser asks again for the same letters when they are older
INDEXED_AT_ONCE = 5_000  # channels in one statement: 0.1–0.3 s, as long as one going on air may have to wait

# --- Browsing
BROWSE_PAGE = 24  # cards
CATEGORIES_PAGE = 48
CATEGORY_NAME_MAX = 80  # characters
CATEGORIES_OFFERED = 30  # where one is chosen, before anything is typed
FOLLOWS_PAGE = 48  # lines
CATEGORY_ART_WIDTH = 300  # pixels, 3:4; shown half as large
CATEGORY_ART_BYTES_MAX = 4_000_000

# --- Recommendations
FOLLOWS_CONSIDERED = 100  # of a user, the latest
NEIGHBOURS_KEPT = 20  # of each channel
NOT_INTERESTED_MAX = 500  # of a user
