"""Where Celery looks for the tasks of accounts."""

from accounts.notifications.tasks import send_pushes

__all__ = ["send_pushes"]
