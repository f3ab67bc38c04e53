"""Numbers of the account side, with their reasons."""

TOKEN_LENGTH = 36  # of 36 letters and digits: 186 bits, far beyond guessing
CHAT_TOKEN_LENGTH = 27  # after its mark: 30 in all, as Twitch's are; 139 bits
CLIENT_ID_LENGTH = 30  # as Twitch's are
TOKEN_SHOWN_CHARACTERS = 8  # of the token, kept to recognise it by: 24 of its bits
MAX_TOKEN_LENGTH = 64  # ours have 40; anything longer is not looked up
MAX_TOKENS_PER_USER = 50
LAST_USED_SECONDS = 60  # how exact last_used_at is: one write a minute instead of one per request
LASTING_TOKEN_SECONDS = 60 * 86_400  # what a token without an end is said to be good for, whenever it is asked
HELIX_REQUESTS = 800  # a minute and token, as Twitch allows
HELIX_USERS_MAX = 100  # in one question
