import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { tempProject, type TempProject } from '../app/config/temp-project.ts';
import { keyStoreFileIn, openCrypto } from '../crypto/open-crypto.ts';
import { openSqliteRepository } from '../repo/sqlite/sqlite-repository.ts';
import type { Repository } from '../model/repository.ts';
import { readArguments } from './arguments.ts';
import { caughtOutput } from './testing/caught-cli.ts';
import { keysCommand } from './keys-command.ts';

let project: TempProject;
let data = '';
const caught = caughtOutput();

beforeEach(() => {
  const encryption = { key: 'openidm-sym-default' };
  project = tempProject({
    'conf/managed.json': { objects: [{ name: 'user', properties: [{ name: 'password', encryption }] }] },
    'conf/sync.json': { mappings: [] },
  });
  data = mkdtempSync(path.join(tmpdir(), 'lockstep-keys-'));
  caught.clear();
});
afterEach(() => {
  project[Symbol.dispose]();
  rmSync(data, { recursive: true });
});

async function keys(...operands: string[]): Promise<string> {
  caught.clear();
  const code = await keysCommand(readArguments(['keys', ...operands, '--project', project.directory, '--data', data]));
  expect(code).toBe(0);
  return caught.out;
}

async function withRepository<T>(use: (repository: Repository) => Promise<T>): Promise<T> {
  const repository = await openSqliteRepository({ file: path.join(data, 'lockstep.db'), clock: systemClock });
  await repository.objects.declareTypes([{ name: 'user', searchable: [] }]);
  try {
    return await use(repository);
  } finally {
    await repository.close();
  }
}

const crypto = () => openCrypto({ keyStoreFile: keyStoreFileIn(data), env: {} });

describe('lockstep keys', () => {
  it('create and list show what there is, never a key', async () => {
    expect(await keys('list')).toMatch(/^no keys yet/);
    expect(await keys('create', 'mine')).toMatch(/mine +encryption +256 +[0-9a-f]{8} .*in use/);
    const listed = JSON.parse(await keys('list', '--json'));
    expect(listed).toMatchObject([{ alias: 'mine', bits: 256, retired: null, variable: null }]);
    const stored = readFileSync(keyStoreFileIn(data), 'utf8');
    expect(statSync(keyStoreFileIn(data)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(listed)).not.toContain(/"key": "([^"]+)"/.exec(stored)![1]);
    await expect(keys('create', 'mine')).rejects.toMatchObject({ code: 'exists' });
  });

  it.each([
    ['bytes', Buffer.from('000102030405060708090a0b0c0d0eff', 'hex')],
    ['hexadecimal', Buffer.from('000102030405060708090a0b0c0d0eff\n')],
    ['base64', Buffer.from(`${Buffer.from('000102030405060708090a0b0c0d0eff', 'hex').toString('base64')}\n`)],
  ])('import takes %s', async (_, content) => {
    const file = path.join(data, 'key');
    writeFileSync(file, content);
    expect(await keys('import', 'legacy', file)).toMatch(/legacy +encryption +128 /);
    const stored = JSON.parse(readFileSync(keyStoreFileIn(data), 'utf8'));
    expect(Buffer.from(stored.keys[0].key, 'base64').toString('hex')).toBe('000102030405060708090a0b0c0d0eff');
  });

  it.each([['x'], ['rotate', 'a', 'b'], ['create'], ['import', 'a'], ['import', 'a', '/nowhere'], ['list', 'a'], []])(
    'keys %s %s %s is a usage error',
    async (...operands) => {
      await expect(keys(...operands)).rejects.toMatchObject({ name: 'UsageError' });
    },
  );

  it('rotate re-encrypts what is stored, keeps the old key, and can be repeated', async () => {
    const encrypted = (await crypto()).encrypt('secret', null, null);
    const create = { kind: 'create', type: 'user', id: 'a', doc: { userName: 'a', password: encrypted } } as const;
    await withRepository((repository) => repository.commit({ units: [{ object: create }] }));
    expect(await keys('rotate')).toBe(
      'openidm-sym-default has a new key; the old one is kept, retired\n1 of 1 objects were re-encrypted\n',
    );
    const after = await crypto();
    const [row] = await withRepository((repository) => repository.objects.readMany('user', ['a']));
    expect([after.decrypt(row!.doc), row!.rev]).toEqual([{ userName: 'a', password: 'secret' }, 1]);
    expect([after.needsOldKey(row!.doc['password']!), after.needsOldKey(encrypted)]).toEqual([false, true]);
    expect(JSON.parse(await keys('rotate', '--json'))).toMatchObject({ key: 'made', objects: 1, changed: 1 });
    await expect(keys('rotate', 'other')).rejects.toMatchObject({ code: 'not-found' });
  });
});
