from dataclasses import replace

from rejectnlp.codebook import read_codebook
from rejectnlp.evidence import Evidence, Finding
from rejectnlp.report import format_codebook, format_finding, printable

BOOK = read_codebook()
TEXT = "They asked my age twice. Then a no."
FINDING = Finding(
    "a",
    TEXT,
    ("discrimination",),
    {i: 0.9 if i == "discrimination" else 0.05 for i in BOOK.ids},
    (Evidence("discrimination", "They asked my age twice.", 0, 24, 0.9),),
    ("employer",),
)


def test_discrimination_is_worded_as_a_report():
    text = format_finding(FINDING, BOOK)
    assert "Discrimination reported" in text
    assert "the account reports it; this is not a legal finding" in text
    assert "discriminated" not in text


def test_discrimination_that_is_not_almost_certain_is_shown_as_possible():
    faint = replace(FINDING, probabilities={**FINDING.probabilities, "discrimination": 0.8})
    text = format_finding(faint, BOOK)
    assert "possible: please read the words; this is not a legal finding" in text
    assert "the account reports it" not in text


def test_evidence_is_marked_without_colour_and_with():
    assert "[They asked my age twice.]A" in format_finding(FINDING, BOOK)
    assert "\x1b[1;4m" in format_finding(FINDING, BOOK, colour=True)


def test_lines_fit_the_width():
    for width in (40, 80):
        text = format_finding(FINDING, BOOK, width=width)
        story = text.split("THE STORY")[1].split("\n")
        assert max(map(len, story)) <= width


def test_the_codebook_is_laid_out_whole():
    text = format_codebook(BOOK)
    for cause in (*BOOK.causes, BOOK.unexplained):
        assert cause.id in text
    assert "core cause" in text


def test_control_characters_are_taken_out():
    assert printable("a\x1b[2Jb\x00\u202ec\n") == "a[2Jbc\n"
    assert printable("I\tfroze\r\nthen") == "I froze \nthen"
