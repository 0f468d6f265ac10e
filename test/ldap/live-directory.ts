import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { loadProject } from '../../src/app/config/load-project.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../src/app/lockstep.ts';
import { openTree } from '../../src/openidm/open-tree.ts';
import { CONTEXT } from '../live/kill-project.ts';
import type { DirectoryLogin } from './conformance-subject.ts';
import { ldapProject } from './ldap-project.ts';

/** Writes a project whose directory accounts become managed users, by LiveSync. */
export function writeDirectoryProject(directory: string, login: DirectoryLogin, more: JsonObject = {}): void {
  const files = ldapProject(login, more);
  const { mappings } = files['conf/sync.json'] as { mappings: readonly JsonObject[] };
  files['conf/sync.json'] = { mappings: [{ ...mappings[0], correlationQuery: undefined, policies: POLICIES }] };
  const system = structuredClone(files['conf/provisioner.openicf-ldap.json']) as {
    objectTypes: { account: { properties: JsonObject } };
  };
  system.objectTypes.account.properties['mail'] = MAIL;
  files['conf/provisioner.openicf-ldap.json'] = system;
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), JSON.stringify(content));
  }
}

/** `storm` gives entries two addresses. */
const MAIL: JsonObject = {
  type: 'array',
  items: { type: 'string', nativeType: 'string' },
  nativeName: 'mail',
  nativeType: 'string',
};

const POLICIES: JsonObject[] = [
  { situation: 'CONFIRMED', action: 'UPDATE' },
  { situation: 'ABSENT', action: 'CREATE' },
  { situation: 'SOURCE_MISSING', action: 'DELETE' },
];

/** That project, opened on the data that it has. */
export interface LiveDirectory extends AsyncDisposable {
  readonly lockstep: Lockstep;
  /** What was logged as a warning or an error. */
  readonly troubles: readonly string[];
  /** `push`: it is followed from then on. */
  live(source?: string, mode?: 'push'): Promise<JsonObject>;
  reconcile(): Promise<void>;
  /** With their mail addresses in one text. */
  users(): Promise<readonly (readonly [name: string, id: string, mail: string])[]>;
  runCount(): Promise<number>;
}

export async function openLiveDirectory(directory: string): Promise<LiveDirectory> {
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const troubles: string[] = [];
  const log = {
    write: (level: string, text: string): void => void (/warn|error/.test(level) ? troubles.push(text) : 0),
  };
  const lockstep = await openLockstep({ config, dataDirectory: path.join(directory, '.lockstep'), log, env: {} });
  const tree = await openTree(lockstep, { loadOptions, isWatching: false });
  const act = async (where: string, action: string, parameters = {}): Promise<JsonObject> => {
    const request = { verb: 'action', path: where, action, content: null, parameters, fields: null } as const;
    const answer = await lockstep.router.handle(request, CONTEXT);
    return answer.kind === 'action' ? (answer.value as JsonObject) : {};
  };
  return {
    lockstep,
    troubles,
    live: (source = 'system/ldap/account', mode) => act(source, 'liveSync', mode === undefined ? {} : { mode }),
    reconcile: async () => {
      const parameters = { mapping: 'systemLdapAccounts_managedUser', waitForCompletion: 'true' };
      await act('recon', 'recon', parameters);
    },
    users: async () => {
      const { rows } = await lockstep.repository.objects.page('user', { limit: 100_000 });
      return rows
        .map(({ id, doc }) => [String(doc['userName']), id, [doc['mail'] ?? []].flat().join(',')] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
    },
    runCount: async () => (await lockstep.repository.runs.list({ limit: 100 })).length,
    [Symbol.asyncDispose]: async () => {
      await tree.close();
      await lockstep.close();
    },
  };
}
