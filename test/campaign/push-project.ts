import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { silentLog } from '../../src/base/log.ts';
import { loadProject } from '../../src/app/config/load-project.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../src/app/lockstep.ts';
import { openTree, type Tree } from '../../src/openidm/open-tree.ts';

/** A managed type that is pushed to two files, in a directory of its own. */
export const TARGETS = ['left', 'right'] as const;

export function writePushProject(directory: string): void {
  const write = (file: string, content: JsonObject | string): void => {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), typeof content === 'string' ? content : JSON.stringify(content));
  };
  write('conf/managed.json', { objects: [{ name: 'user', schema: { properties: { userName: { type: 'string' } } } }] });
  write('conf/lockstep.json', { implicitSync: { firstDelayMs: 20, maxDelayMs: 100 } });
  write('conf/sync.json', { mappings: TARGETS.map(mapping) });
  for (const name of TARGETS) {
    write(`conf/provisioner.openicf-${name}.json`, provisioner(name));
    write(`data/${name}.csv`, '"uid","mail"\n');
  }
}

function mapping(name: string): JsonObject {
  return {
    name: `managedUser_${name}`,
    source: 'managed/user',
    target: `system/${name}/account`,
    properties: [
      { source: 'userName', target: 'uid' },
      { source: 'mail', target: 'mail' },
    ],
    policies: [
      { situation: 'SOURCE_MISSING', action: 'DELETE' },
      { situation: 'MISSING', action: 'CREATE' },
    ],
  };
}

function provisioner(name: string): JsonObject {
  return {
    name,
    connectorRef: { connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector' },
    configurationProperties: { csvFile: `&{launcher.project.location}/data/${name}.csv`, headerUid: 'uid' },
    objectTypes: {
      account: {
        nativeType: '__ACCOUNT__',
        properties: {
          uid: { type: 'string', nativeName: '__NAME__' },
          mail: { type: 'string', nativeName: 'mail' },
        },
      },
    },
  };
}

export async function openPushProject(
  directory: string,
): Promise<{ readonly lockstep: Lockstep; readonly tree: Tree }> {
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const lockstep = await openLockstep({
    config,
    dataDirectory: path.join(directory, '.lockstep'),
    log: silentLog,
    env: {},
  });
  return { lockstep, tree: await openTree(lockstep, { loadOptions, isWatching: false, isServing: true }) };
}

/** The same sequence for the same seed. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
