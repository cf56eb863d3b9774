"""The packaged data, read once, and the smallest file of one's own."""

from analytics.energy.standards import EnergyData

DATA = EnergyData.packaged()

OWN = """\
schema_version: 2
number: GB 99999-2026
title_zh: 试验产品单位产品能源消耗限额
industry: chemical
effective: "2026-01-01"
valid_to: null
dates_confidence: one source
dates_sources: [print]
electricity: {basis: not seen}
sources:
  - {id: print, name: "Printed standard, 2026, page 5"}
rows:
  - key: gb99999_2026.x
    line: trial.x
    product_zh: 试验产品
    product_en: trial product
    unit: kgce/t
    advanced: {value: "100", confidence: one source, sources: [print]}
    limit: {value: "120.5", confidence: one source, sources: [print]}
"""
