# SPDX-License-Identifier: MIT
"""Fetching all instances: in waves if they are woken first, each wave in batches, by many workers."""

import os
import time

import outcome
import rsync
from files import read, read_text, write_anew
from waking import wake

# Instances that are woken and fetched before the next are woken: in a longer list, the first displays
# would fall asleep again.
WAVE = 500


class Fetching:
    """Fetches instances into the run under way of a destination."""

    def __init__(self, destination, workers, progress, options):
        self._destination, self._workers, self._progress = destination, workers, progress
        self._options = options
        self._environment = rsync.environment()
        # Why displays could not be woken, by place.
        self._unwoken = {}

    def fetch_all(self, instances):
        """The results of all instances of the run: those that it had already, and these."""
        results = self._destination.recorded()
        todo = [instance for instance in instances if instance.place not in results]
        size, wake_first = len(todo), self._options.wake
        if wake_first:
            size = WAVE
            self._progress.begin(2 * len(todo), "woken and fetched")
        else:
            self._progress.begin(len(todo), "fetched")
        for start in range(0, len(todo), size or 1):
            wave = todo[start:start + size]
            if wake_first:
                for failed in self._workers.each(self._wake, wave):
                    self._progress.add(1, failed)
                time.sleep(self._options.wake_wait)
            batches = rsync.batches(wave, self._options.jobs)
            for batch in self._workers.each(self._fetch, batches):
                self._progress.add(len(batch), sum(one.status == outcome.FAILED for one in batch))
                results.update((result.place, result) for result in batch)
        self._progress.clear()
        return list(results.values())

    def _wake(self, instance):
        reason = wake(instance.path, self._options.wake_wait > 0)
        if reason:
            self._unwoken[instance.place] = reason
        return bool(reason)

    def _fetch(self, batch):
        """The results of a batch, which are on record too."""
        before = [read(f"{instance.path}/error") for instance in batch]
        for instance in batch:
            os.makedirs(f"{self._destination.tree}/{instance.place}", exist_ok=True)
        status, errors = self._workers.run(
            rsync.command(batch, self._destination.tree, self._destination.tmp), self._environment)
        failures, general = rsync.explain(status, errors, [instance.id for instance in batch])
        results = [self._conclude(instance, failures.get(instance.id, general), old_error)
                   for instance, old_error in zip(batch, before)]
        self._destination.record(results)
        return results

    def _conclude(self, instance, failure, old_error):
        target = f"{self._destination.tree}/{instance.place}"
        error = read(f"{instance.path}/error")
        write_anew(f"{target}/error", error)
        files = set(os.listdir(target)) - {"info.json", "error"}
        return outcome.conclude(
            instance, read_text(f"{target}/info.json"), len(files), failure,
            # If it has not changed, it is about an earlier failure.
            error.decode("utf-8", "replace") if error != old_error else "",
            self._unwoken.get(instance.place, ""))
