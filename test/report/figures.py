"""Holds targets/energy.def against docs/energy.md: figures.py ENERGY.def ENERGY.md. Each source's title, link and year, and each figure with its unit, stand in the manual."""
import re
import sys

QUANTITIES = {"SYNAPTIC_OPERATION", "NEURON_UPDATE", "MESSAGE", "STATIC_POWER", "UPDATE_TIME", "STEP_TIME"}


def rows(text, macro):
    """Arguments of each use, strings joined."""
    for m in re.finditer(macro + r"\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)\)", re.sub(r"(?s)/\*.*?\*/|^#.*?$", "", text, flags=re.M)):
        yield [re.sub(r'"\s*"', "", a).strip().strip('"').replace('\\"', '"') for a in re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+|[^,\s][^,"]*', m[1])]


def main(definitions, manual):
    with open(definitions, encoding="utf-8") as f:
        text = f.read()
    with open(manual, encoding="utf-8") as f:
        page = f.read()
    sources = {r[0]: r for r in rows(text, "NIRC_ENERGY_SOURCE")}
    figures = list(rows(text, "NIRC_ENERGY"))
    assert len(sources) >= 2 and len(figures) >= 4, (sources, figures)
    for name, authors, title, where, year, link, read in sources.values():
        for wanted in (title, link, year, authors.split(",")[0]):
            assert wanted in page, f"{name}: '{wanted}' is not in the manual"
        assert read and where
    assert {f[2] for f in figures} <= QUANTITIES
    for target, chip, quantity, least, most, unit, scale, source, conditions in figures:
        assert source in sources, f"{target}, {quantity}: no source"
        assert target != "loihi2" or "not Loihi 2" in chip, f"{quantity}: of which chip?"
        assert conditions and unit and float(least) > 0 and 0 < float(scale) < 1
        value = least if most in (least, "INFINITY") else f"{least} to {most}"
        assert f"{value} {unit}" in page, f"{target}, {quantity}: '{value} {unit}' is not in the manual"


main(*sys.argv[1:])
