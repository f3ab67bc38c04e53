"""Everything that changes a category: its name, its picture, and becoming part of another.
Its totals are counted with the viewers (`audience.counts`)."""

import secrets

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from common.errors import InvalidInput
from common.pictures import PictureLimits, check_picture, encode_cover
from streaming.discovery.search_index import index_categories
from streaming.discovery_models import CategoryAlias, EntryKind, SearchEntry
from streaming.limits import CATEGORY_ART_BYTES_MAX, CATEGORY_ART_WIDTH
from streaming.models import Broadcast, Category, Channel

RESERVED_SLUGS = {"live", "tags"}  # pages below /browse/
_ART_LIMITS = PictureLimits(bytes=CATEGORY_ART_BYTES_MAX, side_min=100, side_max=4_000, pixels=16_000_000)
_ART_SIZE = (CATEGORY_ART_WIDTH, CATEGORY_ART_WIDTH * 4 // 3)


def save_category(*, category: Category) -> None:
    """Keep a new or changed category. Its old name in addresses still leads to it."""
    if category.slug in RESERVED_SLUGS:
        raise InvalidInput(f"The address /browse/{category.slug} is a page of its own. Choose another.")
    with transaction.atomic():
        before = Category.objects.filter(pk=category.pk).values_list("slug", flat=True).first()
        category.save()
        CategoryAlias.objects.filter(slug=category.slug).delete()  # an address of its own now
        if before is not None and before != category.slug:
            CategoryAlias.objects.create(slug=before, category=category)
        index_categories()


def merge_categories(*, source: Category, target: Category) -> None:
    """All that was in `source` is in `target` from now on; the addresses of `source` lead there."""
    if source.pk == target.pk:
        raise InvalidInput("A category cannot become part of itself.")
    with transaction.atomic():
        Channel.objects.filter(category=source).update(category=target)
        Broadcast.objects.filter(category=source).update(category=target)
        CategoryAlias.objects.filter(category=source).update(category=target)
        SearchEntry.objects.filter(category=source).exclude(kind=EntryKind.CATEGORY).update(category=target)
        CategoryAlias.objects.create(slug=source.slug, category=target)
        source.delete()
        index_categories()


def delete_category(*, category: Category) -> None:
    """What was in it is in none."""
    with transaction.atomic():
        category.delete()
        index_categories()


def read_art(data: bytes) -> bytes:
    """A stranger's file as a picture of ours. Raises InvalidInput."""
    return encode_cover(data, check_picture(data, _ART_LIMITS), _ART_SIZE)


def set_art(*, category: Category, picture: bytes) -> None:
    """Give it a picture that came from `read_art`."""
    # A name of its own each time: what caches keep of the old one is never shown for the new. Below `previews`, as all
    # pictures that everyone may see: that is what the edge serves.
    path = default_storage.save(f"previews/categories/{category.pk}-{secrets.token_hex(6)}.webp", ContentFile(picture))
    before, category.art_path = category.art_path, path
    Category.objects.filter(pk=category.pk).update(art_path=path)
    if before:
        transaction.on_commit(lambda: default_storage.delete(before), robust=True)
