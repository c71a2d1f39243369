"""Checks a report's page: tags are closed in order, nothing is fetched or run, tables have headers with a scope. Exit status 1 where not."""
import re
import sys
from html.parser import HTMLParser

EMPTY = {"meta", "wbr", "br", "polygon", "path", "ellipse", "polyline"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.faults, self.seen = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        names = dict(attrs)
        if tag not in EMPTY:
            self.open.append(tag)
        if tag in {"script", "link", "iframe", "object", "img", "image", "use", "form", "base"}:
            self.faults.append(f"<{tag}>")
        if tag == "th" and names.get("scope") not in {"row", "col"}:
            self.faults.append("<th> without a scope")
        for name in names:
            if name.startswith("on") or name in {"src", "href", "xlink:href", "srcset", "action", "data"}:
                self.faults.append(f"<{tag} {name}>")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> without a beginning")


def main(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    page = Page()
    page.feed(text)
    page.close()
    faults = page.faults + [f"<{t}> is not closed" for t in page.open]
    faults += [f"no {want}" for want in ('<!DOCTYPE html>', '<html lang="en">', "default-src 'none'", "prefers-color-scheme:dark", "@media print") if want not in text]
    faults += [f"{m} in the style" for m in re.findall(r"url\(|@import", text)]
    print("\n".join(faults))
    sys.exit(bool(faults) or "table" not in page.seen)


main(sys.argv[1])
