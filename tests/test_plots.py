"""Figures show the numbers they are given."""

import numpy as np
import pytest

from rejectnlp.plots import draw_calibration, draw_confusions, draw_learning_curve, to_svg


def test_calibration_shows_each_bins_mean_and_share():
    p = np.array([[0.11, 0.15], [0.82, 0.88]])
    figure = draw_calibration(p, np.array([[0, 1], [1, 1]], dtype=np.int8))
    x, y = figure.axes[0].lines[1].get_data()
    assert x == pytest.approx([0.13, 0.85])
    assert y == pytest.approx([0.5, 1.0])


def test_a_learning_curve_keeps_its_sizes_and_names_its_last_score():
    figure = draw_learning_curve([100, 400], {"macro-F1": [0.2, 0.41]})
    assert list(figure.axes[0].lines[0].get_xdata()) == [100, 400]
    assert "0.41" in to_svg(figure, "Curve", "A curve.")


def test_confusions_write_every_count_but_zeros():
    figure = draw_confusions(np.array([[7, 0], [2, 5]]), ["price", "late"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["7", "2", "5"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["price", "late"]
