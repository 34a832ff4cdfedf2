"""rejectnlp reads accounts of failed job interviews and says why they failed.

An account goes in; causes with their evidence come out::

    accounts -> features -> classifier -> decisions -> evidence -> report

The house, each floor importing only from the floors below it:

==========  ===============================================================
doors       `cli`, above `page`, `pasting`, `surveyfiles`, `terminal`, `labelfiles`,
            `cluster`, above `labelstudio`
report      `htmlreport`, above `report`, `survey` and `plots`, above `quotations`
verbs       `evaluation`, `behaviour`, `description`, `audit`, `doctor`, `contributions`,
            `export`, `pattern`, `corrections`, `labelling`, above `prevalence`,
            `sampling`, above `perfile`, above `training`, `prediction`, above
            `batches`, above `inputs`, `workers`
outcome     `scorer`, above `scoring`, above `storage`
model       `evidence`, `classifier`, `decisions`, `scores`, `readings`, `labels`,
            `agreement`, `dataset`
material    `attachments`, above `features`, `articles`, `tagged`, `files`
words       `questions`, `care`, `accounts`, `redaction`, above `normalisation` and `codebook`
ground      `settings`, `errors`
==========  ===============================================================

It explains rejections to those who live them; it is not for employers to screen applicants.

Examples
--------
>>> import rejectnlp
>>> tagger = rejectnlp.load()
>>> finding = tagger.explain("They told me that the job had gone to an internal candidate.")
>>> finding.causes[0]
'pre_chosen_candidate'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rejectnlp.accounts import Account
    from rejectnlp.classifier import CauseClassifier
    from rejectnlp.codebook import read_codebook
    from rejectnlp.errors import RejectNLPError
    from rejectnlp.evidence import Evidence, Finding
    from rejectnlp.scorer import Tagger, load

__version__ = "0.1.0"
__all__ = [
    "Account",
    "CauseClassifier",
    "Evidence",
    "Finding",
    "RejectNLPError",
    "Tagger",
    "load",
    "read_codebook",
]

_HOME = {
    "Account": "accounts",
    "CauseClassifier": "classifier",
    "Evidence": "evidence",
    "Finding": "evidence",
    "RejectNLPError": "errors",
    "Tagger": "scorer",
    "load": "scorer",
    "read_codebook": "codebook",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `import rejectnlp` loads nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'rejectnlp' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"rejectnlp.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
