"""Routes of what chat shows."""

from django.urls import re_path

from chat import views

_NAME, _SCALE = "(?P<name>[0-9a-f]{24})", "(?P<scale>[123])"

urlpatterns = [
    # /pictures/<name>/… /emoticons/v2/<name>/…
    re_path(rf"^pictures/{_NAME}/{_SCALE}x\.(?P<extension>webp|png|gif)$", views.picture, name="chat_picture"),
    re_path(
        rf"^emoticons/v2/{_NAME}/(?P<kind>default|static|animated)/(?:light|dark)/{_SCALE}\.0$",
        views.twitch_picture,
        name="twitch_picture",
    ),
]
