"""What the commands on standards say, in English and Chinese."""

from enum import StrEnum


class Language(StrEnum):
    """Language of the output."""

    EN = "en"
    ZH = "zh"


_TEXTS: dict[str, tuple[str, str]] = {
    "number": ("number", "标准号"),
    "title": ("title", "名称"),
    "in force": ("in force", "有效期"),
    "values": ("values", "数值"),
    "found": ("in force", "现行"),
    "not yet in force": ("not yet in force", "未实施"),
    "withdrawn": ("withdrawn", "已废止"),
    "dates not known": ("not decidable", "日期不明"),
    "issued": ("issued", "发布"),
    "effective": ("in force from", "实施"),
    "valid to": ("last day", "废止前最后一日"),
    "replaces": ("replaces", "代替"),
    "superseded by": ("superseded by", "被代替于"),
    "unknown": ("not known", "未知"),
    "clause": ("values in clause", "数值条款"),
    "electricity": ("electricity", "电力折标"),
    "equivalent value": ("equivalent value", "当量值"),
    "equal value": ("equal value", "等价值"),
    "not applicable": ("not applicable", "不适用"),
    "not seen": ("not seen", "未见"),
    "stated by a source": ("stated by a source", "来源载明"),
    "inferred": ("inferred", "推定"),
    "confirmed by arithmetic": ("confirmed by arithmetic", "经数值核对"),
    "boundary": ("boundary", "统计边界"),
    "notes": ("notes", "说明"),
    "product": ("product", "产品"),
    "unit": ("unit", "单位"),
    "advanced": ("advanced (1)", "先进值(1级)"),
    "access": ("access (2)", "准入值(2级)"),
    "limit": ("limit (3)", "限定值(3级)"),
    "not available": ("not available", "缺数值"),
    "corrections": ("corrections", "修正"),
    "not known": ("not known, so not assessable", "未知，无法判定"),
    "inputs": ("inputs", "输入"),
    "sources": ("sources", "来源"),
    "legend": (
        "A two sources; B two, one of them weak; C one; D one weak; - not given by the standard; * needs inputs",
        "A 两个来源；B 两个来源（其一较弱）；C 一个来源；D 一个较弱来源；- 标准未给出；* 需按输入修正",
    ),
    "carrier": ("carrier", "能源品种"),
    "coefficient": ("kgce per unit", "折标系数 kgce"),
    "heat": ("heat per unit", "热值"),
    "counts": ("{} editions, {} rows, {} values", "{}个版本，{}行，{}个数值"),
    "transcribed": (
        "The values come from transcriptions, not from the printed text: check them before they count.",
        "数值来自转录资料而非标准原文，正式使用前请核对。",
    ),
}


def say(key: str, language: Language) -> str:
    """A text by its key."""
    english, chinese = _TEXTS[key]
    return chinese if language is Language.ZH else english
