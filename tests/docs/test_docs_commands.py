"""The command line and its documentation say the same."""

import re

import pytest
from docs_parts import ROOT, commands, documents, parse, shell_lines, unknown_variables, words

READMES = ("README.md", "README.zh-CN.md")
ALL = dict(commands())
_EXAMPLE = re.compile(r"^Example: (.+)$", re.MULTILINE)


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("command", ALL)
def test_every_command_stands_in_both_readmes(command: str, readme: str) -> None:
    assert f"`{command}" in (ROOT / readme).read_text()


@pytest.mark.parametrize("command", ALL)
def test_the_help_of_every_command_has_an_example_of_itself_that_parses(command: str) -> None:
    examples = _EXAMPLE.findall(ALL[command].help or "")
    assert examples, "its --help shows no example"
    for example in examples:
        variables, parts = words(example)
        assert parts[0] == "plantwatch"
        assert parse(parts[1:]) == command
        assert not unknown_variables(variables)


def test_every_option_explains_itself() -> None:
    silent = [f"{name} {p.name}" for name, c in ALL.items() for p in c.params if not getattr(p, "help", None)]
    assert not silent


@pytest.mark.parametrize("document", documents(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_commands_in_a_document_parse_and_its_make_targets_exist(document) -> None:  # noqa: ANN001 - a path
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in shell_lines(document.read_text()):
        variables, parts = words(line)
        assert not unknown_variables(variables), line
        if parts[:3] == ["docker", "compose", "exec"]:
            parts = parts[4:]
        if parts[:1] == ["plantwatch"] or parts[:1] == [".venv/bin/plantwatch"]:
            parse(parts[1:])
        elif parts[:1] == ["make"]:
            assert {p for p in parts[1:] if "=" not in p} <= targets, line


def test_a_wrong_example_would_be_noticed() -> None:
    with pytest.raises(Exception, match=r"(?i)no such option"):
        parse(["check", "plant.yaml", "--fast"])
    assert unknown_variables({"PLANTWATCH_MQTT_HOST": "one underscore"}) == {"PLANTWATCH_MQTT_HOST"}
    assert not unknown_variables({"PLANTWATCH_OPCUA__DCS__URL": "", "PLANTWATCH_MQTT__CA_FILE": ""})
