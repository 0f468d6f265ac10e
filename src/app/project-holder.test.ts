import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../base/diagnostic.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { forward } from '../connector/forward.ts';
import type { ScanRequest } from '../model/object-set.ts';
import { loadProject } from './config/load-project.ts';
import { tempProject, type TempProject } from './config/temp-project.ts';
import { connectorKinds } from './connector-kinds.ts';
import { openLockstep, type Lockstep } from './lockstep.ts';
import type { ProjectChange } from './project-change.ts';
import { openProjectHolder, type ProjectHolder } from './project-holder.ts';
import { startRun } from './runs.ts';

interface Opened extends AsyncDisposable {
  readonly project: TempProject;
  readonly lockstep: Lockstep;
  readonly holder: ProjectHolder;
  readonly logged: readonly string[];
  readonly changes: readonly ProjectChange[];
}

const memory = (name: string, ids: readonly string[]): JsonObject => ({
  name,
  connectorRef: { connectorName: 'memory' },
  configurationProperties: { objects: { account: ids.map((id) => ({ _id: id, key: id })) } },
  objectTypes: { account: { nativeType: '__ACCOUNT__', properties: { key: { type: 'string' } } } },
});

const MAPPING = { name: 'm', source: 'system/hr/account', target: 'managed/user' };
const FILES = {
  'conf/managed.json': { objects: [{ name: 'user' }] },
  'conf/sync.json': { mappings: [MAPPING] },
  'conf/provisioner.openicf-hr.json': memory('hr', ['a']),
  'conf/boot/boot.properties': 'limit=10',
  'conf/endpoint-echo.json': { type: 'text/javascript', source: '"&{limit}"' },
  'script/a.js': '1',
};

async function open(isWatching = false): Promise<Opened> {
  const project = tempProject(FILES);
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(project.directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const logged: string[] = [];
  const log = { write: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
  const lockstep = await openLockstep({ config, dataDirectory: null, log });
  const holder = await openProjectHolder({ lockstep, loadOptions, isWatching, settleMs: 20 });
  const changes: ProjectChange[] = [];
  holder.subscribe((change) => void changes.push(change));
  const close = async (): Promise<void> => {
    await holder.close();
    await lockstep.close();
    project[Symbol.dispose]();
  };
  return { project, lockstep, holder, logged, changes, [Symbol.asyncDispose]: close };
}

async function ids(lockstep: Lockstep, collection: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const page of lockstep.objectSet(collection, lockstep.repository).scan({ pageSize: 10 }))
    found.push(...page.objects.map((one) => one.id));
  return found;
}

describe('reloading a project', () => {
  it('without a change nothing happens', async () => {
    await using it = await open();
    expect(await it.holder.reload()).toEqual({ kind: 'unchanged' });
    expect(it.changes).toEqual([]);
  });

  it('tells what changed, by name', async () => {
    await using it = await open();
    it.project.write('conf/sync.json', { mappings: [{ ...MAPPING, name: 'first' }, MAPPING] });
    it.project.write('conf/managed.json', { objects: [{ name: 'user' }, { name: 'role' }] });
    it.project.write('conf/provisioner.openicf-ad.json', memory('ad', []));
    it.project.write('conf/boot/boot.properties', 'limit=11');
    it.project.write('script/sub/b.js', '2');
    await it.holder.reload();
    expect(it.changes).toMatchObject([
      {
        mappings: ['first'],
        connectors: ['ad'],
        managed: ['role'],
        endpoints: ['echo'],
        documents: expect.arrayContaining(['sync', 'managed', 'endpoint/echo', 'provisioner.openicf/ad']),
        bootProperties: true,
        scripts: true,
      },
    ]);
    expect(it.lockstep.config.mappings.map((one) => one.name)).toEqual(['first', 'm']);
  });

  it('a script that does not compile is told with its place', async () => {
    await using it = await open();
    it.project.write('conf/sync.json', {
      mappings: [{ ...MAPPING, properties: [{ target: 'x', transform: { type: 'text/javascript', file: 'bad.js' } }] }],
    });
    it.project.write('script/bad.js', 'source + (');
    await it.holder.reload();
    expect(it.logged.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringMatching(/script\/bad\.js:1.*property "\/x": transform.*fails until it is mended/),
    ]);
  });

  it('a new managed type can be written at once', async () => {
    await using it = await open();
    it.project.write('conf/managed.json', { objects: [{ name: 'user' }, { name: 'role' }] });
    await it.holder.reload();
    const set = it.lockstep.objectSet('managed/role', it.lockstep.repository);
    expect(await set.write([{ kind: 'create', id: 'r', object: { a: 1 } }])).toMatchObject([{ ok: true, id: 'r' }]);
    expect(await ids(it.lockstep, 'managed/role')).toEqual(['r']);
  });

  it('a faulty change is told once with everything that is wrong, and what was in force stays', async () => {
    await using it = await open();
    const before = it.lockstep.config;
    it.project.write('conf/sync.json', { mappings: [{ name: 'm', source: 'x', target: 'managed/nope' }] });
    it.project.write('conf/lockstep.json', { batchSize: 'many' });
    expect(await it.holder.reload()).toMatchObject({ kind: 'faulty' });
    await it.holder.reload();
    expect(it.lockstep.config).toBe(before);
    expect(it.changes).toEqual([]);
    expect(it.logged.filter((line) => line.includes('conf/sync.json')).length).toBeGreaterThanOrEqual(1);
    expect(it.logged.filter((line) => line.includes('conf/lockstep.json'))).toHaveLength(1);
    it.project.write('conf/sync.json', { mappings: [] });
    it.project.write('conf/lockstep.json', { batchSize: 5 });
    await it.holder.reload();
    expect(it.lockstep.config.lockstep.batchSize).toBe(5);
  });

  it('a listener that fails does not keep the others from being told', async () => {
    await using it = await open();
    const told: string[] = [];
    it.holder.subscribe(() => Promise.reject(new Error('oh')));
    const end = it.holder.subscribe(() => void told.push('x'));
    it.project.write('script/a.js', '1 + 1');
    await it.holder.reload();
    end();
    it.project.write('script/a.js', '1 + 1 + 1');
    await it.holder.reload();
    expect(told).toEqual(['x']);
    expect(it.changes).toHaveLength(2);
    expect(it.logged.join('\n')).toContain('oh');
  });

  it('writers take turns, and a failed one is followed by the next', async () => {
    await using it = await open();
    const order: string[] = [];
    const work = (name: string, fails: boolean) => async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
    const results = await Promise.allSettled([
      it.holder.change(work('a', false)),
      it.holder.change(work('b', true)),
      it.holder.change(work('c', false)),
    ]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('what would be can be tried out, and changes nothing', async () => {
    await using it = await open();
    const overlay = new Map([
      ['managed.json', null],
      ['sync.json', Buffer.from('{"mappings": []}')],
      ['new.json', Buffer.from('{"a": 1}')],
    ]);
    const { config } = await it.holder.tryOut(overlay);
    expect(config).toMatchObject({ managed: [], mappings: [], documents: { new: { value: { a: 1 } } } });
    expect(it.lockstep.config.mappings).toHaveLength(1);
  });

  it('notices changes of conf and script by itself when it watches', async () => {
    await using it = await open(true);
    const noticed = (count: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => (it.changes.length >= count ? resolve() : void setTimeout(look, 5));
        look();
      });
    it.project.write('conf/lockstep.json', { batchSize: 7 });
    await noticed(1);
    expect(it.lockstep.config.lockstep.batchSize).toBe(7);
    it.project.write('script/a.js', '1 + 1 + 1');
    await noticed(2);
    expect(it.changes.at(-1)).toMatchObject({ scripts: true });
  });
});

describe('connectors of a changed project', () => {
  it('who holds a pin keeps the old one, others get the new one at once', async () => {
    await using it = await open();
    const { lockstep } = it;
    const pin = lockstep.pin();
    const pinned = (): ReturnType<Lockstep['objectSet']> =>
      lockstep.objectSet('system/hr/account', lockstep.repository, pin);
    await pinned().write([{ kind: 'create', id: null, object: { key: 'k', __NAME__: 'added' } }]);
    const before = [...(await pinned().readMany(['a', 'added'])).keys()];
    it.project.write('conf/provisioner.openicf-hr.json', memory('hr', ['x', 'y']));
    await it.holder.reload();
    expect(await ids(lockstep, 'system/hr/account')).toEqual(['x', 'y']);
    expect([...(await pinned().readMany(['a', 'added', 'x'])).keys()]).toEqual(before);
    expect(pin.config.connectors[0]!.configurationProperties).toMatchObject({ objects: { account: [{ _id: 'a' }] } });
    await pin.release();
    await pin.release();
    expect(await ids(lockstep, 'system/hr/account')).toEqual(['x', 'y']);
  });

  it('one that did not change goes on, with what it holds', async () => {
    await using it = await open();
    const { lockstep } = it;
    const set = lockstep.objectSet('system/hr/account', lockstep.repository);
    const [outcome] = await set.write([{ kind: 'create', id: null, object: { __NAME__: 'added', key: 'k' } }]);
    expect(outcome).toMatchObject({ ok: true });
    const all = await ids(lockstep, 'system/hr/account');
    expect(all).toHaveLength(2);
    it.project.write('conf/sync.json', { mappings: [] });
    await it.holder.reload();
    expect(await ids(lockstep, 'system/hr/account')).toEqual(all);
  });

  it('a run under way ends with the mapping and the source that it began with', async () => {
    await using it = await open();
    const mapping = (value: string): JsonObject => ({ ...MAPPING, properties: [{ target: 'v', default: value }] });
    it.project.write('conf/lockstep.json', { batchSize: 1, guard: { enabled: false } });
    it.project.write('conf/provisioner.openicf-hr.json', memory('hr', ['a', 'b', 'c']));
    it.project.write('conf/sync.json', { mappings: [mapping('old')] });
    await it.holder.reload();
    let scans = 0;
    const objectSet: Lockstep['objectSet'] = (collection, over, pin) => {
      const set = it.lockstep.objectSet(collection, over, pin);
      const scan = async function* (request: ScanRequest): ReturnType<typeof set.scan> {
        for await (const page of set.scan(request)) {
          yield page;
          if (collection !== MAPPING.source || scans++ > 0) continue;
          it.project.write('conf/sync.json', { mappings: [mapping('new')] });
          it.project.write('conf/provisioner.openicf-hr.json', memory('hr', ['x']));
          await it.holder.reload();
        }
      };
      return collection === MAPPING.source ? { ...forward(set), scan } : set;
    };
    const running: Lockstep = { ...it.lockstep, objectSet };
    const written = async (): Promise<readonly Json[]> => {
      const values: Json[] = [];
      for await (const page of it.lockstep.objectSet('managed/user', it.lockstep.repository).scan({ pageSize: 9 }))
        values.push(...page.objects.map(({ object }) => object['v']!));
      return values;
    };
    await startRun(running, it.lockstep.mappingConfig('m'), { overrides: {} });
    expect(await written()).toEqual(['old', 'old', 'old']);
    await startRun(it.lockstep, it.lockstep.mappingConfig('m'), { overrides: {} });
    expect(await written()).toEqual(['old', 'old', 'old', 'new']);
  });

  it('scripts that a pin has found stay as they were', async () => {
    await using it = await open();
    const pin = it.lockstep.pin();
    expect(pin.files.find('a.js')).toMatchObject({ code: '1' });
    it.project.write('script/a.js', 'changed');
    expect(it.lockstep.files.find('a.js')).toMatchObject({ code: 'changed' });
    expect(pin.files.find('a.js')).toMatchObject({ code: '1' });
    await pin.release();
  });
});
