"""What services refuse, as the pages of the site answer it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.http import Http404

from common.errors import NotAllowed, NotThere


@contextmanager
def as_page_errors() -> Iterator[None]:
    """NotThere becomes 404, NotAllowed 403; as a decorator or around a block."""
    try:
        yield
    except NotThere as error:
        raise Http404(error.text) from None
    except NotAllowed as error:
        raise PermissionDenied(error.text) from None
