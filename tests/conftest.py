"""A few invented accounts and one tiny model, trained once."""

import pytest

from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import Labelled, Span
from rejectnlp.scorer import Tagger
from rejectnlp.settings import Settings
from rejectnlp.training import train

# Cause, account, the words that show it. Four of each, so that every fold has seen each.
INVENTED = [
    (
        "skills_gap",
        "Panel of two. I could not write the join they asked for. Bye.",
        "I could not write the join",
    ),
    (
        "skills_gap",
        "He said I lacked experience with ledgers. Fair.",
        "I lacked experience with ledgers",
    ),
    (
        "skills_gap",
        "They need a licence for the crane and I lack that licence.",
        "I lack that licence",
    ),
    (
        "skills_gap",
        "In the test I could not solve a single question.",
        "I could not solve a single question",
    ),
    (
        "pre_chosen_candidate",
        "Good chat. The job went to an internal candidate.",
        "went to an internal candidate",
    ),
    (
        "pre_chosen_candidate",
        "It was promised to the cousin of the owner.",
        "promised to the cousin of the owner",
    ),
    (
        "pre_chosen_candidate",
        "She told me an internal colleague had it already.",
        "an internal colleague had it already",
    ),
    (
        "pre_chosen_candidate",
        "They had promised it to somebody internal in May.",
        "promised it to somebody internal",
    ),
    (
        "cold_interviewer",
        "He yawned and looked at his phone. Then a mail.",
        "He yawned and looked at his phone.",
    ),
    (
        "cold_interviewer",
        "She was rude from the start and read her phone.",
        "She was rude from the start",
    ),
    (
        "cold_interviewer",
        "The rude one yawned at my answers.",
        "The rude one yawned at my answers",
    ),
    (
        "cold_interviewer",
        "Bored, on the phone, and rude to the clerk too.",
        "Bored, on the phone, and rude",
    ),
    ("unexplained", "Lovely day, lovely people, and then the usual mail.", ""),
    ("unexplained", "They went in another direction. No idea why.", ""),
    ("unexplained", "Two weeks of silence and that was all.", ""),
    ("unexplained", "A polite letter came. I had enjoyed the talk.", ""),
]


def make_rows() -> list[Labelled]:
    """Give the invented accounts twice, the second time with another opening."""
    rows = []
    for n, (cause, text, words) in enumerate(INVENTED * 2):
        text = text if n < len(INVENTED) else f"Some while ago now. {text}"
        start = text.index(words)
        spans = (Span(cause, start, start + len(words), "shown"),) if words else ()
        origin = {"type": "page", "pointer": f"https://example.org/{n % len(INVENTED)}"}
        rows.append(Labelled(f"a{n}", text, (cause,), "account", "train", spans, origin))
    return rows


@pytest.fixture(scope="session")
def rows() -> list[Labelled]:
    return make_rows()


@pytest.fixture(scope="session")
def tiny_model(rows):
    return train(rows, read_codebook(), Settings(n_jobs=1))


@pytest.fixture(scope="session")
def tiny_tagger(tiny_model) -> Tagger:
    return Tagger(tiny_model)
