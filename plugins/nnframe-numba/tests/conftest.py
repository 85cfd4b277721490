"""A cache of the tests' own, so that what earlier versions left plays no part."""

import signal

import pytest
from nnframe_numba.disk_cache import DIRECTORY_VARIABLE

# A shell's background job ignores interrupts, which some tests send to themselves.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DIRECTORY_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield
