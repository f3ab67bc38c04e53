"""What can go wrong in chat, one sentence each."""


class ChatError(Exception):
    """Something about chat that its caller has to handle."""


class MalformedRequestError(ChatError):
    """A client sent something that is not a message of the protocol."""


class RoomUnavailableError(ChatError):
    """The room's Redis did not answer in time, so nothing is known to have been said."""


class RoomNotFoundError(ChatError):
    """There is no such room."""


class DirectoryUnavailableError(ChatError):
    """The database did not answer, so rooms and people cannot be looked up."""


class BadTokenError(ChatError):
    """The API token is unknown or revoked, or not for chat."""


class ForeignOriginError(ChatError):
    """The connection was opened by a page that is not ours, or carries a cookie without saying from where."""


class BadPollError(ChatError):
    """A poll cannot be asked like that."""


class StalePolicyError(ChatError):
    """The decision was made by a policy that has changed since."""


class GoingAwayError(ChatError):
    """This process is going away: another one takes whoever comes now."""
