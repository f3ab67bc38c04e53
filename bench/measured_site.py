"""The site's settings with a watch on the database: how many questions an answer took, and for how long."""

from config.settings import *  # noqa: F403  these, and one more middleware
from config.settings import MIDDLEWARE as _MIDDLEWARE

MIDDLEWARE = ["bench.query_watch.query_watch", *_MIDDLEWARE]
