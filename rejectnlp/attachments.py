"""Stories out of documents: plain text, Word, PDF and mail, read in memory only."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from importlib.util import find_spec
from pathlib import PurePath
from xml.parsers import expat

from rejectnlp.articles import html_to_text
from rejectnlp.errors import DataError
from rejectnlp.files.encodings import decode
from rejectnlp.settings import SETTINGS


def read_attachment(name: str, data: bytes) -> str:
    r"""Give the text of a document, whose format follows the suffix of its name.

    Raises
    ------
    DataError
        If it is too large, damaged, of another format, or holds no text.

    Examples
    --------
    >>> read_attachment("story.txt", b"They never\r\ncalled.")
    'They never\ncalled.'
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in _READERS:
        known = ", ".join(_READERS)
        raise DataError("this kind of file cannot be read", remedy=f"Known are {known}.")
    if len(data) > SETTINGS.largest_attachment:
        raise DataError(
            f"this file is larger than {SETTINGS.largest_attachment:,} bytes",
            remedy="Copy the story out of it and paste that.",
        )
    text = _READERS[suffix](data).replace("\x00", "").strip()
    if not text:
        raise DataError(
            "there is no text in this file",
            remedy="A scanned page is a picture: type what it says.",
        )
    if len(text.encode()) > SETTINGS.largest_paste:
        raise DataError(
            f"the text of this file is longer than {SETTINGS.largest_paste:,} bytes",
            remedy="Copy the story out of it and paste that.",
        )
    return text


def _read_docx(data: bytes) -> str:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        with archive, archive.open("word/document.xml") as part:
            xml = part.read(SETTINGS.largest_attachment + 1)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError) as error:
        raise DataError("this is not a Word document", remedy="Save it again as .docx.") from error
    except Exception as error:  # a damaged stream: zlib.error, EOFError
        raise DataError("this Word document is damaged", remedy="Save it again.") from error
    # A zip of a few kilobytes can hold gigabytes: never unpack more than a story can have.
    if len(xml) > SETTINGS.largest_attachment:
        raise DataError("this Word document unpacks to far more than a story")
    return _read_paragraphs(xml)


def _read_paragraphs(xml: bytes) -> str:
    """Take the words of WordprocessingML, a line a paragraph; declared entities are refused."""
    parts: list[str] = []
    inside: list[str] = []

    def start(tag: str, _: dict[str, str]) -> None:
        inside.append(tag)
        if tag in ("w:tab", "w:br"):
            parts.append("\t" if tag == "w:tab" else "\n")

    def end(tag: str) -> None:
        inside.pop()
        if tag == "w:p":
            parts.append("\n")

    def words(text: str) -> None:
        if inside and inside[-1] == "w:t":
            parts.append(text)

    def refuse(*_: object) -> None:
        raise DataError("this Word document declares entities, which no word processor does")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = words, refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise DataError("this Word document is damaged", remedy="Save it again.") from error
    return "".join(parts)


def _read_eml(data: bytes) -> str:
    return _read_apart("mail", data, remedy="Copy its text and paste.")


def _read_pdf(data: bytes) -> str:
    if find_spec("pypdf") is None:
        raise DataError("PDF files need pypdf", remedy="pip install 'rejectnlp[pdf]'")
    return _read_apart("pdf", data, remedy="Open it, copy its text and paste.")


def _read_apart(kind: str, data: bytes, *, remedy: str) -> str:
    """Read a document in a process of its own, which may be stopped.

    A PDF can be made to hang, and so can a mail: Python's parser takes minutes for
    headers of a megabyte, or parts nested thousands deep.
    """
    what = {"pdf": "PDF", "mail": "mail"}[kind]
    code = f"from rejectnlp.attachments import _pipe; _pipe({kind!r})"
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            input=data,
            capture_output=True,
            timeout=SETTINGS.longest_wait,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"this {what} takes too long to read", remedy=remedy) from error
    if done.returncode:
        raise DataError(f"this {what} cannot be read", remedy=remedy)
    return done.stdout.decode("utf-8", "replace")


def _pipe(kind: str) -> None:
    """Turn the document on standard input into text on standard output, within bounds."""
    _bound_memory()
    text = {"pdf": _text_of_pdf, "mail": text_of_mail}[kind](sys.stdin.buffer.read())
    # A little more than is taken is enough for the refusal.
    sys.stdout.buffer.write(text[: SETTINGS.largest_paste + 1].encode("utf-8", "replace"))


def _text_of_pdf(data: bytes) -> str:
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(data)).pages
    texts = [pages[i].extract_text() for i in range(min(len(pages), SETTINGS.most_pdf_pages))]
    return "\n\n".join(texts)


def text_of_mail(data: bytes) -> str:
    r"""Give the words of a mail: its plain part, or else its page's.

    Raises
    ------
    DataError
        If Python's parser cannot read it.

    Examples
    --------
    >>> text_of_mail(b"Subject: No\r\n\r\nThey never called.\r\n")
    'They never called.\n'
    """
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
        if body is None:
            return ""
        text = str(body.get_content())
        is_html = body.get_content_type() == "text/html"
    except Exception as error:  # the parser raises whatever a broken header makes it stumble on
        raise DataError("this mail cannot be read", remedy="Copy its text and paste.") from error
    return html_to_text(text) if is_html else text.replace("\r\n", "\n")


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return
    with suppress(ValueError, OSError):  # nor has every system this one
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))


_READERS: dict[str, Callable[[bytes], str]] = {
    ".txt": decode,
    ".docx": _read_docx,
    ".pdf": _read_pdf,
    ".eml": _read_eml,
}
