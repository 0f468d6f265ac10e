import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Counters for Prometheus. Whoever knows something calls; nothing here asks, except for the depths of queues. */
export interface Metrics {
  request(
    labels: { readonly method: string; readonly resource: string; readonly status: number },
    seconds: number,
  ): void;
  /** `state`: SUCCESS, FAILED, CANCELED. */
  run(labels: { readonly mapping: string; readonly kind: string; readonly state: string }, seconds: number): void;
  /** Entries of runs: `situation` is empty where there is none. */
  entries(labels: EntryLabels, count: number): void;
  /** `outcome`: `ok`, or the code of the failure. */
  connectorOperation(labels: ConnectorLabels, seconds: number): void;
  /** `depth` is asked whenever metrics are read. */
  watchQueue(queue: string, depth: () => number): void;
  /** In the text format of Prometheus. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  close(): void;
}

export interface EntryLabels {
  readonly mapping: string;
  readonly situation: string;
  readonly action: string;
  readonly status: string;
}

export interface ConnectorLabels {
  readonly connector: string;
  /** `scan`, `readMany`, `query`, `write`, `test`. */
  readonly operation: string;
  readonly outcome: string;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const RUN_SECONDS = [0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new Histogram({ name, help, labelNames, buckets, registers: [registry] });
  const requests = histogram(
    'lockstep_http_request_duration_seconds',
    'HTTP requests by method, top of the resource tree and status',
    ['method', 'resource', 'status'],
    SECONDS,
  );
  const runs = histogram(
    'lockstep_run_duration_seconds',
    'Finished runs by mapping, kind and final state',
    ['mapping', 'kind', 'state'],
    RUN_SECONDS,
  );
  const connectors = histogram(
    'lockstep_connector_operation_duration_seconds',
    'Operations of connectors by outcome',
    ['connector', 'operation', 'outcome'],
    SECONDS,
  );
  const entries = entryCounter(registry);
  const queues = watchedQueues(registry);
  return {
    request: (labels, seconds) => requests.observe(labels, seconds),
    run: (labels, seconds) => runs.observe(labels, seconds),
    entries: (labels, count) => entries.inc({ ...labels }, count),
    connectorOperation: (labels, seconds) => connectors.observe({ ...labels }, seconds),
    watchQueue: (queue, depth) => void queues.set(queue, depth),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    close: () => registry.clear(),
  };
}

function entryCounter(registry: Registry): Counter<'mapping' | 'situation' | 'action' | 'status'> {
  return new Counter({
    name: 'lockstep_run_entries_total',
    help: 'Entries of runs by mapping, situation, action and status',
    labelNames: ['mapping', 'situation', 'action', 'status'],
    registers: [registry],
  });
}

function watchedQueues(registry: Registry): Map<string, () => number> {
  const queues = new Map<string, () => number>();
  const gauge: Gauge<'queue'> = new Gauge({
    name: 'lockstep_queue_depth',
    help: 'What waits: runs, scripts, requests',
    labelNames: ['queue'],
    registers: [registry],
    collect: () => {
      for (const [queue, depth] of queues) gauge.set({ queue }, depth());
    },
  });
  return queues;
}
