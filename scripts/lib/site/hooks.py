"""What mkdocs does not do by itself, for the site of mkdocs.yml.

The pages in docs/ also have to read well where they lie, beside the sources they link to. On the site there are no
sources, so a link out of docs/ leads
  - for a public header: to the API reference of what it declares,
  - for any other file or folder of the repository: to a page with its text, made here.
All pages of the API reference (Doxygen made them in build/api before) are files of the site, so that mkdocs checks
links to them as well.
"""

import pathlib
import posixpath
import re
import xml.etree.ElementTree as ElementTree

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parents[3]
API = ROOT / "build" / "api"
SHOWN = "repository/"  # where on the site files from outside docs/ are
LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".py": "python", ".cmake": "cmake", ".txt": "cmake", ".json": "json",
             ".yml": "yaml", ".lua": "lua"}
ESCAPED = re.compile(r"<code>[^<]*</code>")
FENCED = re.compile(r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)`*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?P<before>\]\()(?P<target>[^)\s#]+)(?P<after>(?:#[^)\s]*)?\))")


def repositoryPath(srcUri):
    """Where in the repository a page of the site comes from."""
    if srcUri.startswith(SHOWN):
        shown = srcUri.removeprefix(SHOWN)
        return shown if (ROOT / shown).is_file() else shown.removesuffix(".md")
    return "docs/" + srcUri


def shownAs(path):
    """The site's page for a file or folder outside docs/."""
    return SHOWN + path + ("" if path.endswith(".md") else ".md")


def targetOf(fromPath, link):
    """The repository path that a relative link in a page means; None for a link to elsewhere."""
    if "://" in link or link.startswith(("mailto:", "/")):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(fromPath), link))
    return None if path.startswith("..") or not (ROOT / path).exists() else path


def linksOf(path, text):
    """The repository paths outside docs/ that a page links to."""
    targets = (targetOf(path, match["target"]) for match in LINK.finditer(FENCED.sub("", text)))
    return {target for target in targets if target and not target.startswith("docs/")}


def apiPages():
    """{public header: its page in the API reference}, by Doxygen's own list."""
    pages = {}
    classes = {}
    tags = ElementTree.parse(API / "tempeh.tag").getroot()
    for compound in tags.findall("compound"):
        if compound.get("kind") in ("class", "struct"):
            classes[compound.findtext("name")] = compound.findtext("filename")
    for compound in tags.findall("compound"):
        if compound.get("kind") != "file":
            continue
        header = "include/tempeh/" + (compound.findtext("path") or "").split("include/tempeh/")[-1] + compound.findtext("name")
        page = compound.findtext("filename")
        page = page if page.endswith(".html") else page + ".html"
        wanted = compound.findtext("name").removesuffix(".hpp").replace("_", "")
        for name in (entry.text for entry in compound.findall("class")):
            if name.split("::")[-1].lower() == wanted:
                page = classes.get(name, page)
        pages[header] = page
    return pages


def sourcePage(path):
    """A page with the text of a file, or the names in a folder."""
    place = ROOT / path
    if place.is_dir():
        names = sorted(entry.name for entry in place.iterdir()
                       if entry.is_file() and entry.suffix in (*LANGUAGES, ".out", ".md"))
        return f"---\nsearch:\n  exclude: true\n---\n\n# {path}\n\n" + "\n".join(f"- [{name}]({place.name}/{name})" for name in names) + "\n"
    if path.endswith(".md"):
        return place.read_text()
    # A word that is searched for is in many sources; the page that explains it has to come first.
    return f"---\nsearch:\n  boost: 0.1\n---\n\n# {place.name}\n\n`{path}`\n\n````{LANGUAGES.get(place.suffix, 'text')}\n{place.read_text()}````\n"


def on_files(files, config):
    if not (API / "tempeh.tag").is_file():
        raise SystemExit("no API reference in build/api: scripts/site makes it")
    config["tempeh_api"] = apiPages()
    for path in sorted(API.rglob("*")):
        if path.is_file():
            uri = "api/" + path.relative_to(API).as_posix()
            files.append(File.generated(config, uri, abs_src_path=str(path)))
    waiting = {target for page in files.documentation_pages()
               for target in linksOf("docs/" + page.src_uri, pathlib.Path(page.abs_src_path).read_text())}
    made = set()
    while waiting:
        path = waiting.pop()
        if path in made or path in config["tempeh_api"] or path == "include/tempeh":
            continue
        made.add(path)
        text = sourcePage(path)
        files.append(File.generated(config, shownAs(path), content=text))
        if path.endswith(".md") or (ROOT / path).is_dir():
            waiting |= linksOf(path, text)
    return files


def on_page_markdown(markdown, page, config, files):
    here = repositoryPath(page.file.src_uri)
    markdown = markdown.replace("<details>", '<details markdown="1">')  # else what is inside stays as it is written

    def link(match):
        target = targetOf(here, match["target"])
        if target is None:
            return match[0]
        if target in config["tempeh_api"]:
            site = "api/" + config["tempeh_api"][target]
        elif target == "include/tempeh":
            site = "api/index.html"
        elif target.startswith("docs/"):
            site = target.removeprefix("docs/")
        else:
            site = shownAs(target)
        return match["before"] + posixpath.relpath(site, posixpath.dirname(page.file.src_uri) or ".") + match["after"]

    parts, end = [], 0  # code is left as it is
    for fenced in FENCED.finditer(markdown):
        parts += [LINK.sub(link, markdown[end:fenced.start()]), fenced[0]]
        end = fenced.end()
    return "".join([*parts, LINK.sub(link, markdown[end:])])


def on_page_content(html, page, config, files):
    """In a table a bar inside code is written \\| here as elsewhere; only here it is left so."""
    return ESCAPED.sub(lambda code: code[0].replace("\\|", "|"), html)
