"""The real settings, without the policy that would stop a script which a page let through."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.chat.whole_site"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
MIDDLEWARE.remove("csp.middleware.CSPMiddleware")  # noqa: F405
