"""The coach's page: a local web page that explains stories as one types.

It answers this machine alone, keeps nothing, and loads nothing from outside::

    server -> guard -> app -> bodies, views and summaries, looks -> templates

The labelling page stands beside it, behind the same guard: `labelapp`, `labelviews`.
`guard` decides who may ask, `bodies` what is read of a request, `views` and
`summaries` what is shown, and `looks` turns that into HTML.
"""

from rejectnlp.page.app import make_app
from rejectnlp.page.labelapp import make_label_app
from rejectnlp.page.server import serve, serve_desk

__all__ = ["make_app", "make_label_app", "serve", "serve_desk"]
