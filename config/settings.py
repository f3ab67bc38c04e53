"""All settings, read from the environment; every variable is described in docs/operating.md."""

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

from common.brand.colours import DARK, DEFAULT_ACCENTS, LIGHT, parse_accent, readable
from common.brand.errors import BrandError
from common.brand.parsing import parse_contact, parse_logo, parse_name, parse_pages
from common.environment import (
    env_choice,
    env_flag,
    env_float,
    env_int,
    env_list,
    env_networks,
    env_parsed,
    env_path,
    env_text,
    env_url,
)
from common.secret_key import derive_key, load_or_create_secret
from common.socket_paths import socket_directory
from transcode.encoders import ENCODERS
from transcode.errors import LadderError
from transcode.ladder import DEFAULT_LADDER_TEXT, parse_ladder

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where this stack lives: these three move everything, so that two stacks run side by side.
DATA_DIR = env_path("MILLRACE_DATA", BASE_DIR / "var")
PORT = env_int("MILLRACE_PORT", 8000, minimum=1, maximum=65_000)
RTMP_PORT = env_int("MILLRACE_RTMP_PORT", 1935, minimum=1, maximum=65_535)
SITE_PORT = env_int("MILLRACE_SITE_PORT", PORT + 1, minimum=1, maximum=65_535)
CHAT_PORT = env_int("MILLRACE_CHAT_PORT", PORT + 2, minimum=1, maximum=65_535)
ORIGIN_PORT = env_int("MILLRACE_ORIGIN_PORT", PORT + 3, minimum=1, maximum=65_535)
# Twitch's port for the stack that has the usual one; another one beside it has another.
IRC_PORT = env_int("MILLRACE_IRC_PORT", 6667 if PORT == 8000 else PORT + 4, minimum=1, maximum=65_535)
INGEST_HOOK_PORT = env_int("MILLRACE_HOOK_PORT", PORT + 8, minimum=1, maximum=65_535)
PROCESSES = env_list("MILLRACE_PROCESSES", [])  # those that run on this machine; none named: all

# --- TLS at the edge, and an edge on a machine of its own.
TLS_CERT = env_text("MILLRACE_TLS_CERT", "")
TLS_KEY = env_text("MILLRACE_TLS_KEY", "")
TLS_PORT = env_int("MILLRACE_TLS_PORT", 443, minimum=1, maximum=65_535)
ORIGIN_SHIELD = env_text("MILLRACE_ORIGIN_SHIELD", "")
ORIGIN_SHIELD_CA = env_path("MILLRACE_ORIGIN_SHIELD_CA", Path("/etc/ssl/certs/ca-certificates.crt"))
MEDIA_CACHE_MB = env_int("MILLRACE_MEDIA_CACHE_MB", 2048, minimum=16, maximum=10_000_000)

# --- Secrets. Everything secret is derived from one key, so that one file or variable is all to guard.
SECRET_KEY = env_text("MILLRACE_SECRET_KEY", "") or load_or_create_secret(DATA_DIR / "secret_key")
STREAM_KEY_PEPPER = derive_key(SECRET_KEY, "stream-key")
API_TOKEN_PEPPER = derive_key(SECRET_KEY, "api-token")
# The key pushes are signed with. Another one than before: every browser has to be asked again.
VAPID_PRIVATE_KEY = env_text("MILLRACE_VAPID_PRIVATE_KEY", "")
VAPID_SEED = derive_key(SECRET_KEY, "vapid")  # the key is made of it when none is given
PLAYBACK_SIGNING_KEY = derive_key(SECRET_KEY, "playback-token")
SECOND_STEP_KEY = derive_key(SECRET_KEY, "second-step")
INGEST_HOOK_SECRET = derive_key(SECRET_KEY, "ingest-hook").hex()

# --- How the site is reached.
DEBUG = env_flag("MILLRACE_DEBUG", default=False)
SITE_URL = env_text(
    "MILLRACE_SITE_URL", f"https://127.0.0.1:{TLS_PORT}" if TLS_CERT else f"http://127.0.0.1:{PORT}"
).rstrip("/")
PUBLIC_RTMP_URL = env_text("MILLRACE_PUBLIC_RTMP_URL", "")  # empty: from the host name the page was asked for


def _own_names() -> list[str]:
    """Names and addresses this machine answers to, so that a phone in the same network can open the site."""
    names = ["localhost", "127.0.0.1", "[::1]", socket.gethostname()]
    try:
        addresses = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        addresses = []
    return [*names, *(str(address[4][0]) for address in addresses)]


ALLOWED_HOSTS = [*env_list("MILLRACE_HOSTS", _own_names()), "127.0.0.1"]  # hooks and health checks come from here
SECURE = SITE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE or TLS_CERT else None  # set by our nginx
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
if SECURE:  # browsers take these from this very host alone, not from a neighbour in its domain (RFC 6265bis 4.1.3.2)
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # the edge leads to HTTPS; hooks and health checks of this machine do not
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- What the site is called and looks like, and what its pages about, terms, rules and privacy say.
SITE_NAME = env_parsed("MILLRACE_SITE_NAME", "Millrace", parse_name, nonsense=BrandError)
ACCENT = env_parsed(
    "MILLRACE_ACCENT", DEFAULT_ACCENTS["dark"], lambda text: parse_accent(text, DARK), nonsense=BrandError
)
ACCENT_LIGHT = env_parsed(
    "MILLRACE_ACCENT_LIGHT",
    readable(ACCENT, LIGHT) if DEFAULT_ACCENTS["dark"] != ACCENT else DEFAULT_ACCENTS["light"],
    lambda text: parse_accent(text, LIGHT),
    nonsense=BrandError,
)
LOGO = env_parsed("MILLRACE_LOGO", "", parse_logo, nonsense=BrandError)
PAGES = env_parsed("MILLRACE_PAGES", "", parse_pages, nonsense=BrandError)
CONTACT = env_parsed("MILLRACE_CONTACT", "", parse_contact, nonsense=BrandError)

# --- State: PostgreSQL, Redis, object storage.
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": env_text("MILLRACE_DB_NAME", "millrace"),
        "USER": env_text("MILLRACE_DB_USER", "millrace"),
        "PASSWORD": env_text("MILLRACE_DB_PASSWORD", ""),
        "HOST": env_text(
            "MILLRACE_DB_HOST", str(socket_directory(DATA_DIR / "postgres"))
        ),  # a directory is a Unix socket
        "PORT": env_text("MILLRACE_DB_PORT", ""),
        "OPTIONS": {
            "pool": {"min_size": 0, "max_size": env_int("MILLRACE_DB_POOL", 10, minimum=1, maximum=200), "timeout": 5},
            "connect_timeout": 3,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env_text("MILLRACE_REDIS_URL", f"unix://{socket_directory(DATA_DIR / 'redis') / 'redis.sock'}?db=0")
# Any node of a cluster: chat lives there, and nothing else.
CHAT_REDIS_CLUSTER = env_url("MILLRACE_CHAT_REDIS_CLUSTER", "", schemes=("redis", "rediss"))
CHAT_FEED_URL = env_text("MILLRACE_CHAT_FEED_URL", REDIS_URL)  # a relay, where there is one
# Live media's Redis is another one: a minute of video that needs no disk and may be lost. Who brings an own Redis gets
# both in it, unless this says otherwise.
LIVE_REDIS_LISTEN = env_text("MILLRACE_LIVE_REDIS_LISTEN", "")  # address:port for edges on other machines
LIVE_REDIS_PASSWORD = env_text("MILLRACE_LIVE_REDIS_PASSWORD", "")
_password = f"&password={quote(LIVE_REDIS_PASSWORD)}" if LIVE_REDIS_PASSWORD else ""
_own_live_redis = f"unix://{socket_directory(DATA_DIR / 'live-redis') / 'redis.sock'}?db=0{_password}"
LIVE_REDIS_URL = env_text("MILLRACE_LIVE_REDIS_URL", env_text("MILLRACE_REDIS_URL", _own_live_redis))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
}
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/"  # only MEDIA_ROOT/previews is public; broadcasts go through signed addresses
STATIC_ROOT = DATA_DIR / "static"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.staticfiles.BrowserPackagesFinder",
]
# Recordings and pictures are on this disk, or in a private bucket of an S3 service.
S3_BUCKET = env_text("MILLRACE_S3_BUCKET", "")
_on_s3 = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": env_text("MILLRACE_S3_ENDPOINT", "") or None,
    "region_name": env_text("MILLRACE_S3_REGION", "us-east-1"),
    "access_key": env_text("MILLRACE_S3_ACCESS_KEY", ""),
    "secret_key": env_text("MILLRACE_S3_SECRET_KEY", ""),
    "addressing_style": env_choice("MILLRACE_S3_ADDRESSING", "path", choices=("path", "virtual")),
}
_on_disk = {"location": MEDIA_ROOT}


def _tier(name: str, directory: str, bucket: str) -> dict[str, dict[str, Any]]:
    """Storage of older recordings, on another disk or in another bucket of the same service, if there is one."""
    if directory:
        return {name: {"BACKEND": "common.storage.WholeFileStorage", "OPTIONS": {"location": directory}}}
    if bucket:
        options = {**_on_s3, "bucket_name": bucket}
        return {name: {"BACKEND": "common.object_storage.ObjectStorage", "OPTIONS": options}}
    return {}


KEEP_DAYS = {  # of recordings, by the class of their channel; 0: for good
    "everyone": env_float("MILLRACE_KEEP_DAYS_EVERYONE", 0, minimum=0, maximum=36_500),
    "affiliate": env_float("MILLRACE_KEEP_DAYS_AFFILIATE", 0, minimum=0, maximum=36_500),
    "partner": env_float("MILLRACE_KEEP_DAYS_PARTNER", 0, minimum=0, maximum=36_500),
}
QUOTA_BYTES = {  # of a channel's videos, by its class; 0: as much as it likes
    "everyone": round(env_float("MILLRACE_QUOTA_GB_EVERYONE", 0, minimum=0, maximum=1e6) * 2**30),
    "affiliate": round(env_float("MILLRACE_QUOTA_GB_AFFILIATE", 0, minimum=0, maximum=1e6) * 2**30),
    "partner": round(env_float("MILLRACE_QUOTA_GB_PARTNER", 0, minimum=0, maximum=1e6) * 2**30),
}
HOT_DAYS = env_float("MILLRACE_HOT_DAYS", 7, minimum=0, maximum=36_500)
DROP_RENDITIONS_DAYS = env_float("MILLRACE_DROP_RENDITIONS_DAYS", 0, minimum=0, maximum=36_500)  # 0: never
WARM_DAYS = env_float("MILLRACE_WARM_DAYS", 30, minimum=0, maximum=36_500)
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "common.object_storage.ObjectStorage", "OPTIONS": _on_s3}
    if S3_BUCKET
    else {"BACKEND": "common.storage.WholeFileStorage", "OPTIONS": _on_disk},
    **_tier("warm", env_text("MILLRACE_WARM_DIR", ""), env_text("MILLRACE_WARM_BUCKET", "")),
    **_tier("cold", env_text("MILLRACE_COLD_DIR", ""), env_text("MILLRACE_COLD_BUCKET", "")),
    "staticfiles": {"BACKEND": "config.staticfiles.HashedModuleStorage"},
}
# The origin keeps the live edge in memory-backed files, where nginx sends them from.
LIVE_EDGE_DIR = env_path("MILLRACE_LIVE_EDGE", Path(f"/dev/shm/millrace-{PORT}"))  # noqa: S108
INGEST_CONTROL_SOCKET = DATA_DIR / "ingest" / "control.sock"

# --- Media.
PART_TARGET_SECONDS = env_float("MILLRACE_PART_SECONDS", 0.35, minimum=0.1, maximum=2.0)
TARGET_DURATION_SECONDS = env_int("MILLRACE_SEGMENT_SECONDS", 2, minimum=2, maximum=10)
ENCODER = env_choice("MILLRACE_ENCODER", "auto", choices=ENCODERS)
LADDER = env_parsed("MILLRACE_LADDER", DEFAULT_LADDER_TEXT, parse_ladder, nonsense=LadderError)
MAX_TRANSCODED_RUNGS = env_int("MILLRACE_TRANSCODED_RUNGS", 3, minimum=0, maximum=6)
# 1440 lines: what gamers stream at most, still passed through cheaply; decoding 4K for the smaller qualities costs a
# machine without a GPU several cores. 12 Mbit/s is what the large sites recommend for it.
SOURCE_MAX_HEIGHT = env_int("MILLRACE_SOURCE_MAX_HEIGHT", 1440, minimum=160, maximum=8640)
SOURCE_MAX_FPS = env_int("MILLRACE_SOURCE_MAX_FPS", 60, minimum=10, maximum=240)
SOURCE_MAX_KBPS = env_int("MILLRACE_SOURCE_MAX_KBPS", 12_000, minimum=100, maximum=200_000)
SOURCE_OVER_LIMIT = env_choice("MILLRACE_SOURCE_OVER_LIMIT", "refuse", choices=("refuse", "cap"))
DVR_SECONDS = env_int("MILLRACE_DVR_SECONDS", 4 * 3600, minimum=0, maximum=86_400)
RECONNECT_GRACE_SECONDS = env_int("MILLRACE_RECONNECT_GRACE", 30, minimum=0, maximum=1800)
CONSOLIDATE_AFTER_SECONDS = env_int("MILLRACE_CONSOLIDATE_AFTER", 120, minimum=0, maximum=30 * 86_400)
PLAYBACK_TOKEN_SECONDS = env_int("MILLRACE_PLAYBACK_TOKEN_SECONDS", 6 * 3600, minimum=10, maximum=86_400)

# --- Uploads: what one video file may be. Both bound what a broadcast of a long day comes to.
UPLOAD_MAX_GB = env_int("MILLRACE_UPLOAD_MAX_GB", 20, minimum=0, maximum=10_000)  # 0: no uploads
UPLOAD_MAX_HOURS = env_int("MILLRACE_UPLOAD_MAX_HOURS", 12, minimum=1, maximum=48)
UPLOADS_DIR = DATA_DIR / "uploads"

# --- Live workers: what this machine is and what it carries.
LIVE_MACHINE = env_text("MILLRACE_MACHINE", socket.gethostname())
LIVE_QUEUE = env_choice("MILLRACE_LIVE_QUEUE", "auto", choices=("auto", "live.cpu", "live.gpu"))
# Two cores carry three 720p30 broadcasts with three rungs each; heavier ones shed a rung (transcode/rung_policy.py).
LIVE_SLOTS = env_int("MILLRACE_LIVE_SLOTS", max((os.cpu_count() or 1) * 3 // 2, 1), minimum=0, maximum=1000)
LIVE_BROADCASTS = env_int("MILLRACE_LIVE_BROADCASTS", 8, minimum=1, maximum=500)

# --- Audience.
VIEWERS_PER_ADDRESS = env_int("MILLRACE_VIEWERS_PER_ADDRESS", 100, minimum=1, maximum=1_000_000)  # of one broadcast
RAID_SECONDS = env_int("MILLRACE_RAID_SECONDS", 90, minimum=10, maximum=600)

# --- Chat.
CHAT_KEEP_DAYS = env_int("MILLRACE_CHAT_KEEP_DAYS", 0, minimum=0, maximum=36_500)  # 0: for good
CHAT_DRAIN_SECONDS = env_float("MILLRACE_CHAT_DRAIN_SECONDS", 0, minimum=0, maximum=600)
CHAT_MESSAGES_PER_MINUTE = env_int("MILLRACE_CHAT_USER_RATE", 20, minimum=1, maximum=100_000)  # one viewer, one room
CHAT_SHOWN_PER_SECOND = env_int("MILLRACE_CHAT_SHOWN_PER_SECOND", 400, minimum=0, maximum=10_000)  # 0: everything
CHAT_CHANNEL_EMOTES = env_int("MILLRACE_CHAT_CHANNEL_EMOTES", 60, minimum=0, maximum=1_000)

# --- What people are told.
NOTIFICATIONS_KEEP_DAYS = env_int("MILLRACE_NOTIFICATIONS_KEEP_DAYS", 60, minimum=1, maximum=3_650)
REPORTS_KEEP_DAYS = env_int("MILLRACE_REPORTS_KEEP_DAYS", 365, minimum=1, maximum=36_500)  # from the decision on
GO_LIVE_QUIET_MINUTES = env_int("MILLRACE_GO_LIVE_QUIET_MINUTES", 30, minimum=0, maximum=1_440)
MAIL_DIGEST_MINUTES = env_int("MILLRACE_MAIL_DIGEST_MINUTES", 60, minimum=1, maximum=10_080)
# Networks that users may make us ask although they are not the internet's, such as that of a push service of one's own.
OUTBOUND_NETWORKS = env_networks("MILLRACE_OUTBOUND_NETWORKS")

# --- Django.
INSTALLED_APPS = [
    "daphne",
    "config.staff_admin.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "accounts",
    "transcode",
    "streaming",
    "chat",
    "vod",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionsMiddleware",
    "common.outage.OutageMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.notifications.context.bell",
                "streaming.views.context.left_rail",
            ],
            "builtins": ["common.brand.tags"],
        },
    }
]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'", "ws:", "wss:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# --- E-mail.
EMAIL_HOST = env_text("MILLRACE_EMAIL_HOST", "")
EMAIL_PORT = env_int("MILLRACE_EMAIL_PORT", 587, minimum=1, maximum=65_535)
EMAIL_HOST_USER = env_text("MILLRACE_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env_text("MILLRACE_EMAIL_PASSWORD", "")
_email_tls = env_choice("MILLRACE_EMAIL_TLS", "starttls", choices=("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _email_tls == "starttls", _email_tls == "tls"
EMAIL_TIMEOUT = 20  # seconds
EMAIL_BACKEND = env_text(
    "MILLRACE_EMAIL_BACKEND", f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
)
DEFAULT_FROM_EMAIL = env_text("MILLRACE_EMAIL_FROM", "millrace@localhost")

# --- People.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login", "email", "display_name")},
    },
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USERNAME_VALIDATORS = "accounts.validators.login_validators"
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
# Without a mail server nobody could confirm an address; with one, nobody is in before he has: that also keeps sign-up
# from telling whether an address is known here.
ACCOUNT_EMAIL_VERIFICATION = env_choice(
    "MILLRACE_EMAIL_CONFIRMATION", "mandatory" if EMAIL_HOST else "optional", choices=("mandatory", "optional")
)
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True  # one address; another takes its place once it is confirmed
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the others end, because their hash does; this one stays
ACCOUNT_EMAIL_NOTIFICATIONS = True  # the owner hears of what is changed in his account
# A try counts for the address it comes from and for account and address together (adapter.py), never for the account
# alone: nobody can lock somebody else out. A reset counts for the mailbox, too, so that nobody is flooded with mail.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,100/h/ip,5/300s/key",
    "signup": "20/h/ip",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
}
ALLAUTH_RATE_LIMIT_IPV6_PREFIX = 64  # what one customer has
MFA_ADAPTER = "accounts.second_step.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = not EMAIL_HOST  # where nobody can confirm one
MFA_TOTP_TOLERANCE = 1  # steps of 30 s that a phone's clock may be off
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # browsers themselves ask for HTTPS, but on localhost
STAFF_SECOND_STEP = env_flag("MILLRACE_STAFF_SECOND_STEP", default=SECURE)
USERSESSIONS_ADAPTER = "accounts.sessions.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = True  # accounts.middleware says how often
SIGN_UP = env_choice("MILLRACE_SIGN_UP", "open", choices=("open", "invite", "closed"))
ALLAUTH_TRUSTED_PROXY_COUNT = 1  # the edge; without it every visitor would share one login rate limit
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

# --- API.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api_authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api_parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "accounts.api_schema.ScopedSchema",
    "DEFAULT_THROTTLE_CLASSES": ["common.api_throttles.ReadThrottle", "common.api_throttles.WriteThrottle"],
    "EXCEPTION_HANDLER": "common.api.exception_handler",
    "NUM_PROXIES": 1,
}
SPECTACULAR_SETTINGS = {"TITLE": f"{SITE_NAME} API", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# --- Work.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # a late-acked task is redelivered by Redis while it still runs
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
# What takes minutes has workers of its own: chat's log, previews and clips do not wait behind it. So has what tells
# many people something (SQL only, milliseconds a batch), and what waits for push services and mail servers.
_QUEUES = {
    "archive": (
        "accounts.prune_notifications",
        "accounts.prune_reports",
        "accounts.remove_leavers",
        "accounts.write_export",
        "streaming.find_neighbours",
        "streaming.repair_search",
        "transcode.tasks.consolidate_recording",
        "transcode.tasks.move_recordings",
        "transcode.tasks.thin_recordings",
        "vod.make_highlight",
        "vod.make_waiting_highlights",
        "vod.count_usage",
        "vod.purge_recordings",
        "vod.repair_search",
        "vod.work_on_uploads",
        "vod.write_download",
    ),
    "notices": (
        "streaming.announce_to_followers",
        "streaming.tell_of_follower",
        "streaming.resume_go_live_notices",
    ),
    "outward": ("accounts.send_digests", "accounts.send_pushes"),
}
CELERY_TASK_ROUTES = {name: {"queue": queue} for queue, names in _QUEUES.items() for name in names}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "reconcile-live": {"task": "transcode.tasks.reconcile_live", "schedule": 0.5, "options": {"expires": 2}},
    "reconcile-broadcasts": {"task": "streaming.reconcile_broadcasts", "schedule": 1.0, "options": {"expires": 2}},
    "count-viewers": {"task": "streaming.count_viewers", "schedule": 5.0, "options": {"expires": 5}},
    "send-digests": {"task": "accounts.send_digests", "schedule": 60.0, "options": {"expires": 50}},
    "prune-notifications": {"task": "accounts.prune_notifications", "schedule": 3600.0, "options": {"expires": 600}},
    "prune-reports": {"task": "accounts.prune_reports", "schedule": 3600.0, "options": {"expires": 600}},
    "resume-go-live-notices": {
        "task": "streaming.resume_go_live_notices",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "choose-hosts": {"task": "streaming.choose_hosts", "schedule": 2.0, "options": {"expires": 4}},
    "index-live-channels": {"task": "streaming.index_live_channels", "schedule": 60.0, "options": {"expires": 50}},
    "repair-search": {"task": "streaming.repair_search", "schedule": 6 * 3600.0, "options": {"expires": 3600}},
    "repair-search-of-recordings": {
        "task": "vod.repair_search",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "find-neighbours": {"task": "streaming.find_neighbours", "schedule": 6 * 3600.0, "options": {"expires": 3600}},
    "update-storyboards": {"task": "transcode.tasks.update_storyboards", "schedule": 20.0, "options": {"expires": 15}},
    "consolidate-recordings": {
        "task": "transcode.tasks.consolidate_recordings",
        "schedule": 20.0,
        "options": {"expires": 15},
    },
    "move-recordings": {"task": "transcode.tasks.move_recordings", "schedule": 60.0, "options": {"expires": 50}},
    "thin-recordings": {"task": "transcode.tasks.thin_recordings", "schedule": 3600.0, "options": {"expires": 600}},
    "create-missing-vods": {"task": "vod.create_missing_vods", "schedule": 10.0, "options": {"expires": 10}},
    "purge-recordings": {"task": "vod.purge_recordings", "schedule": 600.0, "options": {"expires": 300}},
    "expire-recordings": {"task": "vod.expire_recordings", "schedule": 3600.0, "options": {"expires": 600}},
    "count-usage": {"task": "vod.count_usage", "schedule": 600.0, "options": {"expires": 300}},
    "write-views": {"task": "vod.write_views", "schedule": 10.0, "options": {"expires": 10}},
    "look-after-waiters": {"task": "vod.look_after_waiters", "schedule": 60.0, "options": {"expires": 60}},
    "remove-old-downloads": {"task": "vod.remove_old_downloads", "schedule": 600.0, "options": {"expires": 300}},
    "make-waiting-highlights": {
        "task": "vod.make_waiting_highlights",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "look-after-clips": {"task": "vod.look_after_clips", "schedule": 5.0, "options": {"expires": 5}},
    "work-on-uploads": {"task": "vod.work_on_uploads", "schedule": 10.0, "options": {"expires": 10}},
    "chat-polls": {"task": "chat.look_after_polls", "schedule": 1.0, "options": {"expires": 5}},
    "keep-chat-log": {"task": "chat.keep_log_partitions", "schedule": 600.0, "options": {"expires": 300}},
    "remove-old-exports": {"task": "accounts.remove_old_exports", "schedule": 3600.0, "options": {"expires": 600}},
    "remove-leavers": {"task": "accounts.remove_leavers", "schedule": 600.0, "options": {"expires": 300}},
    "persist-chat": {"task": "chat.persist_room_logs", "schedule": 2.0, "options": {"expires": 10}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env_text("MILLRACE_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "transcode.encoder_trials": {"level": "INFO"},  # one line per live worker, which Celery's `-l` must not hide
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
    },
}
