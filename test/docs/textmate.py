"""Colours text as an editor does that reads TextMate's grammars, and compares.

  textmate.py GRAMMAR EXAMPLE [MANUAL]

EXAMPLE: text in which a line `#~ KIND=TEXT ...` says of the line before it what TEXT is (its Nth occurrence: TEXT@N), see KINDS.
MANUAL: docs/language.md. Every example of it must come out without an illegal part and with every bracket closed, and the words of its tables must be known.
Prints what differs; exit status 1 where something does.
"""
import json
import re
import sys

# What a scope begins with, the last of those at a place that matter; None: no scope but those of regions.
KINDS = {
    "keyword": r"keyword\.(control|other)\.|storage\.(type|modifier)\.(const|template|network|graph|port|module|blob)",
    "constant": r"variable\.other\.constant", "number": r"constant\.numeric", "unit": r"keyword\.other\.unit", "comment": r"comment\.line",
    "string": r"string\.quoted", "escape": r"constant\.character\.escape", "badescape": r"invalid\.illegal", "template": r"entity\.name\.type\.template",
    "formal": r"variable\.parameter\.template", "primitive": r"support\.class\.primitive", "parameter": r"variable\.parameter\.primitive",
    "argument": r"variable\.parameter\.(?!primitive|template)", "function": r"support\.function\.(?!op)", "call": r"entity\.name\.function\.template",
    "node": r"entity\.name\.tag\.node", "declared": r"entity\.name\.(tag|type)\.", "edge": r"variable\.other\.node",
    "type": r"storage\.type\.element|constant\.numeric\.shape|constant\.language\.unknown-type",
    "arrow": r"keyword\.operator\.arrow\.(?!feedback)", "feedback": r"keyword\.operator\.arrow\.feedback", "operator": r"keyword\.operator\.(arithmetic|range)",
    "key": r"variable\.other\.property", "file": r"keyword\.operator\.file", "special": r"constant\.language", "loop": r"variable\.parameter\.loop",
    "header": r"keyword\.other\.header", "choice": r"constant\.language\.choice", "op": r"support\.function\.op", "symbol": r"entity\.name\.function\.symbol",
    "attribute": r"variable\.parameter\.attribute", "value": r"variable\.other\.value|constant\.numeric\.index",
    "blob": r"(entity\.name\.tag|variable\.other)\.blob",
    "none": None,
}


class Grammar:
    """Rules as TextMate means them: the leftmost match wins, of several at one place the first; the end of a region before what is inside."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.json = json.load(f)
        self.compiled = {}

    def regex(self, pattern):
        if pattern not in self.compiled:
            self.compiled[pattern] = re.compile(pattern)
        return self.compiled[pattern]

    def rules(self, patterns):
        for p in patterns:
            if "include" in p:
                yield from self.rules(self.json["repository"][p["include"][1:]]["patterns"])
            else:
                yield p

    def paint(self, stack, m, captures, scope, out):
        for i in range(m.start(), m.end()):
            out[i] = stack + ([scope] if scope else [])
        for number, capture in sorted((captures or {}).items(), key=lambda c: int(c[0])):
            for i in range(*m.span(int(number))):
                out[i] = out[i] + [capture["name"]]

    def line(self, text, regions):
        """Scopes of every character; `regions`, those that are open, from outside in, is changed."""
        out = [None] * len(text)
        at = 0
        while at <= len(text):
            stack = [r["name"] for r in regions if "name" in r]
            best, rule = None, None
            if regions:
                best, rule = self.regex(regions[-1]["end"]).search(text, at), regions[-1]
            for r in self.rules(regions[-1].get("patterns", []) if regions else self.json["patterns"]):
                m = self.regex(r.get("match") or r["begin"]).search(text, at)
                if m and (not best or m.start() < best.start()):
                    best, rule = m, r
            for i in range(at, best.start() if best else len(text)):
                out[i] = stack
            if not best:
                break
            ending = regions and rule is regions[-1] and best.re.pattern == rule["end"]
            if ending:
                self.paint(stack, best, rule.get("endCaptures"), None, out)
                regions.pop()
            elif "begin" in rule:
                self.paint(stack, best, rule.get("beginCaptures"), rule.get("name"), out)
                regions.append(rule)
            else:
                self.paint(stack, best, rule.get("captures"), rule.get("name"), out)
            if best.end() == best.start() and not ending:
                raise SystemExit(f"the rule {best.re.pattern!r} takes nothing")
            at = best.end()
            if at == len(text):
                if regions and self.regex(regions[-1]["end"]).match(text, at):             # a region that the line's end ends
                    regions.pop()
                break
        return out

    def text(self, lines):
        regions = []
        return [self.line(line, regions) for line in lines], regions


def occurrence(line, text, number):
    """Where it stands, not inside a longer word."""
    edge = [r"(?<![A-Za-z0-9_])" if re.match(r"\w", text) else "", r"(?![A-Za-z0-9_])" if re.search(r"\w$", text) else ""]
    found = list(re.finditer(edge[0] + re.escape(text) + edge[1], line))
    if len(found) < number:                            # a number and its unit need no blank between them
        found = list(re.finditer(re.escape(text), line))
    return found[number - 1].span() if len(found) >= number else None


def is_kind(scopes, kind):
    own = [s for s in scopes if not s.startswith(("meta.", "string.", "punctuation."))] or [s for s in scopes if s.startswith("string.")]
    if KINDS[kind] is None:
        return not own
    return bool(own) and bool(re.match(KINDS[kind], own[-1])) or (kind == "comment" and any(s.startswith("comment.") for s in scopes))


def split_example(path):
    """Lines, and for each what is said of it."""
    lines, said = [], []
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if line.startswith("#~ "):
                said[-1] += [re.fullmatch(r"(\w+)=(.*?)(?:@([0-9]))?", word).groups() for word in line[3:].split()]
            else:
                lines.append(line)
                said.append([])
    return lines, said


def check_example(grammar, path):
    lines, said = split_example(path)
    scopes, regions = grammar.text(lines)
    faults, checked = [f"{path}: open at the end: {r['begin']}" for r in regions], 0
    for line, about, at in zip(lines, said, scopes):
        for kind, text, number in about:
            span = occurrence(line, text, int(number or 1))
            if not span:
                faults.append(f"{line}\n  '{text}' does not stand there")
            elif not all(is_kind(at[i], kind) for i in range(*span)):
                faults.append(f"{line}\n  '{text}' should be {kind}, is {[at[i] for i in range(*span)]}")
            checked += 1
    return faults, checked


def kind_of(grammar, text, word, kind):
    scopes, _ = grammar.text([text])
    at = text.rindex(word)
    return [] if all(is_kind(scopes[0][i], kind) for i in range(at, at + len(word))) else [f"{text}: '{word}' should be {kind}, is {scopes[0][at]}"]


def check_manual(grammar, path):
    with open(path, encoding="utf-8") as f:
        manual = f.read()
    faults, checked = [], 0
    for block in re.findall(r"```snn(?:-error)?\n(.*?)```", manual, re.S):
        scopes, regions = grammar.text(block.splitlines())
        faults += [f"an example of {path} leaves open: {r['begin']}" for r in regions]
        faults += [f"an example of {path}: illegal" for line in scopes for s in line if s and any("invalid" in x for x in s)]
        checked += 1
    examples = checked
    units = re.findall(r"^\| (?:time|voltage|resistance|current|frequency|capacitance|conductance) \| `([^`]+)`", manual, re.M)
    for unit in " ".join(units).split():
        faults += kind_of(grammar, f"const X = 12 {unit}", unit, "unit")
        checked += 1
    table = manual[manual.index("| function | value |"):manual.index("### Random values")]
    functions = sorted({f for row in table.splitlines() for f in re.findall(r"`([a-z]+)\(", row.split("|")[1] if row.startswith("|") else "")})
    for function in functions:
        faults += kind_of(grammar, f"const X = {function}(4)", function, "function")
        checked += 1
    primitives = re.findall(r"`([A-Z][A-Za-z0-9]*)(?:\(([a-z_, ]*)\))?`", manual[manual.index("| ports |"):manual.index("Parameters go by name")])
    for name, parameters in primitives:
        faults += kind_of(grammar, f"q = {name}(x = 1)", name, "primitive")
        for parameter in re.findall(r"\w+", parameters):
            faults += kind_of(grammar, f"q = X({parameter} = 1)", parameter, "parameter")
        checked += 1
    taken = re.search(r"These are taken: `([^`]+)`", manual)[1].split()
    for word in taken:
        faults += kind_of(grammar, f"nirc 1 {word}" if word != "nirc" else "nirc 1", word, "keyword")
        checked += 1
    enough = examples >= 8 and len(" ".join(units).split()) >= 30 and len(functions) >= 15 and len(primitives) >= 18 and len(taken) >= 10
    return faults + ([] if enough else [f"{path} was not understood"]), checked


def main(grammar_path, example, *manual):
    grammar = Grammar(grammar_path)
    faults, checked = check_example(grammar, example)
    for path in manual:
        more, n = check_manual(grammar, path)
        faults, checked = faults + more, checked + n
    print("\n".join(faults) if faults else f"{checked} places as they should be")
    sys.exit(bool(faults) or checked < 20)


main(*sys.argv[1:])
