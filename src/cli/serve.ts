import path from 'node:path';
import process from 'node:process';
import { messageOf } from '../base/failure.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { purge } from '../audit/purge.ts';
import { startPurging } from '../audit/purge-timer.ts';
import { AUDIT_TOPICS } from '../model/audit.ts';
import type { Tree } from '../openidm/open-tree.ts';
import { openProjectSecurity, type ProjectSecurityOptions } from '../openidm/project-security.ts';
import { reconEvents } from '../openidm/recon-resource.ts';
import { createMetrics, type Metrics } from '../server/metrics.ts';
import type { RunningServer, ServerOptions } from '../server/server-options.ts';
import { startServer } from '../server/start-server.ts';
import type { TlsOptions } from '../server/tls.ts';
import { VERSION } from './version.ts';

export interface ServeOptions {
  /** Goes before what the project says; null: as the project says. */
  readonly port: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Tests make it cheap. */
  readonly passwordCost?: NonNullable<ProjectSecurityOptions['passwordCost']>;
}

/** A project that is being served. */
export interface Served {
  /** The http server first, then https if there is one. */
  readonly urls: readonly string[];
  /** Made up at the first start: to be shown once. */
  readonly firstPassword: string | null;
  /** Answers what is under way, checkpoints runs, ends. The `Lockstep` stays open. */
  stop(): Promise<void>;
}

const PURGE_EVERY_MS = 3_600_000;

/** Serves an opened project over HTTP, and takes up the runs that an earlier process left behind. */
export async function serve(lockstep: Lockstep, tree: Tree, options: ServeOptions): Promise<Served> {
  const { env, passwordCost } = options;
  const security = await openProjectSecurity(lockstep, {
    env,
    version: VERSION,
    ...(passwordCost === undefined ? {} : { passwordCost }),
  });
  const metrics = createMetrics();
  watch(lockstep, tree, metrics);
  const shared = sharedOptions(lockstep, tree, security, metrics);
  const servers: RunningServer[] = [];
  const purging = startPurging({
    everyMs: PURGE_EVERY_MS,
    log: lockstep.log,
    purge: (signal) => purgeNow(lockstep, signal),
  });
  const stop = async (): Promise<void> => {
    // Runs are suspended at once, so that nobody who waits for one holds up the end.
    await Promise.all([tree.scheduler.stop(), tree.runs.close(), ...servers.map((server) => server.stop())]);
    await purging.stop();
    await tree.close();
    metrics.close();
  };
  try {
    for (const address of addresses(lockstep, options.port)) servers.push(await startServer({ ...shared, ...address }));
  } catch (error) {
    await stop();
    throw error;
  }
  await tree.runs
    .resumeInterrupted()
    .catch((error: unknown) => lockstep.log.write('error', `an interrupted run was not taken up: ${messageOf(error)}`));
  await tree.scheduler.start();
  return { urls: servers.map(({ url }) => url), firstPassword: security.firstPassword, stop };
}

function watch({ connectorWatchers }: Lockstep, tree: Tree, metrics: Metrics): void {
  connectorWatchers.add((connector, { operation, outcome, seconds }) =>
    metrics.connectorOperation({ connector, operation, outcome }, seconds),
  );
  metrics.watchQueue('runs', () => tree.runs.activity().waiting);
  metrics.watchQueue('running runs', () => tree.runs.activity().running);
  tree.onRunEnd(({ record, progress }) => {
    const { mapping, kind, state, startedMs, endedMs } = record;
    if (endedMs === null) return;
    metrics.run({ mapping, kind, state }, (endedMs - startedMs) / 1000);
    for (const [situation, actions] of Object.entries(progress.matrix))
      for (const [action, count] of Object.entries(actions ?? {}))
        metrics.entries({ mapping, situation, action, status: 'decided' }, count);
    const { failed, held } = progress.counts;
    if (failed > 0) metrics.entries({ mapping, situation: '', action: '', status: 'failed' }, failed);
    if (held > 0) metrics.entries({ mapping, situation: '', action: '', status: 'held' }, held);
  });
}

type Shared = Omit<ServerOptions, 'port' | 'tls'>;

function sharedOptions(lockstep: Lockstep, tree: Tree, security: ServerOptions['security'], metrics: Metrics): Shared {
  const { router, log, newId, audit, config } = lockstep;
  const { host, trustedProxies, publicMetrics, accessLog } = config.lockstep.server;
  return {
    router,
    security,
    log,
    host,
    metrics,
    trustedProxies,
    newTransactionId: newId,
    version: VERSION,
    isAccessLogged: accessLog,
    health: () => health(lockstep),
    onAccess: (event) =>
      void audit
        .later(audit.events.access(event))
        .catch((error: unknown) => log.write('error', `an access was not audited: ${messageOf(error)}`)),
    events: (place, context, lastEventId) => reconEvents({ lockstep, runs: tree.runs }, place, context, lastEventId),
    managedSchemas: () => lockstep.config.managed.map(({ name, raw }) => ({ name, raw })),
    publicPaths: publicMetrics ? ['/metrics'] : [],
  };
}

/** Ready means: the repository answers. */
async function health({ repository }: Lockstep): ReturnType<ServerOptions['health']> {
  try {
    await repository.runs.list({ limit: 1 });
    return { ready: true, reasons: [] };
  } catch (error) {
    return { ready: false, reasons: [`the repository does not answer: ${messageOf(error)}`] };
  }
}

type Address = Pick<ServerOptions, 'port' | 'tls'>;

const DEFAULT_PORT = 8080;
const DEFAULT_HTTPS_PORT = 8443;

function addresses(lockstep: Lockstep, wanted: number | null): readonly Address[] {
  const { server } = lockstep.config.lockstep;
  const port = wanted ?? server.port ?? bootPort(lockstep, 'openidm.port.http') ?? DEFAULT_PORT;
  const bootHttps = bootPort(lockstep, 'openidm.port.https');
  if (server.https === null && (bootHttps === null || wanted !== null)) return [{ port }];
  const httpsPort = server.https?.port ?? bootHttps ?? DEFAULT_HTTPS_PORT;
  return [{ port }, { port: httpsPort, tls: tlsOptions(lockstep) }];
}

function bootPort({ config }: Lockstep, name: string): number | null {
  const value = Number(config.bootProperties[name] ?? Number.NaN);
  return Number.isInteger(value) && value >= 0 && value <= 65_535 ? value : null;
}

function tlsOptions({ config, dataDirectory }: Lockstep): TlsOptions {
  const files = config.lockstep.server.https?.files ?? null;
  if (files === null)
    return {
      kind: 'selfSigned',
      directory: path.join(dataDirectory ?? path.join(config.directory, '.lockstep'), 'tls'),
    };
  const [certFile, keyFile] = [files.certFile, files.keyFile].map((file) => path.resolve(config.directory, file));
  return { kind: 'files', certFile: certFile!, keyFile: keyFile! };
}

function purgeNow({ repository, config, clock, newId }: Lockstep, signal: AbortSignal): ReturnType<typeof purge> {
  const { retention } = config.lockstep.audit;
  return purge({ repository, retention, topics: AUDIT_TOPICS, nowMs: clock.nowMs(), newId, userId: 'system', signal });
}

/** Resolves at the first signal that asks the process to end. */
export function untilAskedToStop(): Promise<string> {
  return new Promise((resolve) => {
    const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
    const asked = (signal: NodeJS.Signals): void => {
      for (const one of signals) process.off(one, asked);
      resolve(signal);
    };
    for (const one of signals) process.on(one, asked);
  });
}
