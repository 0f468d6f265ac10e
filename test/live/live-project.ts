import type { JsonObject } from '../../src/base/json.ts';
import { fakeDirectory, forgetDirectories, type FakeDirectory } from './fake-directory.ts';
import { openSyncProject, system, user, type OpenOptions, type SyncProject } from '../implicit/sync-project.ts';

/** A directory `hr` with a change log, whose accounts become managed users. */
export interface LiveProject extends SyncProject {
  readonly hr: FakeDirectory;
  /** Calls LiveSync; the stage document. */
  live(source?: string, parameters?: Record<string, string>): Promise<JsonObject>;
  /** Managed users by name, without `_id` and `_rev`. */
  users(): Promise<Readonly<Record<string, JsonObject>>>;
}

export function intoUsers(more: JsonObject = {}): JsonObject {
  return {
    name: 'hr_users',
    source: 'system/hr/account',
    target: 'managed/user',
    correlationQuery: {
      type: 'text/javascript',
      source: "({_queryFilter: 'userName eq \"' + source.name + '\"'})",
    },
    properties: [
      { source: 'name', target: 'userName' },
      { source: 'mail', target: 'mail' },
    ],
    policies: [
      { situation: 'ABSENT', action: 'CREATE' },
      { situation: 'FOUND', action: 'UPDATE' },
      { situation: 'CONFIRMED', action: 'UPDATE' },
      { situation: 'MISSING', action: 'CREATE' },
      { situation: 'SOURCE_MISSING', action: 'DELETE' },
      { situation: 'UNASSIGNED', action: 'DELETE' },
    ],
    ...more,
  };
}

export interface LiveFiles {
  readonly mappings?: readonly JsonObject[];
  readonly hr?: JsonObject;
  readonly files?: Readonly<Record<string, unknown>>;
}

export function liveFiles({ mappings = [intoUsers()], hr = {}, files = {} }: LiveFiles): Record<string, unknown> {
  return {
    'conf/managed.json': user({}),
    'conf/provisioner.openicf-hr.json': {
      ...system('hr'),
      connectorRef: { connectorName: 'fake-directory' },
      ...hr,
    },
    'conf/sync.json': { mappings },
    ...files,
  };
}

export async function openLiveProject(given: LiveFiles = {}, options: OpenOptions = {}): Promise<LiveProject> {
  if (options.project === undefined) forgetDirectories();
  const project = await openSyncProject(liveFiles(given), options);
  project.lockstep.connector('hr');
  const hr = fakeDirectory('hr');
  return {
    ...project,
    hr,
    live: async (source = 'system/hr/account', parameters = {}) =>
      (await project.action(source, 'liveSync', parameters)) as JsonObject,
    users: async () => {
      const { rows } = await project.lockstep.repository.objects.page('user', { limit: 100_000 });
      return Object.fromEntries(rows.map(({ doc }) => [String(doc['userName']), doc]));
    },
  };
}
