"""Figures: one function each, readable without colour. The only import of matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rejectnlp.prevalence import Estimate
from rejectnlp.scores import Floats, Marks

INK, SOFT, PALE = "#1f3a5f", "#8c9bb0", "#d9dfe7"
MARKERS = "osD^vP*Xhd"


def draw_shares(estimates: Sequence[Estimate], names: Mapping[str, str]) -> Figure:
    """Draw the share of each cause with its interval, largest first, beside the bare tags.

    Parameters
    ----------
    estimates
        Of one group of accounts.
    names
        Cause id to the name shown.
    """
    ordered = sorted(estimates, key=lambda e: e.share.value)
    figure, axes = _make_axes(6.8, 0.36 * len(ordered) + 0.9)
    places = range(len(ordered))
    for y, e in zip(places, ordered, strict=True):
        axes.plot([e.share.low, e.share.high], [y, y], color=INK, linewidth=2)
    for values, marker, size, label in (
        ([e.share.value for e in ordered], "o", 6, "estimate, 95 % interval"),
        ([e.share_of_tags for e in ordered], "|", 11, "tags alone"),
    ):
        axes.plot(values, places, marker, color=INK, markersize=size, label=label, clip_on=False)
    axes.set_yticks(list(places), [names[e.cause] for e in ordered])
    _finish_shares(axes)
    axes.legend(frameon=False, loc="lower right")
    return figure


def draw_groups(estimates: Sequence[Estimate], names: Mapping[str, str], by: str) -> Figure:
    """Draw the shares of each cause in several groups side by side.

    Parameters
    ----------
    estimates
        Of all groups, each with the same causes.
    by
        What the groups differ in, for the legend's title.
    """
    groups = list(dict.fromkeys(e.group for e in estimates))
    causes = list(dict.fromkeys(e.cause for e in estimates))
    figure, axes = _make_axes(6.8, len(causes) * (0.14 * len(groups) + 0.15) + 1.2)
    step = 0.7 / len(groups)
    for g, group in enumerate(groups):
        own = [e for e in estimates if e.group == group]
        places = [len(causes) - 1 - c + 0.35 - step * (g + 0.5) for c in range(len(own))]
        for y, e in zip(places, own, strict=True):
            axes.plot([e.share.low, e.share.high], [y, y], color=SOFT, linewidth=1.5)
        marker = MARKERS[g % len(MARKERS)]
        filled = INK if g % 2 == 0 else "white"
        axes.plot(
            [e.share.value for e in own],
            places,
            marker,
            color=INK,
            markerfacecolor=filled,
            clip_on=False,
            label=group or "(empty)",
        )
    axes.set_yticks(range(len(causes)), [names[cause] for cause in reversed(causes)])
    _finish_shares(axes)
    # Above, for names beside the axes would take half of their width.
    columns = max(1, min(len(groups), 90 // (max(map(len, groups)) + 8)))
    figure.legend(frameon=False, title=by, loc="outside upper center", ncols=columns)
    axes.set_ylim(-0.6, len(causes) - 0.4)
    return figure


def draw_over_time(
    estimates: Sequence[Estimate], names: Mapping[str, str], most: int = 6
) -> Figure:
    """Draw how the shares of the most frequent causes change, with their intervals.

    Parameters
    ----------
    estimates
        Groups are periods, in order.
    most
        Causes shown, each in a panel of its own.
    """
    periods = list(dict.fromkeys(e.group for e in estimates))
    largest = choose_largest(estimates, most)
    figure = Figure(figsize=(6.8, 1.9 * ((len(largest) + 1) // 2)), layout="constrained")
    panels = figure.subplots((len(largest) + 1) // 2, 2, sharex=True, sharey=True, squeeze=False)
    for axes, cause in zip(panels.flat, largest, strict=False):
        own = [e for e in estimates if e.cause == cause]
        x = range(len(own))
        axes.fill_between(x, [e.share.low for e in own], [e.share.high for e in own], color=PALE)
        axes.plot(x, [e.share.value for e in own], "o-", color=INK, markersize=3)
        axes.set_title(names[cause], fontsize=9, loc="left")
        shown = range(0, len(periods), max(1, len(periods) // 5))
        axes.set_xticks(list(shown), [periods[i] for i in shown], fontsize=8)
        axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in list(panels.flat)[len(largest) :]:
        axes.set_visible(False)
    return figure


def choose_largest(estimates: Sequence[Estimate], most: int = 6) -> list[str]:
    """Choose the causes with the largest shares over all groups, largest first."""
    total: dict[str, float] = {}
    for e in estimates:
        total[e.cause] = total.get(e.cause, 0.0) + e.share.value
    return sorted(total, key=lambda cause: -total[cause])[:most]


def draw_calibration(probabilities: Floats, marks: Marks, n_bins: int = 10) -> Figure:
    """Draw what probabilities promise beside what came true, in bins of equal width.

    Parameters
    ----------
    probabilities
        Of every account and cause, shape (n, k).
    marks
        Whether the account has the cause, same shape.
    """
    p, y = probabilities.ravel(), marks.ravel()
    which = np.minimum((p * n_bins).astype(int), n_bins - 1)
    n = np.bincount(which, minlength=n_bins)
    told = np.bincount(which, p, n_bins)[n > 0] / n[n > 0]
    true = np.bincount(which, y, n_bins)[n > 0] / n[n > 0]
    figure, axes = _make_axes(5.0, 4.6)
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1, label="as promised")
    axes.plot(told, true, "o-", color=INK, label="what came true")
    for x, share, count in zip(told, true, n[n > 0], strict=True):
        axes.annotate(f"{count:,}", (x, share), (6, -11), textcoords="offset points", fontsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    axes.set(xlim=(-0.04, 1), ylim=(-0.06, 1), aspect="equal")
    axes.set(xlabel="probability given", ylabel="share that has the cause")
    axes.grid(color=PALE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    return figure


def draw_learning_curve(sizes: Sequence[int], curves: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how a score grows with the number of accounts learned from.

    Parameters
    ----------
    sizes
        Numbers of accounts.
    curves
        Name to the scores at those sizes.
    """
    figure, axes = _make_axes(5.6, 3.6)
    for (name, scores), marker in zip(curves.items(), MARKERS, strict=False):
        axes.plot(sizes, scores, f"{marker}-", color=INK, label=name)
        axes.annotate(
            f"{scores[-1]:.2f}",
            (sizes[-1], scores[-1]),
            (8, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_xscale("log")
    axes.set_xticks(list(sizes), [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="accounts learned from", ylabel="score")
    axes.set(ylim=(0, None), xlim=(None, sizes[-1] * 1.25))
    axes.grid(axis="y", color=PALE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    return figure


def draw_confusions(counts: Marks, names: Sequence[str]) -> Figure:
    """Draw which causes are named for accounts that have another one.

    Parameters
    ----------
    counts
        As `rejectnlp.scores.count_confusions` gives them.
    names
        Of the rows and columns.
    """
    figure, axes = _make_axes(0.5 * len(names) + 2.2, 0.42 * len(names) + 2.0)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if share[row, column] > 0.5 else INK
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=8)
    places = range(len(names))
    axes.set_xticks(places, names, rotation=45, ha="left", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(places, names, fontsize=8)
    axes.tick_params(left=False, top=False, bottom=False, labeltop=True, labelbottom=False)
    axes.set(xlabel="named", ylabel="labelled")
    axes.spines[:].set_visible(False)
    return figure


def to_svg(figure: Figure, title: str, text: str) -> str:
    """Give a figure as SVG with a title and a text for those who cannot see it.

    Examples
    --------
    >>> figure = Figure(figsize=(1, 1))
    >>> to_svg(figure, "Nothing", "An empty figure.").startswith('<svg role="img"')
    True
    """
    from html import escape

    stream = StringIO()
    # Letters stay letters, to be found and read aloud; the same figure gives the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "rejectnlp"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    head, rest = svg.split(">", 1)
    told = f"<title>{escape(title)}</title><desc>{escape(text)}</desc>"
    return f'<svg role="img"{head.removeprefix("<svg")}>{told}{rest}'


def _make_axes(width: float, height: float) -> tuple[Figure, Axes]:
    # Not through pyplot, which would keep every figure of a long session.
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _finish_shares(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    axes.set_xlim(left=0)
    axes.set_xlabel("share of accounts")
    axes.grid(axis="x", color=PALE)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
