"""Questions a coach may ask, a cause: of the client, and of the employer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rejectnlp.codebook import UNEXPLAINED


@dataclass(frozen=True)
class Questions:
    """What to ask, in plain words and without blame."""

    client: tuple[str, ...] = ()
    employer: tuple[str, ...] = ()


QUESTIONS = {
    "skills_gap": Questions(
        (
            "Which question or task was the first that you could not answer?",
            "Is the skill one that most such jobs ask for, or only this one?",
            "What have you done that comes closest to it?",
        ),
        ("Which one skill would have changed the decision?",),
    ),
    "different_role": Questions(
        (
            "Which role did you apply for, and which one did they talk about?",
            "When did you first notice the difference?",
        ),
        ("Which role and level was this conversation for, and may I still be seen for mine?",),
    ),
    "pre_chosen_candidate": Questions(
        (
            "What told you that somebody else was meant for it, and when?",
            "Do you know anybody inside the next place?",
        ),
        ("Are there internal candidates, and is the post open to people from outside?",),
    ),
    "comparative_fit": Questions(
        (
            "What did they say about the person they took, in their words?",
            "How often have you come this close lately?",
        ),
        (
            "What did the chosen person bring that set them apart?",
            "May I be considered if they decline?",
        ),
    ),
    "unclear_requirements": Questions(
        (
            "What would you say the job was, in one sentence?",
            "Did two people describe it differently?",
        ),
        ("What should this person have achieved after six months, and who decides?",),
    ),
    "cold_interviewer": Questions(
        (
            "What was said or done, as a camera would have seen it?",
            "Would you want to work with this person every day?",
        ),
        ("Could I speak with somebody else of the team before a decision is made?",),
    ),
    "interview_mistake": Questions(
        (
            "Which moment would you take back, and what would you say now?",
            "Has the same thing happened before, or was it this once?",
        ),
        ("May I send a better answer to one of your questions?",),
    ),
    "poor_preparation": Questions(
        (
            "How much time did you have, and what came in between?",
            "What would you have wanted to know before you went in?",
        ),
        ("What should a candidate read or try out before the conversation?",),
    ),
    "undersold": Questions(
        (
            "What have you done that they never heard about?",
            "What came of it, and who noticed?",
        ),
        ("May I add one example that I did not get to?",),
    ),
    "follow_up": Questions(
        (
            "What did you agree on at the end, and what happened then?",
            "How many messages went out, and when?",
        ),
        ("When will you decide, and how do you like to be asked?",),
    ),
    "discrimination": Questions(
        (
            "What exactly was said, by whom, and who else heard it?",
            "What would you like to happen now: rest, an answer, or advice?",
        ),
        ("By which criteria were the candidates compared?",),
    ),
    "position_withdrawn": Questions(
        ("What did they say would happen with the job?", "Did you like the people?"),
        ("May I ask again in six to eight weeks, and whom?",),
    ),
    "terms_mismatch": Questions(
        (
            "What can you move, and what is fixed for you: pay, place, hours, start?",
            "When did these terms first come up?",
        ),
        ("Which terms are fixed on your side?",),
    ),
    UNEXPLAINED: Questions(
        (
            "Which question did you find hardest, and what did you answer?",
            "At which moment did the mood change, if it did?",
            "What did they say about the next step, in their words?",
            "Did the job they described differ from the advert?",
            "Were pay, hours, place or start talked about, and how did it end?",
        ),
        (
            "Was there one thing that would have made the difference?",
            "What did the person you chose bring that I did not show?",
            "May I be considered again, and for what?",
        ),
    ),
}
"""For the project's causes; a model of somebody's own causes has none."""


def choose_questions(causes: Iterable[str]) -> Questions:
    """Gather the questions for some causes, in their order.

    Examples
    --------
    >>> choose_questions(["position_withdrawn"]).employer
    ('May I ask again in six to eight weeks, and whom?',)
    >>> choose_questions(["price"])
    Questions(client=(), employer=())
    """
    chosen = [QUESTIONS[cause] for cause in causes if cause in QUESTIONS]
    return Questions(
        tuple(q for own in chosen for q in own.client),
        tuple(q for own in chosen for q in own.employer),
    )
