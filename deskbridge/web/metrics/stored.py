"""What the store tells at a moment, for all processes that work on it; it costs little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import deskbridge
from deskbridge.bootstrap import Application
from deskbridge.web.metrics import families as f
from deskbridge.web.metrics.families import Family
from sync.store.health import Pulse
from sync.store.quota import usage
from sync.store.runs import RunState
from sync.store.tally import waiting

Sample = tuple[Family, tuple[str, ...], float]


class Stored(Collector):
    """Asks the store when a monitor asks us."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is, is asked of nobody at the start."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield each figure with its values; of a store that does not answer only that."""
        samples: list[Sample] = [(f.BUILD, (deskbridge.__version__,), 1)]
        try:
            samples += [(f.STORE, (), 1), *self._samples()]
        except Exception:  # noqa: BLE001 - whatever the store has: a monitor must hear of it
            samples = [samples[0], (f.STORE, (), 0)]
        told: dict[Family, GaugeMetricFamily] = {}
        for family, labels, value in samples:
            if family not in told:
                told[family] = GaugeMetricFamily(family.name, family.means, labels=family.labels)
            told[family].add_metric(labels, value)
        yield from told.values()

    def _samples(self) -> Iterator[Sample]:
        app, at = self._application, self._application.now()
        counts, standings = waiting(app.store.database, at), app.store.lists.standings(at).values()
        yield f.STOPPED, (), app.store.database.recovering() is not None
        yield f.DUE, (), counts.due
        yield f.OLDEST, (), max(0.0, (at - counts.oldest).total_seconds()) if counts.oldest else 0
        yield f.UNCERTAIN, (), counts.uncertain
        yield f.PARKED, (), sum(counts.parked.values())
        yield f.OPEN, (), sum(one.open for one in standings)
        yield f.CLOCKS, ("breached",), sum(one.broken for one in standings)
        yield f.CLOCKS, ("soon",), sum(one.soon for one in standings)
        for severity, count in app.store.findings.counts().items():
            yield f.FINDINGS, (severity.value,), count
        for queue in app.store.outbox.queues():
            yield f.OUTBOX, (queue.channel,), queue.count
        for kind, count in Counter(worker.kind for worker in app.store.workers.all()).items():
            yield f.WORKERS, (kind,), count
        for name, collected in counts.collected.items():
            yield f.POLL, (name,), max(0.0, (at - collected).total_seconds())
        yield from self._connections()
        yield from self._runs()

    def _connections(self) -> Iterator[Sample]:
        app, at = self._application, self._application.now()
        pulses, used = app.store.health.pulses(), usage(app.store.database, at)
        for name in app.settings.connections:
            pulse = pulses.get(name, Pulse())
            yield f.PAUSED, (name,), pulse.paused is not None
            yield f.DENIED, (name,), pulse.paused is not None and pulse.denied
            yield f.SILENT, (name,), pulse.silent is not None
            yield f.DOUBTED, (name,), app.store.health.doubted(name)
            if pulse.heard is not None:
                yield f.HEARD, (name,), max(0.0, (at - pulse.heard).total_seconds())
            if (use := used.get(name)) is not None and use.calls:
                yield f.LIMIT, (name,), use.calls
                yield f.LEFT, (name,), max(0, use.calls - use.taken)

    def _runs(self) -> Iterator[Sample]:
        store, told = self._application.store.runs, set[str]()
        for run in store.all():
            if run.source in told:
                continue
            told.add(run.source)
            yield f.RUNNING, (run.source,), run.state is RunState.RUNNING
            for state, count in store.counts(run.source).items():
                yield f.RUN, (run.source, state.value), count
