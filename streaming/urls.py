"""Routes of channels and the dashboard."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from streaming.views import browse, dashboard, following, pages, raids, schedule, search

urlpatterns = [
    # /
    path("", pages.front, name="front"),
    path("style", pages.style_page, name="style_page"),
    # /browse/… /search
    path("browse", browse.browse, name="browse"),
    path("browse/live", browse.browse_live, name="browse_live"),
    path("browse/tags/<str:tag>", browse.browse_live, name="browse_tag"),
    path("browse/<slug:slug>", browse.category, name="category"),
    path("search", search.search_page, name="search"),
    # /following
    path("following", following.following, name="following"),
    # /dashboard/…
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/end", dashboard.dashboard_end, name="dashboard_end"),
    path("dashboard/marker", dashboard.dashboard_marker, name="dashboard_marker"),
    path("dashboard/raid", raids.dashboard_raid, name="dashboard_raid"),
    path("dashboard/raid/now", raids.dashboard_raid_now, name="dashboard_raid_now"),
    path("dashboard/raid/cancel", raids.dashboard_raid_cancel, name="dashboard_raid_cancel"),
    path("dashboard/audience/", raids.dashboard_audience, name="dashboard_audience"),
    path("dashboard/setup/", dashboard.dashboard_setup, name="dashboard_setup"),
    # /dashboard/schedule/…
    path("dashboard/schedule/", schedule.dashboard_schedule, name="dashboard_schedule"),
    path("dashboard/schedule/zone", schedule.dashboard_schedule_zone, name="dashboard_schedule_zone"),
    path("dashboard/schedule/<int:entry_id>/", schedule.schedule_entry, name="schedule_entry"),
    path("dashboard/schedule/<int:entry_id>/remove", schedule.schedule_entry_remove, name="schedule_entry_remove"),
    path("dashboard/schedule/<int:entry_id>/skip", schedule.schedule_entry_skip, name="schedule_entry_skip"),
]

# Any single word is a channel's name, so these come after every other route of the site.
channel_urlpatterns = [
    # /<login>…
    re_path(r"^(?P<login>[A-Za-z0-9_]{3,25})$", pages.watch, name="watch"),
    re_path(r"^(?P<login>[A-Za-z0-9_]{3,25})/$", RedirectView.as_view(pattern_name="watch")),
    re_path(r"^(?P<login>[A-Za-z0-9_]{3,25})/follow$", pages.watch_follow, name="watch_follow"),
    re_path(r"^(?P<login>[A-Za-z0-9_]{3,25})/recommend$", following.watch_recommend, name="watch_recommend"),
    re_path(r"^(?P<login>[A-Za-z0-9_]{3,25})/about$", pages.about, name="channel_about"),
    re_path(r"^(?P<login>[A-Za-z0-9_]{3,25})/schedule$", schedule.channel_schedule, name="channel_schedule"),
    re_path(r"^(?P<login>[A-Za-z0-9_]{3,25})/schedule\.ics$", schedule.channel_calendar, name="channel_calendar"),
]
