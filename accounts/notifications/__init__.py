"""What people are told, and how: in the page, by push, by e-mail.

Whoever has news calls `notify_user` (one person) or `tell_users` (many, in batches); everything else follows from the
kind of the news and from what each person wants. The apps above need no more than these names.
"""

from accounts.notifications.kinds import Kind
from accounts.notifications.services import create_happening, notify_of_person, notify_user, tell_users

__all__ = ["Kind", "create_happening", "notify_of_person", "notify_user", "tell_users"]
