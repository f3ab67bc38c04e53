"""Routes of channels and broadcasts in the API."""

from django.urls import path

from streaming.views import api, playback, raid_api, schedule_api, search, watching

urlpatterns = [
    # /api/v1/streams…
    path("streams", api.streams, name="api_streams"),
    path("streams/<str:name>", api.stream, name="api_stream"),
    path("streams/<str:name>/playback", playback.stream_playback, name="api_stream_playback"),
    path("streams/<str:name>/watching", watching.stream_watching, name="api_stream_watching"),
    path("streams/<str:name>/end", api.stream_end, name="api_stream_end"),
    # /api/v1/search…
    path("search", search.api_search, name="api_search"),
    path("search/suggestions", search.api_suggestions, name="api_suggestions"),
    # /api/v1/channels/<login>…
    path("channels/<str:login>", api.channel, name="api_channel"),
    path("channels/<str:login>/follow", api.channel_follow, name="api_channel_follow"),
    path("channels/<str:login>/recommendation", api.channel_recommendation, name="api_channel_recommendation"),
    path("channels/<str:login>/stream-key", api.channel_stream_key, name="api_channel_stream_key"),
    path("channels/<str:login>/health", api.channel_health_view, name="api_channel_health"),
    path("channels/<str:login>/audience", raid_api.channel_audience, name="api_channel_audience"),
    path("channels/<str:login>/schedule", schedule_api.channel_schedule, name="api_channel_schedule"),
    # /api/v1/raids…
    path("raids", raid_api.raids, name="api_raids"),
    path("raids/now", raid_api.raids_now, name="api_raids_now"),
]
