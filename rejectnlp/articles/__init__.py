"""Saved articles and their comment threads: cut into passages that can be pointed at.

A page is read in four steps: HTML becomes plain text (`webpages`), lines become blocks
(what stands between blank lines, `blocks`) without `furniture`, the blocks part into
article and comment thread, and each of these is cut at its headings or between its
comments (`passages`). All steps are linear.
"""

from rejectnlp.articles.passages import Passage, read_article, split_article
from rejectnlp.articles.webpages import html_to_text

__all__ = ["Passage", "html_to_text", "read_article", "split_article"]
