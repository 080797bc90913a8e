# SPDX-License-Identifier: MIT
"""What test_install_documents.py knows of Markdown: blocks of code, the commands in them, links and headings."""

import dataclasses
import pathlib
import re

from lib.simulator import ROOT

README = ROOT / "README.md"
FOLDER = ROOT / "contrib/doc"
DOCUMENTS = [README, *sorted(FOLDER.glob("*.md"))]
# Pages for developers, with diagrams and code among what is typed.
DEVELOPERS = {"adding-a-cloud.md", "architecture.md", "testing.md"}


@dataclasses.dataclass
class Block:
    """A block of code. The language of an indented one is that of what it looks like."""
    document: pathlib.Path
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.document.name}:{self.line}"


def _language(document, text):
    """Of an indented block."""
    if re.match(r"\[[\w-]+\]", text):
        return "ini"
    if document.name in DEVELOPERS and not re.match(r"(\$|cmake|ctest|cd|consolefs) |(tests|contrib)/", text):
        return "text"
    return "sh"


def blocks(document):
    """All of a document, as they stand."""
    found, lines, i = [], document.read_text().splitlines(), 0
    while i < len(lines):
        begin = i
        if fence := re.fullmatch(r"```(.*)", lines[i]):
            i = lines.index("```", i + 1)
            found.append(Block(document, begin + 2, fence[1] or "sh", "\n".join(lines[begin + 1:i]) + "\n"))
        elif lines[i].startswith("    ") and (i == 0 or not lines[i - 1].strip()):
            while i < len(lines) and (lines[i].startswith("    ") or not lines[i].strip()):
                i += 1
            text = "\n".join(line[4:] for line in lines[begin:i]).strip("\n") + "\n"
            found.append(Block(document, begin + 1, _language(document, text), text))
            continue
        i += 1
    return found


def commands(block):
    """Of a block for a shell: (command, the output that is shown). If any line begins with `$ `, those are the
    commands, else each line is one, and no output is shown. A backslash at the end of a line goes on."""
    text = block.text.replace("\\\n", "\\\0")
    transcript = re.search(r"^\$ ", text, re.MULTILINE)
    found = []
    for line in text.splitlines():
        line = line.replace("\0", "\n")
        if not transcript and line.strip() and not line.startswith("#"):
            found.append((line, []))
        elif transcript and line.startswith("$ "):
            found.append((line[2:], []))
        elif transcript and line.strip():
            found[-1][1].append(line)
    return found


def links(document):
    """The targets of links and pictures, but for those that lead elsewhere."""
    text = re.sub(r"```.*?^```|`[^`\n]*`", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target)]


def anchors(document):
    """The names that GitHub gives the headings."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = []
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return found


def tables(document):
    """Rows of all tables, as lists of cells: {the first cell of the head: [rows]}."""
    found, head = {}, None
    for line in document.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else None
        if not cells:
            head = None
        elif head is None:
            head = found.setdefault(cells[0], [])
        elif set(line) - set("|-: "):
            head.append(cells)
    return found
