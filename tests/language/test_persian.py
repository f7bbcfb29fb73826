"""The Persian catalogue keeps to its own rules: letters, half-spaces, marks and digits."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from gonogo.language import catalogue
from gonogo.language.phrases import say
from gonogo.language.reader import Reader
from gonogo.language.writing import quantity

LOCALE = Path(catalogue.__file__).parent / "locale"
CATALOGUE = read_po(BytesIO((LOCALE / "fa.po").read_bytes()), locale="fa")
PLACE = re.compile(r"\{[a-z_0-9]+\}")


def broken(rule: str, *, unless_said: str = "(?!)") -> list[str]:
    """Translations in which the rule is broken, places left out."""
    found = []
    for message in CATALOGUE:
        said = message.id if isinstance(message.id, str) else " ".join(message.id)
        told = message.string if isinstance(message.string, str) else " ".join(message.string)
        if (
            said
            and re.search(rule, PLACE.sub("", told))
            and not re.search(unless_said, PLACE.sub("", said))
        ):
            found.append(told)
    return found


def test_kaf_and_yeh_are_the_persian_ones():
    assert broken("[\u0643\u064a\u0649\u06c0]") == []


def test_prefixes_and_plurals_are_joined_by_a_half_space():
    assert broken(r"(?<!\S)ن?می (?=[آ-ی])|(?<=[آ-ی]) (ها|های|هایی|تر|ترین)(?![آ-ی])") == []


def test_marks_are_persian():
    assert broken(r"[,;?]") == []


@pytest.mark.parametrize("digits", ["[0-9]", "[۰-۹]"])
def test_digits_stand_only_where_the_message_itself_has_some(digits: str):
    assert broken(digits, unless_said="[0-9]") == []


def test_a_recorded_span_of_two_units_is_put_together_as_persian_does():
    assert quantity("3 min 20 s", Reader.of("fa")) == "۳ دقیقه و ۲۰ ثانیه"


def test_a_recorded_minus_stays_before_its_number_in_right_to_left_text():
    assert quantity("−3.5 %", Reader.of("fa")) == "\u2066−۳٫۵\u2069٪"


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (
            "errors: 9 of 61 canary requests bad (14.8 %), baseline 2 of 1,150 (0.17 %): about 85"
            " times worse [10, 3,200]; odds 24,000,000 : 1 that this is no accident (limit 990 : 1)",
            "errors: ۹ از ۶۱ درخواست قناری بد (۱۴٫۸٪)، مبنا ۲ از ۱٬۱۵۰ (۰٫۱۷٪): حدود ۸۵ برابر بدتر"
            " [۱۰، ۳٬۲۰۰]؛ بخت اینکه تصادفی نباشد ۲۴٬۰۰۰٬۰۰۰ به یک است (حد ۹۹۰ به یک)",
        ),
        ("test report is 9 days old (limit 7)", "گزارش تست: ۹ روز از عمرش می‌گذرد (حد ۷)"),
        ("GO: 5 gates passed", "برو: ۵ دروازه موفق"),
        (
            "NO-GO: 1 of 5 gates blocks: rollback rehearsal: v1.2.1 cannot run on the schema of v1.3.0",
            "نرو: ۱ از ۵ دروازه مانع است: تمرین بازگردانی: v1.2.1 با شِمای v1.3.0 کار نمی‌کند",
        ),
        (
            "more than 5% 5xx on GET /orders within 30m (from 20 requests on; judged)",
            "بیش از ۵٪ 5xx روی GET /orders ظرف ۳۰ دقیقه (از ۲۰ درخواست به بعد؛ با داوری)",
        ),
        (
            "more than 5% 5xx within 30m, for 5m (from 1 request on; literal)",
            "بیش از ۵٪ 5xx ظرف ۳۰ دقیقه، به مدت ۵ دقیقه (از ۱ درخواست به بعد؛ به معنای دقیق)",
        ),
    ],
)
def test_a_recorded_sentence_is_told_in_persian(recorded: str, told: str):
    assert re.sub("[\u2068\u2069]", "", say(recorded, Reader.of("fa")).text) == told


def test_a_foreign_name_in_a_persian_sentence_keeps_its_own_direction():
    assert (
        say("customers are on v1.2.1", Reader.of("fa")).text
        == "مشتریان روی \u2068v1.2.1\u2069 هستند"
    )
    assert say("customers are on v1.2.1", Reader.of("ru")).text.endswith("v1.2.1")


def test_a_measured_value_is_written_in_the_reader_s_digits():
    told = say("memory: 69.7 MB, within its bound of at most 400 MB", Reader.of("fa")).text
    assert "۶۹٫۷ MB" in told
    assert "۴۰۰ MB" in told
