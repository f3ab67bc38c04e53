"""Numbers of the account side, with their reasons."""

TOKEN_LENGTH = 36  # of 36 letters and digits: 186 bits, far beyond guessing
TOKEN_SHOWN_CHARACTERS = 8  # of the token, kept to recognise it by: 24 of its bits
MAX_TOKEN_LENGTH = 64  # ours have 40; anything longer is not looked up
MAX_TOKENS_PER_USER = 50
LAST_USED_SECONDS = 60  # how exact last_used_at is: one write a minute instead of one per request
