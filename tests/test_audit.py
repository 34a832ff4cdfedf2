from dataclasses import replace

from rejectnlp.audit import find_suspects
from rejectnlp.codebook import read_codebook
from rejectnlp.settings import Settings


def test_a_label_that_was_swapped_is_among_the_first_suspects(rows):
    book = read_codebook()
    wrong = next(row for row in rows if row.labels == ("cold_interviewer",))
    swapped = replace(wrong, labels=("position_withdrawn",), evidence=())
    changed = [swapped if row.id == wrong.id else row for row in rows]
    suspects = find_suspects(changed, book, Settings(n_jobs=1), n=4)
    found = {(s.id, s.cause) for s in suspects}
    assert {(wrong.id, "position_withdrawn"), (wrong.id, "cold_interviewer")} & found
    assert len(suspects) == 4
    labels = {row.id: row.labels for row in changed}
    assert all(s.is_labelled == (s.cause in labels[s.id]) for s in suspects)


def test_the_test_part_is_left_alone(rows):
    held_out = [replace(row, split="test") if n % 5 == 0 else row for n, row in enumerate(rows)]
    kept = {row.id for row in held_out if row.split != "test"}
    suspects = find_suspects(held_out, read_codebook(), Settings(n_jobs=1), n=10)
    assert {s.id for s in suspects} <= kept
