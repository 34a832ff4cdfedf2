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
def test_workers_that_die_over_one_chunk_are_one_clear_message():
    with pytest.raises(RejectNLPError, match=r"died, and so did its successor.*fewer --workers"):
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


def die_the_first_time(path):
    if not os.path.exists(path):
        open(path, "w").close()
        os._exit(1)
    return "done"


@pytest.mark.slow
def test_what_a_worker_took_with_it_is_done_again(tmp_path):
    chunks = [str(tmp_path / str(n)) for n in range(3)]
    done = list(map_in_order(die_the_first_time, chunks, n_workers=1, start=take, given=(0,)))
    assert done == ["done"] * 3
