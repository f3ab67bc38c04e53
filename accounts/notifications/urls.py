"""Routes of notifications."""

from django.urls import path

from accounts.notifications import api, pages

urlpatterns = [
    # /sw.js /notifications…
    path("sw.js", pages.service_worker, name="service_worker"),
    path("notifications", pages.inbox, name="notifications"),
    path("notifications/<int:happening_id>", pages.open_one, name="notification"),
    path("notifications/read", pages.read_all, name="notifications_read"),
    path("notifications/unsubscribe/<str:token>", pages.unsubscribe, name="notification_unsubscribe"),
    # /accounts/notifications/…
    path("accounts/notifications/", pages.preferences, name="notification_preferences"),
    path("accounts/notifications/browsers/<int:subscription_id>", pages.forget_browser, name="notification_browser"),
    # /api/v1/notifications…
    path("api/v1/notifications", api.notifications, name="api_notifications"),
    path("api/v1/notifications/read", api.notifications_read, name="api_notifications_read"),
    path("api/v1/notifications/preferences", api.preferences, name="api_notification_preferences"),
    path("api/v1/notifications/push", api.push_subscription, name="api_push"),
]
