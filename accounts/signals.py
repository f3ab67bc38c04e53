"""Facts about accounts. They carry ids; whoever cares listens."""

from django.dispatch import Signal

user_created = Signal()  # user_id; sent inside the transaction that creates the user
user_suspended = Signal()  # user_id; sent after the commit
user_leaving = Signal()  # user_id; sent when the account is deleted: files and what is not one's own table go
user_renamed = Signal()  # user_id, former; sent after the commit
avatar_changed = Signal()  # user_id; sent after the commit
session_ended = Signal()  # user_id; sent after the commit
token_revoked = Signal()  # user_id; sent after the commit
