"""The coach's page: a local web page that explains stories as one types.

It answers this machine alone, keeps nothing, and loads nothing from outside::

    server -> guard -> app -> bodies, views and summaries, looks -> templates

`guard` decides who may ask, `bodies` what is read of a request, `views` and
`summaries` what is shown, and `looks` turns that into HTML.
"""

from rejectnlp.page.app import make_app
from rejectnlp.page.server import serve

__all__ = ["make_app", "serve"]
