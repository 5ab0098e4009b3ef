"""What an operator is told of a rule pack that `motcua what-if` can't use."""

import pytest

from deploy.trouble import Trouble
from deploy.what_if import RULES, read_rules

ENTRY = 'name = "thử"\nfrom = 2015-01-01\nbasis = "dự thảo"\nmark = "L"\n'
HEAD = 'pack = "trial"\nversion = "1"\n'


def test_the_reviewed_files_are_what_it_takes(tmp_path):
    rules = read_rules(RULES)
    assert [each["pack"] for each in rules.then] == ["2019", "2026", "province"] and rules.then == rules.was
    file = tmp_path / "trial.toml"
    file.write_text(f'{HEAD}[[cut_off]]\n{ENTRY}time = "16:00"\n', encoding="utf-8")
    assert [each["pack"] for each in read_rules(file).then] == ["2019", "2026", "province", "trial"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pack = ", "is not TOML"),
        ('pack = "trial"\n', "does not say its version"),
        (HEAD, "says nothing of cut_off"),
        (f'{HEAD}[[wording]]\n{ENTRY}vi = "a"\n', "says nothing of cut_off"),
        (f'{HEAD}[[cut_off]]\ntime = "16:00"\n', "has no name, from, basis, mark"),
        (f'{HEAD}[[cut_off]]\n{ENTRY.replace("2015-01-01", "1")}time = "16:00"\n', "has no day in `from`"),
        (f"{HEAD}[[cut_off]]\n{ENTRY}", "is no whole rule pack"),
        (f'{HEAD}[[cut_off]]\n{ENTRY}time = "late"\n', "is no whole rule pack"),
        (f"{HEAD}[[processing_default]]\n{ENTRY}amount = 5\n", "is no whole rule pack"),
        (f'{HEAD}[[supplement]]\n{ENTRY}at = "pause"\n', "is no whole rule pack"),
    ],
)
def test_a_file_that_is_no_rule_pack_is_refused_with_what_is_wrong(tmp_path, text, said):
    file = tmp_path / "trial.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Trouble, match=said):
        read_rules(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Trouble, match="can't be read"):
        read_rules(tmp_path / "nothing.toml")
