"""A database server that ends and comes back: refusals while it is away, and everything there afterwards."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from gatehouse.reads import LookupIncomplete, ReadBatch, StoreUnavailable, init_reads, open_reads
from tests.faults.read_writer import CAMERA, EACH, OWNER, lookups_of, rows_of
from tests.postgres import Own, needed, running


@pytest.fixture
def server() -> Iterator[Own]:
    needed()
    # Synchronous to the disk: crashes are among what the server goes through.
    with running(settings=()) as found:
        yield found


def test_store_is_whole_each_time_its_server_was_away(server: Own) -> None:
    url = server.new_database()
    init_reads(url)
    with closing(open_reads(url)) as store:
        assert store.add([ReadBatch(CAMERA, 1, rows_of(1))]) == [True]
        for number, how in enumerate((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL), 2):
            server.stop(how)
            with pytest.raises(LookupIncomplete):
                store.lookup(lookups_of(1), owners=[OWNER])
            with pytest.raises(StoreUnavailable):
                store.add([ReadBatch(CAMERA, number, rows_of(number))])
            server.restart()
            assert store.last_batch(CAMERA) == number - 1
            assert store.add([ReadBatch(CAMERA, number, rows_of(number))]) == [True]
            for had in range(1, number + 1):
                assert len(store.lookup(lookups_of(had), owners=[OWNER])) == EACH
