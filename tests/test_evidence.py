from rejectnlp.evidence import Evidence, Finding, choose_evidence, mark_evidence

TEXT = "a b c"
SPANS = [(0, 1), (2, 3), (4, 5)]


def test_the_strongest_sentence_comes_first_and_weak_ones_stay_out():
    chosen = choose_evidence(TEXT, SPANS, {"x": [0.5, 0.9, 0.2], "y": [0.0, 0.0, 0.3]})
    assert [(e.cause, e.text, e.weight) for e in chosen] == [
        ("x", "b", 0.9),
        ("x", "a", 0.5),
        ("y", "c", 0.3),
    ]


def test_unexplained_has_no_evidence(tiny_tagger):
    finding = tiny_tagger.explain("They went in another direction.")
    assert (finding.causes, finding.evidence) == (("unexplained",), ())


def test_ties_go_to_the_earlier_sentence():
    [first, *_] = choose_evidence(TEXT, SPANS, {"x": [1.0, 1.0, 1.0]})
    assert first.text == "a"


def test_marking_loses_no_letter_of_the_text():
    text = "One. Two. Three."
    marks = [Evidence("x", "Two.", 5, 9, 1.0), Evidence("y", "Two. Three.", 5, 16, 1.0)]
    stretches = mark_evidence(text, marks)
    assert "".join(part for part, _ in stretches) == text
    assert stretches == [("One. ", ()), ("Two.", ("x", "y")), (" Three.", ("y",))]


def test_a_finding_shows_itself_in_a_notebook_with_the_text_escaped():
    text = "<script>alert(1)</script> He yawned."
    finding = Finding(
        "a",
        text,
        ("cold_interviewer",),
        {"cold_interviewer": 0.9},
        (Evidence("cold_interviewer", "He yawned.", 26, 36, 0.8),),
        ("employer",),
    )
    html = finding._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert ">He yawned.</mark>" in html
    assert "sure, 90%" in html


def test_the_row_of_a_finding_leaves_the_whole_text_out():
    finding = Finding("a", "secret", ("unexplained",), {"x": 0.1}, (), ())
    assert "secret" not in str(finding.to_dict())
