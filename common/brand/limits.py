"""Bounds of a brand."""

NAME_MAX = 40  # characters; longer names push the header's buttons off a phone
CONTACT_MAX = 200
LOGO_BYTES_MAX = 256_000  # sent with every first visit
LOGO_SIDE_MAX = 4096  # pixels
PAGE_BYTES_MAX = 256_000
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
ICON_CACHE_SECONDS = 86_400
