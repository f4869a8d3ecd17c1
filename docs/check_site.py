"""Check the built site, and count it: `python docs/check_site.py`, after `make site`.

Every link within the site leads somewhere, and every public name has a place on a page of docs/api.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

sys.path.insert(0, str(Path(__file__).parent))
import make_api

SITE = Path(__file__).with_name("_build") / "html"


class Page(HTMLParser):
    """The targets and the places of one page.

    Attributes:
        links: what its links, pictures, scripts and styles lead to.
        places: what a link can lead to in it.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to, and its place."""
        for name, value in attrs:
            if (
                name in ("href", "src")
                and value
                and not value.startswith(("data:", "mailto:", "javascript:"))
            ):
                self.links.add(value)
            if name in ("id", "name") and value:
                self.places.add(value)


def pages(site: Path) -> dict[Path, Page]:
    """Every page of a site, read."""
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def dead(read: dict[Path, Page]) -> list[str]:
    """Links that lead nowhere within the site, as 'page -> link'; links to other sites are not followed.

    >>> dead({Path("a.html"): Page('<a href="no.html">no</a> <a href="#b">b</a>')})
    ['a.html -> #b', 'a.html -> no.html']
    """
    found = []
    for path, page in read.items():
        for link in sorted(page.links):
            if link.startswith(("http:", "https:", "//")):
                continue
            file, place = urldefrag(unquote(link))
            target = (path.parent / file.partition("?")[0]).resolve() if file else path
            known = read.get(target)
            exists = known is not None or target.exists()
            if not exists or (place and known is not None and place not in known.places):
                found.append(f"{path} -> {link}")
    return found


def nameless(read: dict[Path, Page], site: Path) -> list[str]:
    """Public names without a place on their page, as 'page: name'."""
    none = Page("")
    return [
        f"{page}: {part}.{name}"
        for page, part, name in make_api.public()
        if f"{part}.{name}" not in read.get(site / "api" / f"{page}.html", none).places
    ]


def main() -> int:
    """Print the counts, the dead links and the names on no page; 1 if there are any."""
    read = pages(SITE.resolve())
    links_wrong, names_wrong = dead(read), nameless(read, SITE.resolve())
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    links = sum(len(page.links) for page in read.values())
    others = {link for page in read.values() for link in page.links if link.startswith("http")}
    print(f"{len(read)} pages, {links} links, {len(others)} addresses elsewhere, {size / 1e6:.1f} MB")
    print("\n".join(links_wrong) or "every link leads somewhere")
    names = len(list(make_api.public()))
    print("\n".join(names_wrong) or f"all {names} public names have their place on a page")
    return bool(links_wrong or names_wrong)


if __name__ == "__main__":
    sys.exit(main())
