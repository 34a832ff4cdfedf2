import os

import pytest

from rejectnlp.errors import RejectNLPError
from rejectnlp.workers import map_in_order


def die(_):
    os._exit(1)


def take(_):
    pass


@pytest.mark.slow
def test_results_come_in_the_order_of_the_chunks():
    chunks = [list(range(n)) for n in range(40)]
    assert list(map_in_order(len, chunks, n_workers=2, start=take, given=(0,))) == list(range(40))


@pytest.mark.slow
def test_a_worker_that_dies_is_one_clear_message():
    with pytest.raises(RejectNLPError, match=r"a worker process died.*fewer --workers"):
        list(map_in_order(die, ["chunk"] * 9, n_workers=2, start=take, given=(0,)))


@pytest.mark.slow
def test_an_endless_input_is_not_read_ahead():
    taken = []

    def endless():
        for n in range(10**9):
            taken.append(n)
            yield "x" * n

    results = map_in_order(len, endless(), n_workers=2, start=take, given=(0,))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    results.close()
    assert len(taken) < 20
