import time
from dataclasses import replace

import pytest

from rejectnlp.articles import html_to_text, read_article, split_article
from rejectnlp.errors import DataError, UsageError
from rejectnlp.settings import SETTINGS

NUMBERED = """\
Back To Kitchen News

Two Ways To Lose a Kitchen Post


Every trial shift teaches something, even the ones that end in smoke.

(Photo Credit: nobody/Nowhere)

1. You burned the soup.

Do You Know What You're Worth?

A scorched pan is remembered for weeks.

Say so before they smell it.

2. You never called back.

The chef waited until Monday, then gave the apron to her nephew.

Tell Us What You Think

Which pan was your worst? We want to hear about it!

Ada Ladle
Read more from Ada

Leave a Reply

3 Comment threads
0 Thread replies
Most reacted comment
Hottest comment thread
2 Comment authors
BoPeter Panman Recent comment authors
newest oldest most voted
Notify of
Bo K
Bo K

They said my knives were too old for their kitchen.


I waited a month and heard nothing at all?

Peter Panman
Peter Panman

I think the nephew was there before the advert was.

Still, I liked the soup.

Peter Panman


Nobody told me what I did wrong.
What Am I Worth?

Your soup is worth more every year.
"""

TIPS = """\
Pots Pans Signup

What To Do After a No

Updated on Nov 2, 2011 45 views
What To Do After a No
The phone rang. They went with somebody else.
Here is what helps:

1. Breathe out first. It was never about your shoes.

2. Ask them why. Some of them answer. You could ask:
  • What tipped the scale?
  • Was it the second round?


Staff Writer

This article was first published by a baker.

Leave a Comment

Login required
Related Post
Top Post"""

THOUGHTS = """\
Lost the Baker's Job? Why Bakers Say No

So you went to bake for them.

What happened?

Here are two reasons.

Lost It?Look Here

1. You came without a plan

You did not know that they bake only rye.

2. You hid your best loaf

They cannot praise bread they never saw.

These are just some reasons why bakers say no. Try the next one.

Can you think of another reason? Leave it in the comments below.


Dr. Rita Crumb — YourBreadDoctor

Looking for a Job? Visit our ovens!

Looking for a new job?\u00a0 Visit\u00a0us to find it! #bread #jobs.

Find us on the Web:

#bread #rye\u00a0 #ovens

4 thoughts on “Lost the Baker's Job?”

  1. I did have a plan, and they still said no.

  2. They never told me it was rye.
    How could I know?

    1. is what I would ask first.

  3. Mine was taken by the owner's son.

    Such is bread.

Leave a Reply

Your email address will not be published. Required fields are marked *
"""

BULLETS = """\
Skip to main content

Why Do They Keep Saying No?


Short answer:
Because somebody else was a little nearer to what they had in mind.



What you think they weigh

You think it is about:

  • your shoes
  • “being nice”

It is not.

Why nobody says so

“If they say no, it must be me.”

  • silence is cheap



Want the full picture?
It makes sense once you know the rest.


Want More Tips?


See all our questions"""

FRONT_MATTER = """\
---
title: Three Noes
tags: no
---
The first paragraph stands under **no** heading.

![a pan](pan.png)

## They Had Somebody

A [friend](http://example.org/friend) of the owner.

- one
- two

### 2. They changed their minds

The post was withdrawn."""


def pointers(text):
    return [passage.pointer for passage in split_article(text)]


def comments(text):
    return [passage.text for passage in split_article(text) if passage.role == "comment"]


def write(tmp_path, content, name="page.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Articles


def test_numbered_reasons_are_sections_below_an_introduction():
    assert pointers(NUMBERED)[:3] == [
        "introduction",
        "section 1 (You burned the soup)",
        "section 2 (You never called back)",
    ]


def test_a_section_holds_its_heading_and_paragraphs_without_the_furniture_between():
    assert split_article(NUMBERED)[1].text == (
        "You burned the soup.\n\nA scorched pan is remembered for weeks.\n\n"
        "Say so before they smell it."
    )


def test_a_call_to_action_goes_with_the_author_and_the_links_below_it():
    assert split_article(NUMBERED)[2].text.endswith("gave the apron to her nephew.")


def test_a_long_paragraph_after_a_call_to_action_is_article_again():
    text = "It began.\n\nTell us what you think\n\nDo.\n\n" + "We lost. " * 40
    assert [p.text[:8] for p in split_article(text)] == ["It began"]
    assert "We lost." in split_article(text)[0].text
    assert "Do." not in split_article(text)[0].text


def test_text_on_the_line_of_the_number_belongs_to_its_section():
    assert pointers(TIPS) == [
        "introduction",
        "section 1 (Breathe out first)",
        "section 2 (Ask them why)",
    ]


def test_titles_menus_and_dates_above_the_first_sentence_are_left_out():
    assert split_article(TIPS)[0].text == (
        "The phone rang. They went with somebody else.\nHere is what helps:"
    )


def test_bulleted_points_stay_in_their_section_as_lines():
    assert split_article(TIPS)[2].text.splitlines()[1:] == [
        "• What tipped the scale?",
        "• Was it the second round?",
    ]


def test_closing_words_below_the_last_reason_are_a_section_of_their_own():
    assert pointers(THOUGHTS)[:4] == [
        "introduction",
        "section 1 (You came without a plan)",
        "section 2 (You hid your best loaf)",
        "closing",
    ]
    assert split_article(THOUGHTS)[3].text.endswith("Try the next one.")


def test_a_title_with_nothing_below_it_is_left_out_of_the_introduction():
    assert split_article(THOUGHTS)[0].text.endswith("Here are two reasons.")


def test_short_lines_standing_alone_are_headings_where_there_are_no_clearer_ones():
    assert pointers(BULLETS) == [
        "introduction",
        "section 1 (What you think they weigh)",
        "section 2 (Why nobody says so)",
    ]
    assert split_article(BULLETS)[0].text.startswith("Short answer:\nBecause")
    assert split_article(BULLETS)[2].text.endswith("• silence is cheap")


def test_short_lines_without_text_between_them_are_not_lost_as_headings():
    first, second = split_article("It went so.\n\nI had\n\nNo speed\n\nA plan\n\nNone either.")
    assert first.text == "It went so.\n\nI had\n\nNo speed"
    assert second.text == "A plan\n\nNone either."


def test_front_matter_pictures_and_link_targets_are_left_out():
    [introduction, first, second] = split_article(FRONT_MATTER)
    assert introduction.text == "The first paragraph stands under no heading."
    assert first.text == "They Had Somebody\n\nA friend of the owner.\n\n- one\n- two"
    assert second.pointer == "section 2 (They changed their minds)"


def test_front_matter_that_never_ends_is_text():
    assert "They said no." in split_article("---\nThey said no.")[0].text


def test_a_long_section_stays_one_passage():
    text = "## Long\n\n" + "\n\n".join(["They talked on and on about it."] * 60)
    assert pointers(text) == ["section 1 (Long)"]


def test_a_long_heading_is_cut_in_its_pointer_only():
    [_, section, _] = split_article(f"No.\n\n1. {'word ' * 40}\n\nIt was.\n\n2. Two\n\nSo.")
    assert section.pointer.endswith(" …)")
    assert len(section.pointer) < 100
    assert section.text.count("word") == 40


def test_a_link_to_the_comments_above_the_article_does_not_begin_them():
    text = "A Title\n\n3 Comments\n\nThey said no.\n\n1 comment\n\nMe too."
    assert [(p.role, p.text) for p in split_article(text)] == [
        ("article", "They said no."),
        ("comment", "Me too."),
    ]


# Comments


def test_comments_part_at_doubled_names_and_at_two_blank_lines():
    assert comments(NUMBERED) == [
        "They said my knives were too old for their kitchen.",
        "I waited a month and heard nothing at all?",
        "I think the nephew was there before the advert was.\n\nStill, I liked the soup.",
        "Nobody told me what I did wrong.",
    ]


def test_numbered_comments_keep_their_later_paragraphs():
    assert comments(THOUGHTS) == [
        "I did have a plan, and they still said no.",
        "They never told me it was rye.\nHow could I know?\n\n1. is what I would ask first.",
        "Mine was taken by the owner's son.\n\nSuch is bread.",
    ]


def test_a_form_without_comments_gives_none():
    assert comments(TIPS) == []


def test_names_above_dates_or_before_says_part_comments():
    text = (
        "They said no.\n\n3 comments\n\nAnn B\nMarch 3, 2014 at 5:12 pm\n\nToo old, I was told.\n"
    )
    text += "\nOr so I think.\n\nReply\n\nBob\n\n2 days ago\n\nSame here.\n\nCy says:\n\nAnd me."
    assert comments(text) == ["Too old, I was told.\n\nOr so I think.", "Same here.", "And me."]


def test_paragraphs_with_one_blank_line_and_no_other_mark_count_as_comments():
    assert comments("No.\n\nComments (2)\n\nThey chose a friend.\n\nI was late.") == [
        "They chose a friend.",
        "I was late.",
    ]


def test_a_reader_who_asks_for_comments_is_kept():
    text = "No.\n\n1 comment\n\nThey ghosted me. Tell me why in the comments."
    assert comments(text) == ["They ghosted me. Tell me why in the comments."]


@pytest.mark.parametrize(
    "line",
    [
        "Share",
        "Share on Facebook Tweet Pin 12 Email",
        "We use cookies to make this better.",
        "Accept all cookies",
        "Cookie Policy",
        "Photo by nobody",
        "Advertisement",
        "Sign up",
        "Log in",
        "Login required",
        "Subscribe",
        "Sign up for our weekly letter",
        "About the author",
        "Related Articles",
        "You might also like",
        "What am I worth?",
        "#one #two",
        "Find us on the Web:",
        "See all our recipes",
        "Posted on 3 May 2015",
        "2019-05-03",
        "4 min read",
        "© 2014 Nobody Ltd",
        "Privacy Policy",
        "Terms of Use",
        "Name *",
        "Post Comment",
        "Save my name, email, and website in this browser.",
        "* * *",
        "Please leave a comment!",
    ],
)
def test_furniture_is_nobodys_words(line):
    [passage] = split_article(f"They said no.\n\n{line}")
    assert passage.text == "They said no."


@pytest.mark.parametrize(
    "line",
    [
        "They share a lot with the other candidate.",
        "I was told to sign up for the next round and never did, so they took my friend.",
        "Cookies were served, and I spilled my tea.",
        "In May 2015 they said no.",
        "We had 3 comments on my portfolio, all bad.",
        "Looking for a job? So was I, for two years.",
    ],
)
def test_sentences_that_resemble_furniture_are_kept(line):
    [passage] = split_article(f"They said no.\n\n{line}")
    assert passage.text.endswith(line)


# Web pages

PAGE = """<!DOCTYPE html><html><head><title>Nope</title><style>p {}</style></head><body>
<nav><ul><li>Home.</li></ul></nav><p>We bake advice.</p><h1>Two Noes</h1>
<script>if (a < b) { document.write("<p>Bad.</p>") }</script><!-- <p>Hidden.</p> -->
<p class="byline">By me.</p><p>They said no &amp; I <b>left</b>.<br>Twice.</p>
<h2 title="a > b">Too slow</h2><p>I took all day.</p><ul><li>one</li><li><p>two</p></li></ul>
<aside>Buy soup.</aside><form><p>Sign here.</p></form>
<div id="comments"><h3>3 thoughts</h3><ol class="comment-list">
<li class="comment even" id="comment-7"><article id="div-comment-7" class="comment-body">
<div class="comment-author vcard"><cite>Ann</cite> <span class="says">says:</span></div>
<div class="comment-content"><p>They ghosted me.</p><p>1. Twice.</p></div>
<div class="reply"><a class="comment-reply-link" href="#">Reply</a></div></article>
<ol class="children"><li class="comment odd"><span class="comment-date">May 1</span>
<p>Me too.</p></li></ol></li>
<li class="comment"><p>Too old for them.</p></li></ol>
<div id="respond"><h3>Leave a Reply</h3></div></div><footer>Bye.</footer></body></html>"""


def test_a_web_page_gives_its_article_and_each_comment(tmp_path):
    passages = read_article(write(tmp_path, PAGE, "page.html"))
    assert [(p.pointer, p.text) for p in passages] == [
        ("introduction", "They said no & I left.\nTwice."),
        ("section 1 (Too slow)", "Too slow\n\nI took all day.\n\n• one\n• two"),
        ("comment 1", "They ghosted me.\n\n1. Twice."),
        ("comment 2", "Me too."),
        ("comment 3", "Too old for them."),
    ]


def test_a_web_page_is_known_by_its_first_words(tmp_path):
    assert len(read_article(write(tmp_path, PAGE, "page.txt"))) == 5


def test_paragraphs_in_a_thread_without_marked_comments_are_comments():
    text = html_to_text("<p>No.</p><section class=responses><p>Me too.</p><p>And me.</p></section>")
    assert comments(text) == ["Me too.", "And me."]


@pytest.mark.parametrize("names", ["has-comments", "responsive", "comments-open", "shareholder"])
def test_names_that_only_resemble_a_comments_leave_an_article(names):
    assert html_to_text(f"<div class='{names}'><p>They said no.</p></div>") == "They said no."


def test_a_less_than_sign_is_text():
    assert html_to_text("<p>It took < 5 minutes.</p>") == "It took < 5 minutes."


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<a ", "<a b='", "<!--", "<![", "</p", "<b><p></b>", "<div class=comment>", "&#"],
)
def test_hostile_markup_is_read_in_linear_time(piece):
    start = time.process_time()
    split_article(html_to_text("<p>They said no.</p>" + piece * 60_000))
    assert time.process_time() - start < 2


@pytest.mark.slow
def test_divs_nested_200_000_deep_give_their_text():
    start = time.process_time()
    assert html_to_text("<div>" * 200_000 + "They said no." + "</div>" * 200_000) == "They said no."
    assert time.process_time() - start < 2


def test_an_entity_of_thousands_of_digits_is_one_unknown_character():
    assert html_to_text("No&#" + "9" * 10_000 + ";") == "No\ufffd"


# Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_give_the_same_passage(tmp_path, encoding):
    path = write(tmp_path, "They said “no” – twice.\r\n\r\nÉtienne got it.".encode(encoding))
    assert [p.text for p in read_article(path)] == ["They said “no” – twice.\n\nÉtienne got it."]


def test_a_byte_that_windows_1252_leaves_undefined_does_not_stop_reading(tmp_path):
    assert read_article(write(tmp_path, b"They said \x81 no."))[0].text == "They said \ufffd no."


def test_a_missing_file_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.txt: no such file"):
        read_article(tmp_path / "gone.txt")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        read_article(tmp_path)


def test_a_file_beyond_the_bound_is_refused(tmp_path, monkeypatch):
    smaller = replace(SETTINGS, largest_page=3_000_000)
    monkeypatch.setattr("rejectnlp.articles.passages.SETTINGS", smaller)
    with pytest.raises(DataError, match="is larger than 3,000,000 bytes"):
        read_article(write(tmp_path, b"No. " * 750_001))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"They said\0 no.", "is not text: it holds NUL"),
        (b"%PDF-1.4 They said no.", "a PDF"),
        (b"PK\x03\x04 no.", "a zip"),
        (bytes(range(1, 32)) * 9, "binary data"),
    ],
)
def test_what_is_not_text_is_refused_without_quoting_it(tmp_path, data, said):
    with pytest.raises(DataError, match=said) as caught:
        read_article(write(tmp_path, data))
    assert "They said" not in str(caught.value)


@pytest.mark.parametrize("text", ["", " \n\n", "Home\n\nSign up\n\n© 2014 Nobody", "...\n\n---"])
def test_a_page_without_a_sentence_is_refused(tmp_path, text):
    with pytest.raises(DataError, match="no passage found"):
        read_article(write(tmp_path, text))
