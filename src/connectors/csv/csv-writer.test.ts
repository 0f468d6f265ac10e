import { chmod, link, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import type { JsonObject } from '../../base/json.ts';
import type { PropertyConfig } from '../../connector/contract.ts';
import type { ObjectSet, ObjectWrite } from '../../model/object-set.ts';
import { csvConnector } from './csv-connector.ts';

let directory = '';
let file = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-csv-'));
  file = join(directory, 'people.csv');
});
afterEach(() => rm(directory, { recursive: true }));

const property = (nativeName: string, more: Partial<PropertyConfig> = {}): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
  ...more,
});

function set(configuration: JsonObject = {}): ObjectSet {
  const config = {
    name: 'hr',
    enabled: true,
    connectorName: 'csv',
    configurationProperties: { csvFile: 'people.csv', ...configuration },
    objectTypes: {
      account: {
        nativeType: '__ACCOUNT__',
        properties: {
          name: property('__NAME__'),
          mail: property('mail'),
          groups: property('groups', { type: 'array', itemType: 'string' }),
          password: property('__PASSWORD__', { flags: ['NOT_READABLE'] }),
          elsewhere: property('elsewhere'),
        },
      },
    },
  };
  return csvConnector.create(config, { projectDirectory: directory, log: silentLog }).objectSet('account');
}

const create = (object: JsonObject, id: string | null = null): ObjectWrite => ({ kind: 'create', id, object });
const update = (id: string, object: JsonObject): ObjectWrite => ({
  kind: 'update',
  id,
  rev: null,
  object,
  changed: Object.keys(object),
});
const remove = (id: string): ObjectWrite => ({ kind: 'delete', id, rev: null });
const text = (): Promise<string> => readFile(file, 'utf8');

describe('writing a CSV file', () => {
  it('copies rows that are not meant byte for byte, broken ones too', async () => {
    await writeFile(
      file,
      '\ufeffuid , mail,groups,password\r\n\r\n 1 ,a,,x\r\nbroken,"q"q\r\n2,b,,\r\nfew\r\n3,c,,\r\n',
    );
    const outcomes = await set().write([update('2', { mail: 'B' }), remove('3'), create({ name: '4', password: 'p' })]);
    expect(outcomes).toMatchObject([{ ok: true }, { ok: true }, { ok: true, id: '4' }]);
    expect(await text()).toBe(
      '\ufeffuid , mail,groups,password\r\n\r\n 1 ,a,,x\r\nbroken,"q"q\r\n"2","B","",""\r\nfew\r\n"4","","","p"\r\n',
    );
  });

  it('ends a last line that has no end before it appends', async () => {
    await writeFile(file, 'uid,mail,groups,password\n1,a,,');
    await set().write([create({ name: '2' })]);
    expect(await text()).toBe('uid,mail,groups,password\n1,a,,\n"2","","",""\n');
    await writeFile(file, 'uid,mail,groups,password');
    await set({ newlineString: '\r\n' }).write([create({ name: '2' })]);
    expect(await text()).toBe('uid,mail,groups,password\r\n"2","","",""\r\n');
  });

  it('leaves the file alone when nothing is to be changed', async () => {
    await writeFile(file, 'uid,mail,groups,password\n1,a,,\n');
    const before = await stat(file, { bigint: true });
    const outcomes = await set().write([update('nobody', { mail: 'x' }), remove('nobody'), update('1', { mail: 'a' })]);
    expect(outcomes).toMatchObject([{ code: 'not-found' }, { code: 'not-found' }, { ok: true, id: '1' }]);
    const after = await stat(file, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  it('gives a new object without uid a random one, and refuses another id than the uid', async () => {
    await writeFile(file, 'uid,mail,groups,password\n');
    const outcomes = await set().write([create({ mail: 'm' }), create({ name: 'x' }, 'x'), create({ name: 'y' }, 'z')]);
    expect(outcomes).toMatchObject([
      { ok: true, id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { ok: true, id: 'x' },
      { ok: false, code: 'unsupported', message: expect.stringContaining('client provided ID') },
    ]);
  });

  it('refuses what the file cannot hold, for that object alone', async () => {
    await writeFile(file, 'uid,mail,groups,password\n');
    const outcomes = await set({ multivalueDelimiter: ';', encoding: 'latin1' }).write([
      create({ name: '1', groups: ['a;b'] }),
      create({ name: '2', mail: 'nul\0' }),
      create({ name: '3', mail: '日本' }),
      create({ name: '4', groups: ['a', 'b'], mail: 'é' }),
      update('4', { name: null }),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code))).toEqual([
      'invalid-data',
      'invalid-data',
      'invalid-data',
      'ok',
      'invalid-data',
    ]);
    expect(await readFile(file, 'latin1')).toBe('uid,mail,groups,password\n"4","é","a;b",""\n');
    const plain = set().write([create({ name: '5', groups: ['a', 'b'] }), create({ name: '6', groups: ['a;b'] })]);
    expect(await plain).toMatchObject([{ code: 'invalid-data' }, { ok: true }]);
  });

  it('does not touch an id that occurs twice or in a broken row', async () => {
    const content = 'uid,mail,groups,password\n1,a,,\n2,b\n1,c,,\n';
    await writeFile(file, content);
    const outcomes = await set().write([update('1', { mail: 'x' }), remove('2'), create({ name: '2' })]);
    expect(outcomes.map((outcome) => (outcome.ok ? '' : outcome.message))).toEqual([
      'system/hr/account: object 1: line 2: line 4 has the same uid; correct the file',
      'system/hr/account: object 2: line 3: 2 cells where the header has 4; correct the file',
      'system/hr/account: object 2: line 3: 2 cells where the header has 4; correct the file',
    ]);
    expect(await text()).toBe(content);
  });

  it('writes nothing when the file cannot be read to its end', async () => {
    const content = 'uid,mail,groups,password\n1,a,,\n2,"b';
    await writeFile(file, content);
    await expect(set().write([remove('1')])).rejects.toMatchObject({ code: 'incomplete-read' });
    expect(await text()).toBe(content);
    expect(await readdir(directory)).toEqual(['people.csv']);
  });

  it('keeps mode and symbolic links, leaves no other files, and removes what a killed process left', async () => {
    await writeFile(join(directory, 'real.csv'), 'uid,mail,groups,password\n');
    await chmod(join(directory, 'real.csv'), 0o640);
    await symlink('real.csv', file);
    await writeFile(join(directory, '.real.csv.0123.lockstep-tmp'), 'left');
    await set().write([create({ name: '1' })]);
    expect((await readdir(directory)).sort()).toEqual(['people.csv', 'real.csv']);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect(await text()).toContain('"1"');
  });

  it('replaces the file: whoever has the old one open keeps reading the old content', async () => {
    await writeFile(file, 'uid,mail,groups,password\n1,a,,\n');
    await link(file, join(directory, 'old.csv'));
    await set().write([remove('1')]);
    expect(await readFile(join(directory, 'old.csv'), 'utf8')).toContain('1,a');
    expect(await text()).toBe('uid,mail,groups,password\n');
  });

  it('writers at the same time lose nothing', async () => {
    await writeFile(file, 'uid,mail,groups,password\n');
    const writers = Array.from({ length: 8 }, (_, i) =>
      set().write([create({ name: `a${i}` }), create({ name: `b${i}` })]),
    );
    expect((await Promise.all(writers)).flat().every((outcome) => outcome.ok)).toBe(true);
    expect((await text()).trim().split('\n')).toHaveLength(17);
  });

  it('does what the same writes do to a map', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd,', 'e"', 'é\n');
    const value = fc.constantFrom('', 'x', '"', ',', '\r\n', ' y ', '日');
    const write = fc.oneof(
      fc.record({ kind: fc.constant('create' as const), id, mail: value }),
      fc.record({ kind: fc.constant('update' as const), id, name: id, mail: value }),
      fc.record({ kind: fc.constant('delete' as const), id }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 4 }), async (batches) => {
        await writeFile(file, 'uid,mail,groups,password\n');
        const model = new Map<string, string>();
        const target = set();
        for (const batch of batches) {
          const expected = batch.map((w) => {
            if (w.kind === 'create' ? model.has(w.id) : !model.has(w.id)) return false;
            if (w.kind === 'update' && w.name !== w.id && model.has(w.name)) return false;
            if (w.kind !== 'create') model.delete(w.id);
            if (w.kind !== 'delete') model.set(w.kind === 'create' ? w.id : w.name, w.mail);
            return true;
          });
          const writes = batch.map((w) => {
            if (w.kind === 'create') return create({ name: w.id, mail: w.mail });
            return w.kind === 'delete' ? remove(w.id) : update(w.id, { name: w.name, mail: w.mail });
          });
          expect((await target.write(writes)).map((outcome) => outcome.ok)).toEqual(expected);
        }
        const stored = new Map<string, string>();
        for await (const page of target.scan({ pageSize: 100 })) {
          expect(page.faults).toEqual([]);
          for (const { id, object } of page.objects) stored.set(id, String(object['mail'] ?? ''));
        }
        expect(stored).toEqual(model);
      }),
      { numRuns: 60 },
    );
  });

  it('prefers batches that grow with the file, so that the cost stays linear', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `u${i},,,\n`).join('');
    await writeFile(file, `uid,mail,groups,password\n${rows}`);
    const target = set();
    expect(target.preferredWriteCount()).toBe(500);
    await target.write([update('u5', { mail: 'x' })]);
    expect(target.preferredWriteCount()).toBe(2500);
  });
});
