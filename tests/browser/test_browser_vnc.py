# SPDX-License-Identifier: MIT
"""vnc.html: "opened by a double click, it fetches a fresh link and goes there at once; when the cloud
refuses, the page says why"."""

import html
import os
import re

import pytest

from lib import fleet

VNC = "DescribeInstanceVncUrl"


def page_of(mounted, index):
    return mounted.tencent / fleet.cvm(index) / "vnc.html"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_redeems_a_fresh_link_in_time_and_needs_no_script(sim, mount, browser, scripts):
    cloud = sim(instances=fleet.INSTANCES)
    mounted = mount(cloud)
    one = browser(scripts=scripts)
    one.allow("^request: " + re.escape(cloud.url))
    for times in (1, 2):
        one.open(page_of(mounted, fleet.AWAKE))
        one.ask("arrive", url=cloud.url)
        assert f"This console belongs to {fleet.cvm(fleet.AWAKE)}" in one.ask("content")
        redeemed = cloud.log_entries(action="RedeemVnc")
        assert [entry["status"] for entry in redeemed] == [200] * times
    given = cloud.log_entries(action=VNC)
    assert [entry["sha256"] for entry in given] == [entry["sha256"] for entry in redeemed]
    assert given[0]["sha256"] != given[1]["sha256"]
    assert "wss" not in mounted.log_text() and "InstanceVncUrl=" not in mounted.log_text()


def test_whom_it_does_not_take_along_it_shows_the_link_and_counts_down(sim, mount, browser):
    cloud = sim(instances=fleet.INSTANCES, faults=["RedeemVnc:status=204"])
    mounted = mount(cloud)
    one = browser()
    one.allow("^request: " + re.escape(cloud.url))
    one.open(page_of(mounted, fleet.AWAKE))
    cloud.await_log(action="RedeemVnc")
    link = one.eval("document.querySelector('a.go').href")
    assert link.startswith(cloud.vnc_page)
    assert one.eval("document.querySelector('.url').textContent") == link
    left = "Number(getComputedStyle(document.querySelector('.live')).getPropertyValue('--left'))"
    shown = "getComputedStyle(document.querySelector('{}')).visibility"
    assert 10 <= one.eval(left) <= 15
    assert one.eval(shown.format(".live")) == "visible"
    assert one.eval(shown.format(".over")) == "hidden"
    one.eval("document.getAnimations().forEach(each => each.currentTime = 9000)")
    assert one.eval(left) in (5, 6)
    one.eval("document.getAnimations().forEach(each => each.currentTime = 15500)")
    assert one.eval(left) == 0
    assert one.eval(shown.format(".live")) == "hidden"
    assert one.eval(shown.format(".over")) == "visible"
    assert one.eval("document.querySelector('.over a').pathname").endswith("/vnc.html")
    one.ask("resize", width=390, height=844)
    assert one.eval("document.documentElement.scrollWidth") <= 390
    assert one.ask("accessibility") == []
    one.ask("colors", dark=True)
    assert one.ask("accessibility") == []


def test_when_the_cloud_refuses_the_page_says_why(sim, mount, browser):
    cloud = sim(instances=fleet.INSTANCES)
    mounted = mount(cloud)
    os.listdir(mounted.tencent)
    one = browser()
    one.open(page_of(mounted, fleet.STOPPED))
    text = one.eval("document.body.innerText")
    for part in (fleet.cvm(fleet.STOPPED), "EHOSTDOWN", "Host is down",
                 "UnsupportedOperation.InstanceStateStopped", "start the instance"):
        assert part in text, part
    # The name of that one is the cloud's; the failure is told elsewhere as ever.
    assert "db/primary" in text
    error = (mounted.tencent / fleet.cvm(fleet.STOPPED) / "error").read_text()
    assert "UnsupportedOperation.InstanceStateStopped" in error
    assert "EHOSTDOWN" in (mounted.tencent / "status").read_text()
    assert re.search("EHOSTDOWN: UnsupportedOperation", mounted.log_text())
    assert len(cloud.log_entries(action=VNC)) == 1
    one.ask("click", selector="text=Try again")
    cloud.await_log(2, action=VNC)


def test_what_the_cloud_says_is_text(sim, mount, browser):
    code = "InvalidParameter.<img src=x onerror=alert(1)>"
    mounted = mount(sim(instances=fleet.INSTANCES, faults=[f"{VNC}:code={code}"]))
    one = browser()
    one.open(page_of(mounted, fleet.AWAKE))
    assert code in one.eval("document.body.innerText")
    assert one.eval("document.scripts.length + document.images.length") == 0


def test_it_is_shown_only_where_vnc_url_is(sim, mount):
    mounted = mount(sim(instances=fleet.INSTANCES))
    seen = set()
    for directory in mounted.tencent.glob("ins-*"):
        names = os.listdir(directory)
        assert ("vnc.html" in names) == ("vnc_url" in names)
        seen.add("vnc.html" in names)
    assert seen == {True, False}
    assert page_of(mounted, fleet.AWAKE).stat().st_size == 16 << 10


def test_a_copy_holds_a_link_of_its_own(sim, mount):
    cloud = sim(instances=fleet.INSTANCES)
    mounted = mount(cloud)
    pages = [page_of(mounted, fleet.AWAKE).read_text() for _ in range(2)]
    links = [html.unescape(re.search('content="0;url=([^"]*)"', page).group(1)) for page in pages]
    assert links[0] != links[1]
    assert all(page.count(html.escape(link)) == 3 for page, link in zip(pages, links))
