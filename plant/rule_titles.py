"""What each rule is called; the terms are those of ``docs/glossary.md``."""

from plant.text import Text

RULE_TITLES = {
    "IA-01": Text("missed trip", "联锁拒动"),
    "IA-02": Text("slow trip", "联锁动作超时"),
    "IA-06": Text("bypass too long", "旁路超时"),
    "IA-09": Text("demand under bypass", "旁路期间出现要求"),
    "IA-14": Text("bad or stale signal", "联锁信号坏值或过时"),
    "EN-LIMIT": Text("over the limit value", "能耗超限定值"),
    "EN-RESET": Text("meter reset", "计数清零"),
    "EN-JUMP": Text("meter jump", "计数跳变"),
    "EN-GAP": Text("meter gap", "计量数据中断"),
    "EN-STUCK": Text("stuck meter", "计量表停走"),
}
"""By rule id."""


def named(rule: str) -> Text:
    """The rule's id with its title; the id alone for a rule without one, as a newer analytics may tell of it."""
    title = RULE_TITLES.get(rule)
    return Text(rule, rule) if title is None else Text(f"{rule} {title.en}", f"{rule} {title.zh}")
