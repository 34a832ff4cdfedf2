import json
import re

import numpy as np
import pytest

from rejectnlp.errors import DataError, UsageError
from rejectnlp.htmlreport import format_html
from rejectnlp.survey import list_cautions, make_survey, rows_of
from rejectnlp.surveyfiles import check_report, write_report
from rejectnlp.tagged import Tagged


@pytest.fixture(scope="module")
def tagged(tiny_model):
    rng = np.random.default_rng(0)
    P = rng.uniform(0, 0.3, (600, 13))
    P[:200, 0] = 0.9
    P[:50, 5] = 0.8
    return Tagged(
        [f"a{n}" for n in range(600)],
        tiny_model.codebook.ids,
        P,
        P >= 0.5,
        {
            "town": ["<b>Leeds</b>" if n % 2 else "York" for n in range(600)],
            "day": [f"2026-{n % 3 + 1:02}-0{n % 9 + 1}" if n > 4 else "?" for n in range(600)],
        },
    )


@pytest.fixture(scope="module")
def survey(tagged, tiny_model):
    return make_survey(tagged, tiny_model, by="town", date="day")


def test_a_survey_counts_pairs_moves_and_periods(survey):
    assert survey.together[0] == ("skills_gap", "cold_interviewer", 50)
    assert survey.moves == {"candidate": 200 / 600, "employer": 50 / 600}
    assert survey.undated == 5
    assert [g for g in dict.fromkeys(e.group for e in survey.periods.estimates) if g] == [
        "2026-01",
        "2026-02",
        "2026-03",
    ]


def periods_of(tagged, tiny_model, n_years, checked=None):
    months = [f"{2018 + n % n_years}-{n % 12 + 1:02}" for n in range(600)]
    long = Tagged(tagged.ids, tagged.causes, tagged.probabilities, tagged.named, {"day": months})
    found = make_survey(long, tiny_model, checked, date="day").periods
    assert not found.left_out
    return sorted({e.group for e in found.estimates if e.group})


def test_many_months_are_shown_as_quarters_and_many_quarters_as_years(tagged, tiny_model):
    assert periods_of(tagged, tiny_model, 5) == [
        f"{year}-Q{quarter}" for year in range(2018, 2023) for quarter in range(1, 5)
    ]
    assert periods_of(tagged, tiny_model, 11) == [str(year) for year in range(2018, 2029)]


def test_months_with_too_few_checked_accounts_are_shown_as_years(tagged, tiny_model):
    checked = {f"a{n}": frozenset() for n in range(40)}
    assert periods_of(tagged, tiny_model, 2, checked) == ["2018", "2019"]


def test_a_column_without_dates_is_refused(tagged, tiny_model):
    with pytest.raises(DataError, match="no date in column 'town' can be read"):
        make_survey(tagged, tiny_model, date="town")


def test_the_page_needs_nothing_from_outside_and_runs_nothing(survey):
    page = format_html(survey, "Why <i>us</i>?")
    assert "Why &lt;i&gt;us&lt;/i&gt;?" in page
    assert "<b>Leeds</b>" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\((?!#)", page)
    # What looks like an address is the name of a vocabulary within the drawings.
    assert {a.split("/")[2] for a in re.findall(r"https?://[^\s\"'<]+", page)} <= {
        "www.w3.org",
        "purl.org",
        "creativecommons.org",
        "matplotlib.org",
    }


def test_every_drawing_has_a_text_for_those_who_cannot_see_it(survey):
    page = format_html(survey, "t")
    assert page.count('<svg role="img"') == page.count("<desc>") == 3
    assert "Skills gap" in page.split("<desc>")[1].split("</desc>")[0]


def test_a_survey_that_nobody_checked_says_so_first(survey):
    assert list_cautions(survey)[0].startswith("No account was read by a person")


@pytest.mark.parametrize("kind", ["html", "md", "json", "csv", "xlsx"])
def test_every_format_is_written(survey, tmp_path, kind):
    out = tmp_path / f"report.{kind}"
    write_report(survey, out, check_report(out, None), "t")
    assert out.stat().st_size > 500
    if kind == "json":
        shares = json.loads(out.read_text())["shares"]
        assert len(shares) == len(rows_of(survey)) == 14 * (1 + 2 + 3)
        told = json.loads(out.read_text())
        assert {d["part"] for d in told["differences"]} == {"town", "day"}
        assert told["whose_move"] == survey.moves
    if kind == "md":
        assert "What not to conclude" in out.read_text()


def test_an_unknown_format_is_refused_before_any_work(tmp_path):
    with pytest.raises(UsageError, match="Known are html, md"):
        check_report(tmp_path / "report.pdf", None)


def test_the_page_says_what_differs_and_what_was_only_counted(survey):
    page = format_html(survey, "t")
    assert "<h2>By town</h2>" in page
    assert page.count("Counted from the tags alone") == 2
    assert "over time is larger than chance explains. That does not mean" in page
    assert "<code>rejectnlp sample</code>" in page
    assert "Made with rejectnlp" in page
