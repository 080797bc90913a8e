# SPDX-License-Identifier: MIT
"""A run, from the command line to its end. The steps are in the other parts:

    options       the command line
    destination   DEST: its lock, the run under way, the finished ones
    trust         whose these are
    listing       what there is to fetch
    fetching      fetches it, by workers, waking and rsync; tells of progress
    outcome       what became of each instance
    linking       hard links for what has not changed
    summary, sheet   what a run says of itself
"""

import os
import signal
import sys

import outcome
import sheet
import summary
from destination import Destination, stamp
from fetching import Fetching
from files import read, write_anew
from linking import link_unchanged
from listing import Listing
from options import parse
from progress import Progress
from rsync import CannotWrite, need_rsync
from messages import Fatal, say
from workers import Workers

OK, SOME_FAILED, NOTHING_DONE = 0, 1, 2


def main():
    # Until there is something to be continued, these just end it. One that is ignored stays so.
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Consoles show secrets.
    os.umask(0o077)
    options = parse(sys.argv[1:])
    workers, progress = Workers(options.jobs), Progress()
    try:
        status = run(options, workers, progress)
    except Fatal as error:
        workers.stop()
        progress.clear()
        say(error)
        status = NOTHING_DONE
    sys.exit(status)


def run(options, workers, progress):
    """Makes a run, and returns the status that the program ends with."""
    need_rsync()
    shard = f"shard-{options.shard}-of-{options.shards}" if options.shards else None
    destination = Destination(options.dest, shard)
    try:
        destination.lock()
        be_interruptible(workers, progress)
        if destination.begin() and not options.quiet:
            say(f"continuing the run of {destination.name}")
        listing = Listing(options.sources)
        if options.shards:
            listing.keep_shard(options.shard, options.shards)
        if not listing.instances and listing.troubles:
            for trouble in listing.troubles:
                say(trouble)
            destination.abandon()
            return NOTHING_DONE
        results = Fetching(destination, workers, progress, options).fetch_all(listing.instances)
        tally, text = finish(destination, options, listing, results)
        # An account that has stopped working must not end with an empty archive.
        if options.keep is not None and tally.fetched:
            destination.remove_older(options.keep)
    except CannotWrite as error:
        raise Fatal(f"cannot write to {destination.path!r}: {destination.named(str(error))}") from error
    except OSError as error:
        raise Fatal(f"cannot write to {destination.path!r}: {error.strerror}") from error
    if tally.failed or not options.quiet:
        print(text, end="")
    return SOME_FAILED if tally.failed else OK


def finish(destination, options, listing, results):
    """Puts the run together when all is fetched. Returns its tally and the text of its summary."""
    results, tree = outcome.in_order(results), destination.tree
    tally = outcome.tally(results, listing.troubles)
    for cloud, path in listing.clouds.items():
        os.makedirs(f"{tree}/{cloud}", exist_ok=True)
        write_anew(f"{tree}/{cloud}/status", read(f"{path}/status"))
    finished = destination.finished()
    if finished and not link_unchanged(tree, f"{destination.root}/{finished[-1]}", destination.tmp):
        say(f"cannot link all that is unchanged since {finished[-1]}")
    shard = f"{options.shard}/{options.shards}" if options.shards else ""
    text = summary.summarise(destination.name, stamp(), shard, tally, listing.troubles, results)
    write_anew(f"{tree}/summary", text.encode("ascii"))
    page = sheet.page(destination.name, tally, listing.troubles, results, tree)
    write_anew(f"{tree}/index.html", page.encode("utf-8"))
    destination.finish()
    return tally, text


def be_interruptible(workers, progress):
    """From here on a signal ends what the workers have started, and leaves a run to be continued."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupted(number, _frame):
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        workers.stop()
        progress.clear()
        say("interrupted; the next run continues this one")
        # Not sys.exit: threads may be waiting for a cloud.
        os._exit(128 + number)

    for number in numbers:
        # nohup(1) has it ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupted)
