"""What can stand between a viewer and a recording."""

from common.errors import NotAllowed, NotThere


class ForSubscribers(NotAllowed, NotThere):
    """It is for subscribers: the API answers 403. Pages that only know of what is there and what is not answer 404."""

    code = "subscribers_only"
