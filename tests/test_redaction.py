"""Personal data hidden: how much of it is found, and what is hidden that is none."""

import time
from itertools import pairwise

import pytest

from rejectnlp.evidence import Evidence, Finding, redact_finding
from rejectnlp.redaction import KINDS, find_personal, redact

# Invented. What should be hidden stands between « and ».
SENTENCES = r"""
Dear «Sarah», thank you for taking the time.
Dear Mr «Whitlock», I was surprised by your letter.
Dear Hiring Manager, I wanted to follow up on my application.
Hi «Tomasz», just checking in about the second round.
Hello Team, any news on the role?
I spoke with «Priya» from HR and she was lovely.
My manager «Denise» had already promised it to her nephew.
The recruiter, «Kwame Mensah», never called me back.
Dr. «Feldman» asked about my thesis for an hour.
Mrs «Black» said I was overqualified.
Then «Mark» told me that the budget was gone.
Afterwards «Grace» walked me to the lift.
I hope you will mark my words: grace under pressure is rare.
Will they ever call? I hope so.
Frank feedback would have been nice.
May is a bad month to look for work.
I was rejected in April and again in June.
Kind regards,\n«Olumide Bakare»
Best,\n«Jenny»
Thanks,\n«Will»
Sincerely,\n«Guðrún Jónsdóttir»
They told me «Siobhan» would be in touch.
«Hiroshi» and «Mei» were on the panel.
«Fatima» yawned through my whole presentation.
My friend «Ngozi» had warned me about them.
The interviewer (a guy named «Thorsten») read his phone.
Our neighbour «Xolani» got the job instead.
«Sanjay Gupta», the hiring manager, was late.
An old colleague, «Bryony», works there.
I emailed «Deshawn» twice and got nothing.
She said, "«Miguel», you are too honest."
His name is «Zoltan» and he owns the place.
I met «Anne-Marie O'Brien» at the door.
The CEO «Elon Vance» came in for five minutes.
Professor «Ramakrishnan» chaired the panel.
It was «Karen» who rejected me, and «Karen»'s mail was cold.
I interviewed at «Brightwater» last spring.
I had three rounds with «Halden & Moore» before the silence.
I used to work for «Zentrix» in their data team.
«Northgate Logistics Ltd» ghosted me after the final round.
The offer from «Kessler GmbH» was withdrawn.
«Pinnacle Foods Inc.» wanted five years of experience.
I applied at «Quorvia» and at «Telmont» on the same day.
«Lumen Partners LLC» never wrote back.
I worked for «Ardent Health plc» until March.
I joined «Veridex» in 2019 and left in 2021.
At «Hexagon Dynamics» the whole panel was late.
The job was for a Python developer with Excel skills.
I had a call with HR at noon.
I interviewed for Senior Analyst and for Product Manager.
They asked for English and German, and I only have English.
We met at Christmas and again at Easter.
I was told to wait for Monday.
I work with Java, with Kubernetes and with AWS.
They were looking for ALL the skills at once.
I studied at University and then at College.
It is a good place for Americans and for Indians.
They asked me to come at 9 AM on Friday.
Mail me at «j.doe+jobs@example.co.uk» please.
The address was «careers@some-firm.example».
Call me on «+44 20 7946 0958» any time.
My number is «(212) 555-0134».
He gave me «0151 2345678» as his direct line.
Text «555-0199» for news.
You can ring «+49 (0)30 901820» until six.
Ring «212.555.0187» after five.
It was in 2019-2021 that I worked there.
The salary was 100000 - 120000 a year.
They offered 45,000 and then 52,500 a year.
I answered 2 of 3 questions and scored 85-90 percent.
The interview was on 2024-03-15 at 10:30.
They posted it on 03/04/2023 and again on 12.05.2023.
I have 10 years of experience and 3 degrees.
There were 1000000 users and 250 servers.
It took from 9-5 every day, 24/7.
I sent 300 applications in 12 months.
Version 3.11.4 of the tool was required.
My candidate number was «20231187» and nobody knew it.
I applied under reference #«48213».
The posting «REQ-104822» is still open.
See «https://www.example.com/jobs/123?x=1» for the posting.
The whole story is on «www.example.org/blog».
They are on «glassdoor.com/Reviews/x» with two stars.
Look at «linkedin.com/in/somebody-77» yourself.
I know ASP.NET and Node.js quite well.
I am «@career_girl99» on there.
Posted by «u/throwaway_8841» last week.
They sit at «12 Harbour View Road» on the third floor.
My flat is in «SW1A 2AA» so I could walk.
The office moved to «Lindenstraße 14» in Berlin.
Send it to «PO Box 4411» please.
It is in Springfield, «IL 62704» somewhere.
The Head of Engineering said no.
The Senior Recruiter asked me to do a Test.
I felt like a Junior again.
They wanted a STAR answer and a KPI for everything.
Amazon style questions all the way down.
Jordan is where the office is, in the Middle East.
I flew to Paris for it and back to London.
The role was in Austin, Texas.
Charlotte is two hours from here by car.
Thank God it was over.
No Master degree, no job.
She had a Ruby on Rails background.
I asked «Abdullahi», the foreman, about the shifts.
The nurse «Maribel» told me that the ward had chosen somebody.
My uncle «Venkatesh» knows the owner.
«Chidi» (the team lead) was kind, «Lars» was not.
It went to «Joanna Nowak» in sales.
The other candidate, «Rob», was his golf friend.
""".strip().splitlines()

# Known not to be found, as the module says: a lower-case name, a rare one that nothing
# betrays, an ordinary word at the start, a firm without its at, with, for.
BEYOND_IT = """
i talked to «dave» and he laughed.
«Thistlewood» laughed at me.
«Grace» was rude from the start.
«Zentrix» never called.
The only surgeon on the island said no.
""".strip().splitlines()


def read_marked(line):
    """Give a text without its marks, and the places that were marked."""
    text, places = "", []
    for i, part in enumerate(line.replace("\\n", "\n").replace("»", "«").split("«")):
        if i % 2:
            places.append((len(text), len(text) + len(part)))
        text += part
    return text, places


def count(lines):
    """Give how many marked places there are, those not wholly hidden, and false alarms."""
    n, missed, false = 0, [], []
    for line in lines:
        text, places = read_marked(line)
        spans = find_personal(text)
        n += len(places)
        hidden = {i for span in spans for i in range(span.start, span.end)}
        letters = [[i for i in range(*p) if text[i].isalnum()] for p in places]
        missed += [
            text[a:b] for (a, b), own in zip(places, letters, strict=True) if set(own) - hidden
        ]
        false += [
            text[s.start : s.end]
            for s in spans
            if not any(a < s.end and s.start < b for a, b in places)
        ]
    return n, missed, false


def test_nine_in_ten_of_what_names_somebody_is_hidden():
    n, missed, _ = count(SENTENCES)
    assert n > 70
    assert len(missed) <= 0.1 * n, missed


def test_fewer_than_one_sentence_in_fifty_loses_an_innocent_word():
    _, _, false = count(SENTENCES)
    assert len(SENTENCES) > 80
    assert len(false) <= 0.02 * len(SENTENCES), false


def test_what_the_module_says_it_cannot_find_it_does_not():
    n, missed, _ = count(BEYOND_IT)
    assert len(missed) == n == 4


@pytest.mark.parametrize("line", SENTENCES)
def test_no_sentence_is_hidden_twice_or_shifted(line):
    text, _ = read_marked(line)
    shown, counts = redact(text)
    spans = find_personal(text)
    assert sum(counts.values()) == len(spans)
    assert set(counts) <= set(KINDS)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    ends, starts = [0, *(s.end for s in spans)], [*(s.start for s in spans), len(text)]
    rest = [text[a:b] for a, b in zip(ends, starts, strict=True)]
    for part in rest:
        assert part in shown


def test_who_was_named_once_is_hidden_everywhere():
    told = "My boss Xanthippe smiled. Xanthippe then left. At Zentrix all do. Zentrix is odd."
    shown, counts = redact(told)
    assert shown == "My boss [name] smiled. [name] then left. At [firm] all do. [firm] is odd."
    assert counts == {"name": 2, "firm": 2}


def test_a_name_that_is_a_word_hides_no_word():
    assert redact("Dear Will, will you? Will they?")[0] == "Dear [name], will you? Will they?"


def test_evidence_moves_with_what_was_hidden_before_it():
    text = "Dear Mr Whitlock, you lied. Sarah yawned at me."
    start = text.index("Sarah")
    evidence = (Evidence("cold_interviewer", text[start:], start, len(text), 0.5),)
    found = redact_finding(Finding("1", text, ("cold_interviewer",), {}, evidence, ()))
    [own] = found.evidence
    assert own.text == "[name] yawned at me."
    assert found.text[own.start : own.end] == own.text


def test_a_finding_without_personal_data_is_left_as_it_is():
    finding = Finding("1", "He yawned.", ("cold_interviewer",), {}, (), ())
    assert redact_finding(finding) is finding


HOSTILE = {
    "a story": "My boss Sarah met Tom at Zentrix and called +44 20 7946 0958. ",
    "digits": "1",
    "spaced digits": "1 2 ",
    "dots": "a.",
    "capitals": "Aa Bb ",
    "joined capitals": "Aa-",
    "at": "a@",
    "capital words": "Xx & ",
    "street": "1 Aa Bb Cc Dd ",
    "greetings": "Dear ",
    "line ends": "Best,\n",
    "slashes": "www./",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_with_the_text_and_no_faster(kind):
    def seconds(n):
        text = (HOSTILE[kind] * (n // len(HOSTILE[kind]) + 1))[:n]
        began = time.process_time()
        find_personal(text)
        return time.process_time() - began

    seconds(1_000)  # The lists are read.
    short = min(seconds(10_000) for _ in range(3))
    # Ten times the text; a pattern that runs wild would take a hundred times as long.
    assert seconds(100_000) < 40 * short + 0.2
