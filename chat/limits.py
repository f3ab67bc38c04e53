"""Every number of chat, with its unit and its reason."""

# --- What one message may be (requirement C3).
TEXT_MAX_GRAPHEMES = 500
TEXT_MAX_BYTES = 2_000  # four bytes a grapheme: 500 emoji fit, 500 stacked ones do not
COMBINING_MARKS_PER_BASE = 3  # Vietnamese and Hebrew need two, pointed Arabic three; more is "zalgo"
NONCE_MAX_CHARACTERS = 64
QUOTE_MAX_CHARACTERS = 200  # of the message that a reply answers: a reply must not weigh two messages
API_TOKEN_MAX_CHARACTERS = 200

# --- What one frame from a client may be (security C-067).
FRAME_MAX_BYTES = 16_384
JSON_MAX_DEPTH = 10

# --- What one IRC connection may send and be in.
IRC_LINE_MAX = 4_096  # characters, with tags
IRC_ROOMS_MAX = 100
IRC_JOINS_PER_SECOND = 2  # as Twitch; after a burst of all rooms one may be in
IRC_PING_SECONDS = 60
IRC_PONG_SECONDS = 60  # some clients answer late
IRC_CONNECTIONS_MAX = 10_000  # of one process
IRC_DRAIN_SECONDS = 1.0  # between RECONNECT and the end of a process
IRC_BUFFER_BYTES = 1_048_576  # unsent to one client before it is dropped

# --- How much may be said. Windows slide: at most `count` in any `seconds`.
VIEWER_WINDOW_SECONDS = 60  # how many in it is a setting: CHAT_MESSAGES_PER_MINUTE
BROADCASTER_MESSAGES = 100
BROADCASTER_WINDOW_SECONDS = 30
ROOM_MESSAGES_PER_SECOND = 500  # five times what the busiest rooms show; keeps one room from taking a whole Redis
GATEWAY_MESSAGES_PER_SECOND = 6_000  # what one process can check and publish
GATEWAY_BURST = 12_000
CONNECTION_FRAMES_PER_SECOND = 50  # above any honest client; the rest is refused before it is parsed
CONNECTION_BURST = 200
CONNECTION_STRIKES = 200  # frames over the limit in a row before the socket is closed

# --- Modes of a room.
SLOW_MAX_SECONDS = 120
FOLLOWERS_MAX_SECONDS = 90 * 86_400
ACCOUNT_MAX_SECONDS = 365 * 86_400
TIMEOUT_MAX_SECONDS = 14 * 86_400  # longer is a ban
TIMEOUT_SECONDS = 600  # `/timeout NAME` without a time
UNIQUE_SECONDS = 300
SHIELD_FOLLOWED_SECONDS = 7 * 86_400  # who follows for longer did not come with the attack
SHIELD_SLOW_SECONDS = 10
DELAY_MAX_SECONDS = 30  # longer, and nobody talks with the broadcaster any more
DELAY_SECONDS = 4  # `/delay` without a time
REASON_MAX = 200  # characters
NOTE_MAX = 500  # characters of what moderators note about someone
NOTES_MAX = 100  # about one person in one room

# --- Messages that wait for a moderator.
HELD_FROM = {1: 0.95, 2: 0.85, 3: 0.7, 4: 0.5}  # level of a room: score from which a message waits (docs/chat.md)
HELD_SECONDS = 900  # what nobody has looked at by then is not said any more
HELD_KEPT_SECONDS = 7 * 86_400  # for the record
HELD_PER_PERSON = 3  # waiting in one room
HELD_MAX = 100  # waiting in one room: nobody reads more
TERM_MAX = 50  # characters of a blocked term
TERM_MAX_WORDS = 5
TERMS_MAX = 500  # in one room

# --- Emotes and badges.
EMOTE_PREFIX_MIN, EMOTE_PREFIX_MAX = 3, 10
EMOTE_NAME_MAX = 20  # after the prefix
EMOTE_CODE_MAX = EMOTE_PREFIX_MAX + EMOTE_NAME_MAX
COMMON_EMOTES_MAX = 500
EMOTE_UNDO_DAYS = 7  # for so long a removed emote can be brought back
UPLOADS_PER_HOUR = 60  # of one person
EMOTE_SIDES = (28, 56, 112)  # pixels; Twitch's sizes, which clients lay their lines out for
BADGE_SIDES = (18, 36, 72)
UPLOAD_BYTES = 1_000_000  # nginx takes a little more
EMOTE_SIDE_MAX = 2_048  # pixels
EMOTE_FRAMES_MAX = 60
EMOTE_SECONDS_MAX = 10
EMOTE_PIXELS_MAX = 16_000_000  # in all frames together: 60 of 512×512, some tenths of a second to decode
BADGE_MONTHS = (1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60)

# --- What stands above the messages.
PIN_SECONDS = 1_200  # `/pin ID` without a time
PIN_MAX_SECONDS = 86_400
POLL_QUESTION_MAX = 100  # characters
POLL_CHOICE_MAX = 40
POLL_CHOICES_MAX = 8
POLL_SECONDS = 120  # `/poll …` without a time
POLL_MIN_SECONDS = 10
POLL_MAX_SECONDS = 3_600
POLL_TOLD_MS = 1_000  # between two events about a poll's votes, however many there are
POLL_KEYS_SECONDS = 7 * 86_400  # votes outlive the poll until a worker has stored them

# --- Who is there.
PRESENCE_SECONDS = 10  # between two looks of one process at who is in its rooms
PRESENCE_KEPT_SECONDS = 45  # what a process said is believed for so long; it says it again before
PRESENCE_MAX = 1_000  # people of one process in one room that are named
PRESENCE_READ_SECONDS = 5  # a list that was read is shown to others for so long

# --- Garbage collection of a gateway: new objects, and collections of the younger ones, before one is due. Cycles are
# few, since connections are taken apart when they end.
GARBAGE_THRESHOLDS = (10_000, 20, 50)

# --- What is remembered.
CALLS_AT_ONCE = 200  # of scripts in one pipeline: Redis is busy with them for some milliseconds
HISTORY_ON_JOIN = 100  # messages (requirement C8)
HISTORY_LENGTH = 500  # messages kept in Redis for readers who come back with since=
RESUMED_AT_ONCE = 1_000  # readers who come back to a room and are served by one look at its history
NONCE_SECONDS = 600  # a client that retries later than this is a new message
ROOM_KEYS_SECONDS = 7 * 86_400  # a room nobody spoke in for a week starts empty
LOG_LENGTH = 50_000  # messages waiting for PostgreSQL: more than an hour of outage at 10 a second
ROOM_FACTS_SECONDS = 30  # how long a process trusts what it knows of a channel
ROOM_FACTS_KEPT = 10_000
CHANGED_USERS_KEPT = 10_000  # whose change is noted; forgotten ones are looked up when they connect again

# --- Fan-out (reference: measured designs).
FLUSH_TICK_SECONDS = 0.05  # between two writes to one viewer: nobody reads faster, and one send costs as much as ten
CLOCK_SECONDS = 0.001  # how exact uvloop's time is: a turn that is due so soon is due
SLICE_VIEWERS = 250  # written to in one turn of the event loop: some 2 ms, in which nothing else is done
PENDING_MAX = 2_000  # room events one process holds back while it fetches missed ones
ROOM_IDLE_SECONDS = 30  # a subscription outlives its last viewer by this: people reload pages
SLOW_BUFFER_BYTES = 65_536  # a viewer with more unsent than this loses messages instead of costing memory
SLOW_DRAINED_BYTES = 8_192  # below this a slow viewer is told what he missed and is served again
SLOW_SECONDS = 18  # slow for longer: disconnected; with the time to notice and to say goodbye it stays below 30
SOCKET_SEND_BUFFER_BYTES = 65_536  # the kernel otherwise grows it to 4 MB and hides a slow viewer
FALLBACK_QUEUE_LENGTH = 200  # frames, where the server gives us no transport

# --- Rooms that are faster than anybody reads (how fast is a setting: CHAT_SHOWN_PER_SECOND).
SAMPLED_WINDOW_SECONDS = 1.0  # over which a room's pace is measured: a single burst of a screenful is no pace
SAMPLED_END_SECONDS = 5.0  # slow for so long, and all is shown again: the notice must not flicker

# --- Without a WebSocket.
LONG_POLL_SECONDS = 25  # a request without news waits so long: shorter than what proxies allow
EVENT_STREAM_RETRY_MS = 2_000  # before a browser comes back to a stream that ended
REFUSED_RETRY_SECONDS = 5  # for who comes to a process that is going away

# --- Keepalive (requirement C7).
PING_SECONDS = 30
PONG_SECONDS = 10
CLOSE_SECONDS = 5  # how long a closing socket may take to say goodbye

# --- Redis.
REDIS_CONNECTIONS = 32  # commands in flight per process
REDIS_COMMAND_SECONDS = 2  # then the sender is told to try again; his nonce keeps the retry from doubling
REDIS_CLUSTER_CONNECTIONS = 256  # of one process to one master; unlike one server's pool, a cluster's lets nobody wait
REDIS_LOG_SECONDS = 10  # the log worker reads a thousand messages at once, and nobody waits for it
REDIS_PING_SECONDS = 5
FEEDS_LOOK_SECONDS = 1  # between two looks at who a cluster's masters are
OPEN_WAIT_SECONDS = 1  # how long a reader waits for Redis before he gets what the process knows
RECONNECT_FIRST_SECONDS = 0.1
RECONNECT_MAX_SECONDS = 2.0

# --- The relay of a node.
RELAY_BUFFER_BYTES = 8_388_608  # unsent to one gateway before it is cut off: seconds of the hottest rooms
RELAY_COMMAND_BYTES = 65_536
RELAY_WORDS_MAX = 1_000  # of one command

# --- The log on its way to PostgreSQL.
LOG_ROOM_NOTED_SECONDS = 60  # how often a publisher renews a room's place on the list the log worker reads
LOG_ROOM_RETRY_SECONDS = 5  # after it could not, in a cluster
LOG_ROOM_FORGOTTEN_SECONDS = 600  # how long an empty log stays on that list
LOG_BATCH = 1_000  # rows in one INSERT
LOG_BATCHES_PER_RUN = 50
LOG_MONTHS_AHEAD = 2  # partitions that exist before they are needed
LOG_FIRST_YEAR = 2020  # nothing was said before
SEARCH_REACH = 20_000  # messages one question looks at: some 50 ms
LOG_AROUND = 25  # messages after one that is looked at among its neighbours
SEARCH_TEXT_MAX = 100  # characters
PAGE_MESSAGES_MAX = 200

# --- Looking up rooms and people.
DIRECTORY_THREADS = 4
IDENTITIES_AT_ONCE = 200  # who connects while a query runs is looked up by the next one, together
ORDERS_KEPT = 1_000  # to sign someone out, for those who were on their way in when it came
DIRECTORY_FUSE_SECONDS = 2  # after a failed query: a reconnect storm must not queue up behind time-outs
SIGN_IN_AGAIN_SECONDS = (3, 6, 15, 30, 60)  # at most, between looks for who came while the database was away or busy
DIRECTORY_WAIT_SECONDS = 2.0  # a query takes milliseconds; a viewer who waits longer had better read as nobody
