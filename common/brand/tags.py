"""What every template knows without asking: name, mark and colours. Built in, so that error pages have them too."""

from typing import Any

from django import template
from django.conf import settings

from common.brand import current, mark
from common.brand.colours import DARK, LIGHT

register = template.Library()


@register.simple_tag
def site_name() -> str:
    return str(settings.SITE_NAME)


@register.simple_tag
def site_contact() -> str:
    """A link, or nothing."""
    return str(settings.CONTACT)


@register.inclusion_tag("brand/head.html")
def brand_head() -> dict[str, Any]:
    """Icons, manifest, and the operator's colours: after the other sheets."""
    return {"version": current.version(), "own_accents": current.has_own_accents()}


@register.inclusion_tag("brand/theme_color.html")
def theme_color() -> dict[str, Any]:
    """Before theme.js, which sets it for the theme it chooses."""
    return {"dark": DARK.surfaces[1], "light": LIGHT.surfaces[1]}


@register.inclusion_tag("brand/logo.html")
def brand_logo() -> dict[str, Any]:
    """Mark and name, or the operator's logo."""
    return {
        "name": settings.SITE_NAME,
        "path": mark.PATH,
        "own": settings.LOGO is not None,
        "version": current.version(),
    }
