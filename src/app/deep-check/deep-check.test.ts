import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { connectorKinds } from '../connector-kinds.ts';
import { js, type Files } from '../config/load-fixture.ts';
import { loadProject } from '../config/load-project.ts';
import { tempProject } from '../config/temp-project.ts';
import { openLockstep, type Lockstep } from '../lockstep.ts';
import { startRun } from '../runs.ts';
import { deepCheck } from './deep-check.ts';

interface Opened {
  readonly lockstep: Lockstep;
  readonly directory: string;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function csv(name: string, columns: JsonObject): Files {
  const typed = Object.entries(columns).map(([key, type]) => [
    key,
    { nativeName: key === 'id' ? '__NAME__' : key, ...(type as JsonObject) },
  ]);
  return {
    [`conf/provisioner.openicf-${name}.json`]: {
      name,
      connectorRef: { connectorName: 'csv' },
      configurationProperties: { csvFile: `data/${name}.csv`, headerUid: 'id' },
      objectTypes: { account: { nativeType: '__ACCOUNT__', properties: Object.fromEntries(typed) } },
    },
  };
}

const string = { type: 'string' };
const WORLD: Files = {
  'conf/managed.json': { objects: [{ name: 'user' }] },
  ...csv('hr', { id: string, mail: string, level: string }),
  ...csv('dir', { id: string, mail: string, level: { type: 'integer' } }),
  'data/hr.csv': 'id,mail,level\n1,Ann@x,1\n2,Bob@x,2\n3,Cid@x,3\n',
  'data/dir.csv': 'id,mail,level\n',
};
const IN: JsonObject = { name: 'hr_user', source: 'system/hr/account', target: 'managed/user' };
const OUT: JsonObject = { name: 'user_dir', source: 'managed/user', target: 'system/dir/account' };
const BACK: JsonObject = { name: 'dir_user', source: 'system/dir/account', target: 'managed/user', links: 'user_dir' };
const copies = [
  { source: 'id', target: 'id' },
  { source: 'mail', target: 'mail' },
];
const mailBy = (code: string) => [copies[0]!, { source: 'mail', target: 'mail', transform: js(code) }];

async function open(mappings: readonly JsonObject[], more: Files = {}): Promise<Opened> {
  const project = tempProject({ ...WORLD, 'conf/sync.json': { mappings }, ...more });
  const { config, diagnostics } = await loadProject(project.directory, { env: {}, connectorKinds });
  if (config === null) throw new Error(JSON.stringify(diagnostics));
  const lockstep = await openLockstep({ config, dataDirectory: null, log: { write: () => {} } });
  closers.push(async () => {
    await lockstep.close();
    project[Symbol.dispose]();
  });
  return { lockstep, directory: project.directory };
}

async function found(mappings: readonly JsonObject[], more: Files = {}): Promise<readonly string[]> {
  const { lockstep } = await open(mappings, more);
  const { findings } = await deepCheck(lockstep, { sample: 100 });
  return findings.map(({ code, pointer, message }) => `${code} ${pointer}: ${message}`);
}

describe('planning twice', () => {
  it('finds nothing where a second run has nothing to do', async () => {
    expect(
      await found([
        { ...IN, properties: copies },
        { ...OUT, properties: copies },
      ]),
    ).toEqual([]);
  });

  it('finds what is written again, with an example and both values', async () => {
    const [one, ...more] = await found([{ ...IN, properties: mailBy("'m' + Math.random()") }]);
    expect(more).toEqual([]);
    expect(one).toMatch(
      /^written-every-run \/mappings\/0\/properties\/1: a second run of "hr_user" would write "mail" of 3 objects in managed\/user again, e\.g\. managed\/user\/\S+ \(from system\/hr\/account\/\d\): "m0\.\d+" → "m0\.\d+"$/,
    );
  });

  it('finds what the target shows as another kind of value', async () => {
    const properties = [copies[0]!, { source: 'level', target: 'level' }];
    const direct = { name: 'hr_dir', source: 'system/hr/account', target: 'system/dir/account', properties };
    expect(await found([direct])).toEqual([
      expect.stringMatching(/^written-every-run .*"level" of 3 objects in system\/dir\/account again, .*: \d → "\d"$/),
    ]);
  });

  it('finds what a hook of the managed type makes of it', async () => {
    const type = { name: 'user', onUpdate: js('object.mail = object.mail.toLowerCase()') };
    const more = { 'conf/managed.json': { objects: [type] } };
    const { lockstep } = await open([{ ...IN, properties: copies }], more);
    // The hook takes part from the first update on.
    await startRun(lockstep, lockstep.mappingConfig('hr_user'), { overrides: {} });
    expect((await deepCheck(lockstep, { sample: 100 })).findings).toEqual([]);
    const changed = [copies[0]!, { source: '', target: 'mail', transform: js("'New' + source.mail") }];
    expect(
      await found([{ ...IN, properties: changed, onUpdate: js("target.mail = 'Up' + source.mail") }], more),
    ).toEqual([expect.stringContaining('"mail" of 3 objects')]);
  });

  it('finds objects that would be created once more', async () => {
    expect(await found([{ ...IN, enableLinking: false, properties: copies }])).toEqual([
      expect.stringMatching(
        /^duplicates \/mappings\/0: a second run of "hr_user" would create 3 objects in managed\/user once more/,
      ),
    ]);
  });

  it('does not show secrets', async () => {
    const properties = [copies[0]!, { source: 'mail', target: 'password', transform: js("'s3cret' + Math.random()") }];
    const [one] = await found([{ ...IN, properties }]);
    expect(one).toContain('"password" of 3 objects');
    expect(one).not.toContain('s3cret');
  });

  it('tells of objects that fail, and of mappings that cannot be tried', async () => {
    const failing = { ...IN, properties: mailBy("if (source === 'Bob@x') throw 'no'; source") };
    expect(await found([failing])).toEqual([
      expect.stringMatching(
        /^not-tried \/mappings\/0: 1 of 3 objects of "hr_user" fail, e\.g\. system\/hr\/account\/2: .*no/,
      ),
    ]);
    expect(await found([{ ...IN, properties: copies }], { 'data/hr.csv': '' })).toEqual([
      expect.stringMatching(/^not-tried \/mappings\/0: "hr_user" could not be tried: /),
    ]);
  });
});

describe('going round', () => {
  const twoWay = (back: JsonObject[]): readonly JsonObject[] => [
    { ...IN, properties: [copies[0]!] },
    { ...OUT, properties: copies },
    { ...BACK, properties: back },
  ];
  const data = { 'data/dir.csv': 'id,mail,level\n9,Zed@x,1\n' };

  it('finds values that never come to rest', async () => {
    const all = await found(
      twoWay([copies[1]!, { source: 'mail', target: 'mail', transform: js("source ? source + '.' : null") }]),
      data,
    );
    expect(all).toEqual([
      expect.stringMatching(
        /^never-at-rest \/mappings\/1\/properties\/1: .*"user_dir" writes "mail" of 1 object in system\/dir\/account again, .*"Zed@x(\.+)" → "Zed@x\.\1"$/,
      ),
      expect.stringMatching(
        /^never-at-rest \/mappings\/2\/properties\/1: .*"dir_user" writes "mail" of 1 object in managed\/user again/,
      ),
    ]);
  });

  it('finds nothing where copies and normalized values go both ways', async () => {
    expect(
      await found(twoWay([{ source: 'mail', target: 'mail', transform: js('source && source.toLowerCase()') }]), data),
    ).toEqual([]);
  });

  it('finds two mappings that undo each other, unless one is declared to own the attribute', async () => {
    const key = { correlationQuery: js("({_queryFilter: 'id eq \"' + source.id + '\"'})") };
    const second = { ...IN, name: 'again', ...key, properties: mailBy('source.toLowerCase()') };
    const mappings = [{ ...IN, ...key, properties: copies }, second];
    expect(await found(mappings)).toEqual([
      expect.stringMatching(
        /^never-at-rest .*"hr_user" writes "mail" of 3 objects in managed\/user again, and so does "again"/,
      ),
      expect.stringMatching(
        /^never-at-rest .*"again" writes "mail" of 3 objects in managed\/user again, and so does "hr_user"/,
      ),
    ]);
    const owned = { 'conf/lockstep.json': { ownership: { 'managed/user': { mail: 'hr_user' } } } };
    expect(await found(mappings, owned)).toEqual([]);
  });

  it('data that passes through mappings in the wrong order is not blamed', async () => {
    expect(
      await found([
        { ...OUT, properties: copies },
        { ...IN, properties: copies },
      ]),
    ).toEqual([]);
  });

  it('does not blame mappings that only pass on what changes each time', async () => {
    const all = await found([
      { ...IN, properties: mailBy('String(Math.random())') },
      { ...OUT, properties: copies },
    ]);
    expect(all).toEqual([expect.stringMatching(/^written-every-run \/mappings\/0/)]);
  });
});

describe('what a deep check leaves behind', () => {
  it('is nothing', async () => {
    const policies = [{ situation: 'UNQUALIFIED', action: 'DELETE' }];
    const { lockstep, directory } = await open([
      { ...IN, properties: mailBy('Math.random()'), policies, validSource: js("source.id !== '3'") },
      {
        ...OUT,
        properties: copies,
        onCreate: js("openidm.create('managed/user', 'made', {id: 'made'}); target.mail = 'x'"),
      },
      { ...BACK, properties: copies },
    ]);
    const files = ['hr', 'dir'].map((name) => path.join(directory, 'data', `${name}.csv`));
    const before = files.map((file) => readFileSync(file, 'utf8'));
    const result = await deepCheck(lockstep, { sample: 100 });
    expect(result.tried.map(({ objects }) => objects)).toEqual([3, 2, 2]);
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
    const { repository } = lockstep;
    expect(await repository.objects.count('user')).toBe(0);
    expect([await repository.links.count('hr_user'), await repository.links.count('user_dir')]).toEqual([0, 0]);
    expect(await repository.runs.list({ limit: 10 })).toEqual([]);
  });

  it('a sample is as large as asked for, spread over the source, and the same each time', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => `${i},m${i}@x,1\n`).join('');
    const { lockstep } = await open(
      [{ ...IN, properties: mailBy("if (Number(source.slice(1, -2)) % 2) throw 'odd'; source") }],
      { 'data/hr.csv': `id,mail,level\n${rows}` },
    );
    const tried = async () =>
      (await deepCheck(lockstep, { sample: 40 })).tried.map(({ objects, failed }) => ({ objects, failed }));
    const [first] = await tried();
    expect(first!.objects).toBe(40);
    expect(first!.failed).toBeGreaterThan(5);
    expect(first!.failed).toBeLessThan(35);
    expect(await tried()).toEqual([first]);
  });
});
