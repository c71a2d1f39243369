"""Holds the picture of a chip in a page, and the same figures in JSON, against placement.json and limits from the chips' documents.

  chip.py speck|xylo PAGE.html REPORT.json PLACEMENT.json

Bars are measured: a box's bars stand in the order of its title's figures. Exit status 1 where something differs."""
import json
import re
import sys

SPECK = {"kernel words": [16384] * 3 + [32768] * 2 + [65536] * 2 + [16384] * 2, "neuron words": [65536] * 3 + [32768] * 2 + [16384] * 4, "bias words": [1024] * 9}


def boxes(page):
    """title -> (widths of the bars' room, widths of what is used)"""
    section = page[page.index('<h2 id="chip">'):]
    found = {}
    for g in re.findall(r'<g class="(?:used|idle)">(.*?)</g>', section, re.S):
        bars = []
        for kind, width in re.findall(r'<rect class="(room|share)"[^>]* width="([0-9.]+)"', g):
            if kind == "room":
                bars.append([float(width), 0])
            else:
                bars[-1][1] += float(width)
        found[re.search(r"<title>(.*?)</title>", g)[1]] = bars
    return found


def edges(page):
    return sorted(re.findall(r"<g><title>(.*?)</title><path", page[page.index('<h2 id="chip">'):]))


def same(what, got, wanted):
    if got == wanted:
        return True
    print(f"{what}: {got}, {wanted} is wanted")
    return False


def measured(title, bars):
    """Each bar is as long as its figures say."""
    figures = [(int(a.replace(",", "")), int(b.replace(",", ""))) for a, b in re.findall(r"([0-9,]+) of ([0-9,]+)", title)]
    ok = same(f"bars of {title}", len(bars), len(figures))
    return ok and all(abs(used - room * a / b) < 0.01 or same(f"bar of {title}", used, room * a / b) for (room, used), (a, b) in zip(bars, figures))


def speck(page, report, placement):
    wanted, chip = {}, report["chip"]
    by_core = {layer["core"]: layer for layer in placement["layers"]}
    for core in range(9):
        layer = by_core.get(core, {})
        words = "".join(f"; {name} {layer.get(name.replace(' ', '_'), 0):,} of {limit[core]:,}" for name, limit in SPECK.items())
        wanted[f"core {core}: {layer.get('neuron', 'not in use')}{words}"] = None
    found = boxes(page)
    ok = same("boxes", sorted(found), sorted(wanted))
    ok = all(measured(*b) for b in found.items()) and ok
    sums = {k: [sum(layer[k] for layer in placement["layers"]), sum(SPECK[k.replace("_", " ")])] for k in ("kernel_words", "neuron_words", "bias_words")}
    ok = same("resources", chip["resources"], {"cores": [len(by_core), 9], **sums}) and ok
    ok = same("cores", [c["layers"] for c in chip["cores"]], [[by_core[c]["neuron"]] if c in by_core else [] for c in range(9)]) and ok
    return same("variant", chip["variant"], placement["chip"]) and ok


def xylo(page, report, placement):
    chip, used = report["chip"], placement["resources"]
    places = [(p, part, limit) for part, limit in (("inputs", "inputs"), ("hidden", "hidden"), ("outputs", "outputs")) for p in placement[part]]
    found = boxes(page)
    ok = same("resources", chip["resources"], used)
    ok = same("boxes", [re.sub("; fanout.*", "", t) for t in found], [f"{p['node']}; count {p['count']:,} of {used[limit][1]:,}" for p, part, limit in places]) and ok
    ok = all(measured(*b) for b in found.items()) and ok
    strips = re.findall(r'<text class="small" x="14"[^>]*>(\w+): ([0-9,]+) of ([0-9,]+)</text><rect class="room" x="14" [^>]*width="([0-9.]+)"[^>]*/>((?:<rect class="share"[^>]*/>)*)', page)
    ok = same("strips", [s[0] for s in strips], ["input", "hidden", "output"]) and ok
    for (name, _, _, room, shares), part in zip(strips, ("inputs", "hidden", "outputs")):
        limit = used[part][1]
        got = [(float(x), float(w)) for x, w in re.findall(r' x="([0-9.]+)"[^>]* width="([0-9.]+)"', shares)]
        wanted = [(14 + float(room) * p["first"] / limit, float(room) * p["count"] / limit) for p in placement[part]]
        close = len(got) == len(wanted) and all(abs(a - b) < 0.01 for g, w in zip(got, wanted) for a, b in zip(g, w))
        ok = (close or same(f"strip {name}", got, wanted)) and ok
    for part, key in (("hidden", "hidden"), ("outputs", "output")):
        for p in placement[part]:
            scale = placement["scale"][key][p["first"]:p["first"] + p["count"]]
            layer = next(c for c in chip["layers"] if c["name"] == p["node"])
            ok = same(f"scale of {p['node']}", layer["scale"], {"least": min(scale), "largest": max(scale)}) and ok
            ok = same(f"latency of {p['node']}", layer["latency"], p["latency"]) and ok
    return ok


kind, *paths = sys.argv[1:]
page, report, placement = (open(p, encoding="utf-8").read() for p in paths)
good = {"speck": speck, "xylo": xylo}[kind](page, json.loads(report), json.loads(placement))
for e in edges(page):
    print("edge", e)
sys.exit(not good)
