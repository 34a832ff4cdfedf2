import pickle

from rejectnlp.errors import DataError, ModelError, OutputError, RejectNLPError, UsageError, suggest


def test_a_message_is_place_problem_and_remedy():
    error = DataError("cause 'x' is not known", place="a.csv, row 4", remedy="See `causes`.")
    assert str(error) == "a.csv, row 4: cause 'x' is not known. See `causes`."
    assert (error.place, error.problem, error.remedy) == (
        "a.csv, row 4",
        "cause 'x' is not known",
        "See `causes`.",
    )


def test_a_problem_alone_gets_its_full_stop():
    assert str(UsageError("nothing to read")) == "nothing to read."
    assert str(UsageError("which one?")) == "which one?"


def test_wrong_usage_has_an_exit_code_of_its_own():
    assert UsageError.exit_code == 2
    for kind in (DataError, ModelError, OutputError, RejectNLPError):
        assert kind.exit_code == 1


def test_the_nearest_name_is_suggested_in_its_own_case():
    assert suggest("storry", ["ID", "Story"]) == "Did you mean 'Story'? "
    assert suggest("x", []) == ""


def test_an_error_keeps_its_parts_on_the_way_from_another_process():
    error = DataError("is cut off", place="a.csv", remedy="Fetch it again.")
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), str(there)) == (DataError, "a.csv: is cut off. Fetch it again.")
