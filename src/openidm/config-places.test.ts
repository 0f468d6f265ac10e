import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { BASE, faultsOf, provisioner } from '../app/config/load-fixture.ts';
import { readDraft } from '../app/provisioner-draft.ts';
import { openConfigTree, type ConfigTree } from './testing/open-config-tree.ts';

let elsewhere = '';
beforeAll(() => {
  elsewhere = mkdtempSync(path.join(tmpdir(), 'lockstep-elsewhere-'));
  writeFileSync(path.join(elsewhere, 'hr.csv'), 'uid\n');
});
afterAll(() => rmSync(elsewhere, { recursive: true }));

const csv = (csvFile: string, more: JsonObject = {}): JsonObject =>
  provisioner('hr', {
    connectorRef: { connectorName: 'csv', bundleName: 'b', bundleVersion: '1' },
    objectTypes: { account: { nativeType: '__ACCOUNT__', properties: { uid: { type: 'string' } } } },
    configurationProperties: { csvFile, headerUid: 'uid', ...more },
  });
const FILES = { ...BASE, 'conf/sync.json': { mappings: [] }, 'data/hr.csv': 'uid\n' };
const ID = 'provisioner.openicf/hr';

const open = async (files = {}): Promise<ConfigTree> => {
  const tree = await openConfigTree({ ...FILES, ...files }, { env: { away: '/etc' } });
  symlinkSync(elsewhere, path.join(tree.project.directory, 'data/link'));
  symlinkSync(path.join(tree.project.directory, 'conf'), path.join(tree.project.directory, 'data/own'));
  return tree;
};

const FORBIDDEN = [
  '/etc/passwd',
  '../secret.csv',
  'data/../../secret.csv',
  'data/link/hr.csv',
  'data/link/new.csv',
  'conf/lockstep.json',
  'data/own/sync.json',
  './script/hook.js',
  '.lockstep/lockstep.db',
  '&{launcher.project.location}/../x.csv',
  'data/a\0.csv',
];

describe('a connector that is configured over the tree', () => {
  it.each(FORBIDDEN)('is not given the file %j', async (file) => {
    await using tree = await open();
    const before = readdirSync(path.join(tree.project.directory, 'conf'));
    await expect(tree.create('config', ID, csv(file))).rejects.toMatchObject({ status: 400 });
    await tree.create('config', ID, csv('data/hr.csv'));
    await expect(tree.update(`config/${ID}`, csv(file))).rejects.toMatchObject({ status: 400 });
    const operations = [{ operation: 'replace', field: '/configurationProperties/csvFile', value: file }];
    await expect(tree.patch(`config/${ID}`, operations)).rejects.toMatchObject({ status: 400 });
    expect((await tree.read(`config/${ID}`)).object).toMatchObject({
      configurationProperties: { csvFile: 'data/hr.csv' },
    });
    expect(readdirSync(path.join(tree.project.directory, 'conf')).length).toBe(before.length + 1);
    expect(() => readDraft(tree.lockstep, csv(file))).toThrow(/csvFile/);
  });

  it('is not given what the environment leads out', async () => {
    await using tree = await open();
    await expect(tree.create('config', ID, csv('&{away}/passwd'))).rejects.toMatchObject({ status: 400 });
  });

  it('may have files of directories that the file on disk allows', async () => {
    await using tree = await open({ 'conf/lockstep.json': { files: { allowed: [elsewhere] } } });
    await tree.create('config', ID, csv(path.join(elsewhere, 'hr.csv')));
    await tree.update(`config/${ID}`, csv('data/link/hr.csv'));
    expect(readDraft(tree.lockstep, csv('data/link/hr.csv')).name).toBe('hr');
    await expect(tree.update(`config/${ID}`, csv(`${elsewhere}-2/hr.csv`))).rejects.toMatchObject({ status: 400 });
  });

  it('cannot have more directories allowed', async () => {
    await using tree = await open();
    const wide = { files: { allowed: ['/'] } };
    await expect(tree.create('config', 'lockstep', wide)).rejects.toMatchObject({ status: 400 });
    await tree.create('config', 'lockstep', { batchSize: 10 });
    await expect(tree.update('config/lockstep', wide)).rejects.toMatchObject({ status: 400 });
    const operations = [{ operation: 'add', field: '/files/allowed', value: ['/'] }];
    await expect(tree.patch('config/lockstep', operations)).rejects.toMatchObject({ status: 400 });
    await tree.update('config/lockstep', { batchSize: 20, files: { allowed: [] } });
    expect(tree.lockstep.config.lockstep).toMatchObject({ batchSize: 20, files: { allowed: [] } });
  });
});

describe('a connector that is configured on disk', () => {
  const faults = (file: string, options = {}) =>
    faultsOf({ ...FILES, 'conf/provisioner.openicf-hr.json': csv(file) }, options);

  it('may have any file', async () => {
    expect(await faults('/etc/passwd')).toEqual([]);
    expect(await faults('../hr.csv')).toEqual([]);
  });

  it.each(['conf/sync.json', 'data/../conf/boot/boot.properties', 'script/a.js', '.lockstep/lockstep.db', 'a\0b'])(
    'but not %j',
    async (file) => {
      expect(await faults(file)).toEqual([
        expect.stringMatching(/^error conf\/provisioner\.openicf-hr\.json \/configurationProperties\/csvFile: /),
      ]);
    },
  );

  it('nor one of the data directory, wherever that is', async () => {
    mkdirSync(path.join(elsewhere, 'state'), { recursive: true });
    const dataDirectory = path.join(elsewhere, 'state');
    expect(await faults(path.join(dataDirectory, 'lockstep.db'), { dataDirectory })).toHaveLength(1);
    expect(await faults(path.join(elsewhere, 'hr.csv'), { dataDirectory })).toEqual([]);
  });
});
