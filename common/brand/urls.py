"""Routes of what an installation is called and looks like."""

from django.urls import path

from common.brand import views

urlpatterns = [
    # /about /terms /rules /privacy /offline
    *(path(name, views.brand_page, {"name": name}, name=name) for name in views.TITLES),
    path("offline", views.offline, name="offline"),
    # /manifest.webmanifest /favicon.ico /icons/ /brand/
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("favicon.ico", views.brand_icon, {"name": "favicon.ico"}, name="favicon"),
    path("icons/<str:name>", views.brand_icon, name="brand_icon"),
    path("brand/colours.css", views.brand_css, name="brand_css"),
    path("brand/logo", views.brand_logo, name="brand_logo"),
]
