import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { Log } from '../../src/base/log.ts';
import { loadProject } from '../../src/app/config/load-project.ts';
import { tempProject } from '../../src/app/config/temp-project.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../src/app/lockstep.ts';
import { runMapping } from '../../src/app/run-mapping.ts';
import type { RunOverrides } from '../../src/app/run-request.ts';
import { startRun } from '../../src/app/runs.ts';
import { openMemoryRepository } from '../../src/repo/memory/memory-repository.ts';
import type { Link } from '../../src/model/link.ts';
import type { RunEntry } from '../../src/model/run.ts';
import type { ReconResult } from '../../src/recon/recon.ts';
import { linkPairs } from './notation.ts';

/** A small world: a project as its files, and what its stores hold at the start. */
export interface EngineSpec {
  readonly mappings: readonly JsonObject[];
  /** `system/<name>/account` in memory. */
  readonly memory?: Readonly<Record<string, readonly JsonObject[]>>;
  /** `system/<name>/account` in `data/<name>.csv`, as rows with the columns `uid,key,name,mail,status`, or as text. */
  readonly csv?: Readonly<Record<string, readonly JsonObject[] | string>>;
  /** `managed/<name>`. */
  readonly managed?: Readonly<Record<string, readonly JsonObject[]>>;
  /** `ann-t1 bob:B-t2` by link type. */
  readonly links?: Readonly<Record<string, string>>;
  readonly lockstep?: JsonObject;
  readonly files?: Readonly<Record<string, unknown>>;
}

export interface Outcome {
  readonly result: ReconResult;
  readonly entries: readonly RunEntry[];
}

export interface Engine extends AsyncDisposable {
  readonly lockstep: Lockstep;
  readonly directory: string;
  readonly logged: readonly string[];
  /** Runs the mapping; the entries are those stored at the end. */
  run(mapping: string, overrides?: RunOverrides): Promise<Outcome>;
  /** Plans it; the entries are those that were announced. */
  plan(mapping: string, overrides?: RunOverrides): Promise<Outcome>;
  objects(collection: string): Promise<readonly JsonObject[]>;
  links(linkType: string): Promise<readonly Link[]>;
  write(file: string, content: unknown): void;
}

export const COLUMNS = ['uid', 'key', 'name', 'mail', 'status'] as const;
const ATTRIBUTES = ['key', 'name', 'mail', 'status', 'dept', 'manager', 'note'];

export function js(source: string): JsonObject {
  return { type: 'text/javascript', source };
}

/** A mapping `m` onto managed users that finds them by `key`. */
export const BY_KEY: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  correlateEmptyTargetSet: true,
  correlationQuery: {
    type: 'text/javascript',
    file: 'ui/correlateTreeToQueryFilter.js',
    mapping: 'm',
    expressionTree: { all: ['key'] },
  },
  properties: [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
};

/** Time that a test may move on. */
export class TestClock implements Clock {
  #nowMs = 1_800_000_000_000;

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export async function openEngine(spec: EngineSpec, clock: Clock = new TestClock()): Promise<Engine> {
  const project = tempProject(projectFiles(spec));
  const { config, diagnostics } = await loadProject(project.directory, { env: {}, connectorKinds });
  if (config === null) {
    project[Symbol.dispose]();
    throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  }
  const logged: string[] = [];
  const log: Log = { write: (level, message) => void logged.push(`${level}: ${message}`) };
  const opened = await openLockstep({ config, dataDirectory: null, log, clock });
  const lockstep: Lockstep = { ...opened, openScratch: async () => openMemoryRepository(clock) };
  await preload(lockstep, spec);
  return {
    lockstep,
    directory: project.directory,
    logged,
    run: (mapping, overrides = {}) => run(lockstep, mapping, overrides),
    plan: (mapping, overrides = {}) => plan(lockstep, mapping, overrides),
    objects: (collection) => readObjects(lockstep, collection),
    links: (linkType) => readLinks(lockstep, linkType),
    write: project.write,
    [Symbol.asyncDispose]: async () => {
      await lockstep.close();
      project[Symbol.dispose]();
    },
  };
}

async function run(lockstep: Lockstep, mapping: string, overrides: RunOverrides): Promise<Outcome> {
  const result = await startRun(lockstep, lockstep.mappingConfig(mapping), { overrides });
  return { result, entries: await lockstep.repository.runs.entries(result.record.id, { limit: 1_000_000 }) };
}

async function plan(lockstep: Lockstep, mapping: string, overrides: RunOverrides): Promise<Outcome> {
  const entries: RunEntry[] = [];
  const result = await runMapping(lockstep, lockstep.mappingConfig(mapping), {
    mode: 'plan',
    overrides,
    onEntry: (entry) => entries.push(entry),
  });
  return { result, entries };
}

export async function readObjects(lockstep: Lockstep, collection: string): Promise<readonly JsonObject[]> {
  const objects: JsonObject[] = [];
  for await (const page of lockstep.objectSet(collection, lockstep.repository).scan({ pageSize: 1000 }))
    for (const stored of page.objects) objects.push(stored.object);
  return objects;
}

export async function readLinks(lockstep: Lockstep, linkType: string): Promise<readonly Link[]> {
  return (await lockstep.repository.links.page(linkType, null, 1_000_000)).rows;
}

async function preload(lockstep: Lockstep, spec: EngineSpec): Promise<void> {
  const objects = Object.entries(spec.managed ?? {}).flatMap(([type, list]) =>
    list.map(({ _id, ...doc }) => ({ object: { kind: 'create', type, id: String(_id), doc } as const })),
  );
  const links = Object.entries(spec.links ?? {}).flatMap(([linkType, text]) =>
    linkPairs(text).map((pair) => ({
      links: [{ kind: 'create', link: { id: lockstep.newId(), rev: 0, linkType, ...pair } } as const],
    })),
  );
  const result = await lockstep.repository.commit({ units: [...objects, ...links] });
  if (!result.ok) throw new Error(result.conflicts[0]!.message);
}

function projectFiles(spec: EngineSpec): Record<string, unknown> {
  const files: Record<string, unknown> = {
    'conf/sync.json': { mappings: spec.mappings },
    'conf/managed.json': { objects: Object.keys(spec.managed ?? { user: [] }).map((name) => ({ name })) },
    'conf/lockstep.json': { batchSize: 3, guard: { enabled: false }, ...spec.lockstep },
    ...spec.files,
  };
  for (const [name, list] of Object.entries(spec.memory ?? {}))
    files[`conf/provisioner.openicf-${name}.json`] = provisioner(
      name,
      'memory',
      { objects: { account: list as JsonObject[] } },
      {},
    );
  for (const [name, rows] of Object.entries(spec.csv ?? {})) {
    const settings = { csvFile: `data/${name}.csv`, headerUid: 'uid' };
    files[`conf/provisioner.openicf-${name}.json`] = provisioner(
      name,
      'org.forgerock.openicf.csvfile.CSVFileConnector',
      settings,
      { uid: { type: 'string', nativeName: '__NAME__', required: true } },
    );
    files[`data/${name}.csv`] = typeof rows === 'string' ? rows : csvText(rows);
  }
  return files;
}

function provisioner(
  name: string,
  connectorName: string,
  configurationProperties: JsonObject,
  more: JsonObject,
): JsonObject {
  const isCsv = connectorName !== 'memory';
  const names = isCsv ? COLUMNS.slice(1) : ATTRIBUTES;
  const properties: JsonObject = {
    ...Object.fromEntries(names.map((attribute) => [attribute, { type: 'string' }])),
    ...more,
  };
  if (!isCsv) properties['tags'] = { type: 'array', items: { type: 'string' } };
  return {
    name,
    connectorRef: { connectorName },
    configurationProperties,
    objectTypes: { account: { nativeType: '__ACCOUNT__', properties } },
  };
}

export function csvText(rows: readonly JsonObject[]): string {
  const line = (row: JsonObject): string =>
    COLUMNS.map((column) => `"${String(row[column] ?? (column === 'uid' ? (row['_id'] ?? '') : ''))}"`).join(',');
  return `${[COLUMNS.map((column) => `"${column}"`).join(','), ...rows.map(line)].join('\n')}\n`;
}
