"""Notes where a session was seen last, for the list of one's sessions."""

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.limits import SESSION_SEEN_SECONDS
from accounts.redis_keys import session_seen
from common.redis import redis_client


class SessionsMiddleware:
    """One write in some minutes instead of one for each request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Only where the view asked who it is: a request that needs no session costs none.
        if "_auth_user_id" in getattr(request.session, "_session_cache", ()) and request.user.is_authenticated:
            self._note(request)
        return response

    def _note(self, request: HttpRequest) -> None:
        key = request.session.session_key
        try:
            is_news = key and redis_client().set(session_seen(key), 1, nx=True, ex=SESSION_SEEN_SECONDS)
        except RedisError:
            return  # the list is less exact for a while
        if is_news and not UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now()):
            UserSession.objects.create_from_request(request)  # from before there were lists
