"""One S3 service for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.s3.radosgw import Radosgw


@pytest.fixture(scope="session")
def s3() -> Iterator[Radosgw]:
    with Radosgw() as service:
        yield service
