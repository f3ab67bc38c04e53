"""Where static files come from: our own tree, and the browser packages npm installed."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage

# Static path -> file in node_modules. Only what a page really loads is published.
BROWSER_PACKAGE_FILES = {
    "vendor/hls.js/hls.min.js": "hls.js/dist/hls.min.js",
    "vendor/hls.js/hls.min.js.map": "hls.js/dist/hls.min.js.map",  # named in the file's last line
}


class HashedModuleStorage(ManifestStaticFilesStorage):
    """Names carry a content hash, also inside `import` statements, so they can be cached for ever."""

    support_js_module_import_aggregation = True
    manifest_strict = False


class BrowserPackagesFinder(BaseFinder):
    """Finds the files of BROWSER_PACKAGE_FILES under node_modules."""

    def __init__(self, app_names: Iterable[str] | None = None, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.BASE_DIR / "node_modules")

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        source = BROWSER_PACKAGE_FILES.get(path)
        found = settings.BASE_DIR / "node_modules" / source if source else None
        if found is None or not Path(found).exists():
            return [] if find_all else None
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        for path, source in BROWSER_PACKAGE_FILES.items():
            yield path, _RenamedFile(self.storage, source)


class _RenamedFile:
    """Lets collectstatic read `source` while storing it under the static path."""

    prefix = ""

    def __init__(self, storage: FileSystemStorage, source: str) -> None:
        self._storage, self._source = storage, source

    def open(self, _path: str) -> Any:
        return self._storage.open(self._source)

    def path(self, _path: str) -> str:
        return self._storage.path(self._source)

    def get_modified_time(self, _path: str) -> Any:
        return self._storage.get_modified_time(self._source)
