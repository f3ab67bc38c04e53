"""Numbers of the account side, with their reasons."""

TOKEN_LENGTH = 36  # of 36 letters and digits: 186 bits, far beyond guessing
CHAT_TOKEN_LENGTH = 27  # after its mark: 30 in all, as Twitch's are; 139 bits
CLIENT_ID_LENGTH = 30  # as Twitch's are
TOKEN_SHOWN_CHARACTERS = 8  # of the token, kept to recognise it by: 24 of its bits
MAX_TOKEN_LENGTH = 64  # ours have 40; anything longer is not looked up
MAX_TOKENS_PER_USER = 50
SCOPES_LENGTH = 600  # characters; all of them together have 320
TOKEN_DAYS_MAX = 3650
LAST_USED_SECONDS = 60  # how exact last_used_at is: one write a minute instead of one per request
LASTING_TOKEN_SECONDS = 60 * 86_400  # what a token without an end is said to be good for, whenever it is asked
HELIX_REQUESTS = 800  # a minute and token, as Twitch allows
HELIX_USERS_MAX = 100  # in one question

RENAME_EVERY_DAYS = 30  # a name that changes daily is one nobody can be held to
FORMER_LOGIN_DAYS = 180  # links and habits lead to the new name for so long, and nobody else can have the old one
LEFT_LOGIN_DAYS = 365  # of accounts that were deleted: nobody else is taken for who left
INVITATION_CODE_BYTES = 16
INVITATION_CODE_MAX = 64  # ours have 22 letters
INVITATION_DAYS, INVITATION_DAYS_MAX = 7, 90
INVITATIONS_AT_ONCE = 20  # links shown on one page of the admin
INVITATIONS_OPEN_MAX = 10_000
EXPORT_KEPT_DAYS = 7
EXPORT_EVERY_HOURS = 24
LEAVE_AFTER_DAYS = 14  # time to come back before an account is deleted
SESSION_SEEN_SECONDS = 300  # how exact the list of one's sessions is
SESSIONS_SHOWN = 50
AVATAR_BYTES = 4_000_000  # a photo of a phone, scaled down a little
AVATAR_SIDE_MIN, AVATAR_SIDE_MAX = 32, 4096
AVATAR_SIDES = (80, 300)  # pixels: beside a name on a sharp screen; what API clients show
EXPORT_ROWS_AT_ONCE = 2_000  # in memory
EXPORT_ROWS_MAX = 2_000_000  # of one table: a chat message every half a minute for two years
LEAVERS_AT_ONCE = 50  # accounts deleted in one run, of which there is one every ten minutes
