# SPDX-License-Identifier: MIT
"""The contact sheet: index.html of a finished run.

A static page: every text in it is escaped, and its policy forbids all but its pictures and its style.
"""

import datetime
import html
import itertools
import os
import re
import stat

from outcome import FAILED

STYLE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "sheet.css")
HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Consoles, {name}</title>
<style>
{style}</style>
</head>
<body>
<h1>Consoles, <time datetime="{when:%Y-%m-%dT%H:%M:%SZ}">{when:%Y-%m-%d %H:%M} UTC</time></h1>
<p>{tally.fetched} fetched, {tally.failed} failed, {tally.skipped} skipped. <a href="summary">summary</a></p>
"""


# What is not allowed in a page, or changes the order of the text around it.
UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def text(string):
    """A string as the text of an element or an attribute."""
    return html.escape(UNFIT.sub("\ufffd", re.sub(r"[\b\t\n\f\r]", " ", string)))


def url(place):
    """A relative path as a URL. Percent signs are encoded once more, as they are in the names of
    directories."""
    return html.escape(place.replace("%", "%25"))


def moment(string):
    """The time of 2026-11-21T20-13-48Z or 2026-11-21T20:13:48.000Z, or None."""
    match = re.match(r"(\d{4})-(\d\d)-(\d\d)T(\d\d)[:-](\d\d)[:-](\d\d)", string, re.ASCII)
    try:
        return match and datetime.datetime(*map(int, match.groups()), tzinfo=datetime.timezone.utc)
    except ValueError:
        return None


def age(seconds):
    for unit, size, limit in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172800)):
        if seconds < limit:
            return f"{int(seconds / size)} {unit}"
    return f"{int(seconds / 86400)} d"


def details(path):
    """lstat of a regular file, or None."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def page(name, tally, troubles, results, tree):
    """The whole page of a run. results are in the order in which they are shown, tree is where the
    run's files are."""
    when = moment(name)
    with open(STYLE, encoding="ascii") as style:
        parts = [HEAD.format(name=name, when=when, tally=tally, style=style.read())]
    parts += [f'<p class="why">{text(trouble)}</p>\n' for trouble in troubles]
    for cloud, group in itertools.groupby(results, lambda result: result.cloud):
        parts.append(f'<h2>{text(cloud)}</h2>\n<ul class="sheet">\n')
        parts += [card(result, tree, when) for result in group]
        parts.append("</ul>\n")
    parts.append("</body>\n</html>\n")
    return "".join(parts)


def card(result, tree, now):
    """An instance: its screen, what it is, and links to its files."""
    place, label = url(result.place), text(result.name or result.id)
    files = {name: details(f"{tree}/{result.place}/{name}")
             for name in ("screenshot.jpg", "console.log", "info.json")}
    screen = files["screenshot.jpg"]
    if screen:
        shown = f'<a class="screen" href="{place}/screenshot.jpg"><img src="{place}/screenshot.jpg" ' \
            f'alt="Screen of {label}" loading="lazy" decoding="async"></a>'
    else:
        shown = '<div class="screen">no screen</div>'
    lines = ['<li class="failed">' if result.status == FAILED else "<li>", shown,
             f"<h3><bdi>{label}</bdi></h3>", f"<p>{about(result, place, now)}</p>",
             f"<p>{links(files, place, now)}</p>"]
    if result.status == FAILED:
        lines.append(f'<p class="why">{text(result.reason)}</p>')
    return "\n".join([*lines, "</li>\n"])


def about(result, place, now):
    words = [f'<a href="{place}/">{text(result.id)}</a>']
    if result.state:
        words.append(f"<b>{text(result.state)}</b>")
    words += [text(word) for word in (result.region, result.type) if word]
    launched = moment(result.launched)
    if launched and launched <= now:
        words.append(f'<span title="launched {text(result.launched)}">'
                     f"{age((now - launched).total_seconds())} old</span>")
    return " ".join(words)


def links(files, place, now):
    screen, log, info = files["screenshot.jpg"], files["console.log"], files["info.json"]
    words = []
    if screen and screen.st_mtime < now.timestamp() - 1:
        words.append(f"screen unchanged for {age(now.timestamp() - screen.st_mtime)}")
    if log:
        words.append(f'<a href="{place}/console.log">console.log</a>'
                     + ("" if log.st_size else " (empty)"))
    if info:
        words.append(f'<a href="{place}/info.json">info.json</a>')
    return " ".join(words)
