"""Phrases of despair, and those that only sound so."""

import pytest

from rejectnlp.care import needs_care


@pytest.mark.parametrize(
    "text",
    [
        "Since that mail I want to die.",
        "I just wanted to die when I read it, and I still do.",
        "I'm going to kill myself.",
        "I don’t want to live anymore.",
        "I do not want to be here any more.",
        "There is no reason to live.",
        "Honestly everyone would be better off without me.",
        "I have been having suicidal thoughts since the third no.",
        "I thought about suicide.",
        "I wish I was dead.",
        "I started cutting myself again.",
        "I think about ending my life.",
        "Maybe I should end it all.",
        "I have nothing left to live for.",
        "My life isn't worth living, it is not worth living.",
        "I can't go on like this.",
        "I went back to self-harm after that.",
        "I'd rather die than go through it, I'd be better off dead.",
    ],
)
def test_despair_is_seen(text):
    assert needs_care(text)


@pytest.mark.parametrize(
    "text",
    [
        "I was killing it at the interview.",
        "I was dying to work there.",
        "That answer killed my chances.",
        "A benefits package to die for.",
        "I wanted to die of embarrassment.",
        "I wanted to die from sheer shame when my phone rang.",
        "Leaving without notice would be career suicide.",
        "It was a dead end from the start.",
        "I cut myself short and let him talk.",
        "I nearly cut myself off mid sentence.",
        "They asked me to end the call and take my seat.",
        "I don't want to live in London.",
        "I don't want to wake up early for a job like that.",
        "The silence was killing me.",
        "I could not go on with the second round.",
        "I applied as a suicide prevention worker.",
        "My laptop died in the middle of it.",
        "The role was about to end anyway.",
    ],
)
def test_what_only_sounds_so_is_left_alone(text):
    assert not needs_care(text)
