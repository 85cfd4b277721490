"""A cache of the tests' own, so that what earlier versions left plays no part."""

import pytest
from nnframe_numba.disk_cache import DIRECTORY_VARIABLE


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DIRECTORY_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield
