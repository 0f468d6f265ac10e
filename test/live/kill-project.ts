import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { silentLog } from '../../src/base/log.ts';
import { loadProject } from '../../src/app/config/load-project.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../src/app/lockstep.ts';
import { openTree, type Tree } from '../../src/openidm/open-tree.ts';
import { SYSTEM_CALLER, type RequestContext } from '../../src/resource/context.ts';

/** A file `hr` whose changes become managed users, in a directory of its own. */
export function writeKillProject(directory: string): void {
  const write = (file: string, content: JsonObject | string): void => {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), typeof content === 'string' ? content : JSON.stringify(content));
  };
  write('conf/managed.json', { objects: [{ name: 'user', schema: { properties: { userName: { type: 'string' } } } }] });
  write('conf/sync.json', { mappings: [MAPPING] });
  write('conf/provisioner.openicf-hr.json', PROVISIONER);
  write('data/hr.csv', '"uid","mail"\n');
}

const MAPPING: JsonObject = {
  name: 'hr_users',
  source: 'system/hr/account',
  target: 'managed/user',
  properties: [
    { source: 'uid', target: 'userName' },
    { source: 'mail', target: 'mail' },
  ],
  policies: [{ situation: 'SOURCE_MISSING', action: 'DELETE' }],
};

const text = { type: 'string' };
const PROVISIONER: JsonObject = {
  name: 'hr',
  connectorRef: { connectorName: 'csv' },
  configurationProperties: { csvFile: 'data/hr.csv', headerUid: 'uid' },
  objectTypes: {
    account: {
      nativeType: '__ACCOUNT__',
      properties: { uid: { ...text, nativeName: '__NAME__', required: true }, mail: { ...text, nativeName: 'mail' } },
    },
  },
};

export interface KillProject {
  readonly lockstep: Lockstep;
  readonly tree: Tree;
  live(): Promise<JsonObject>;
}

export async function openKillProject(directory: string): Promise<KillProject> {
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const dataDirectory = path.join(directory, '.lockstep');
  const lockstep = await openLockstep({ config, dataDirectory, log: silentLog, env: {} });
  const tree = await openTree(lockstep, { loadOptions, isWatching: false });
  return { lockstep, tree, live: () => liveSync(lockstep) };
}

export const CONTEXT: RequestContext = {
  caller: SYSTEM_CALLER,
  transactionId: 'kill',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};

async function liveSync({ router }: Lockstep): Promise<JsonObject> {
  const base = { path: 'system/hr/account', parameters: {}, fields: null };
  const answer = await router.handle({ verb: 'action', action: 'liveSync', content: null, ...base }, CONTEXT);
  return answer.kind === 'action' ? (answer.value as JsonObject) : {};
}

/** Exchanges the file as a whole. */
export function writeRows(directory: string, rows: ReadonlyMap<string, string>): void {
  const file = path.join(directory, 'data/hr.csv');
  const lines = [...rows].map(([uid, mail]) => `"${uid}","${mail}"\n`);
  writeFileSync(`${file}.new`, `"uid","mail"\n${lines.join('')}`);
  renameSync(`${file}.new`, file);
}

export function readRows(directory: string): ReadonlyMap<string, string> {
  const [, ...lines] = readFileSync(path.join(directory, 'data/hr.csv'), 'utf8').trim().split('\n');
  return new Map(lines.map((line) => line.replaceAll('"', '').split(',') as [string, string]));
}
