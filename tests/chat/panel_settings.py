"""The real settings with one page: the chat panel alone, served by the gateway's own process."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.chat.panel_page"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
TEMPLATES[0]["OPTIONS"]["context_processors"].remove("streaming.views.context.left_rail")  # type: ignore[index]  # noqa: F405
# The content security policy would stop a script that the panel let through, and with it the test that looks for one.
MIDDLEWARE.remove("csp.middleware.CSPMiddleware")  # noqa: F405
