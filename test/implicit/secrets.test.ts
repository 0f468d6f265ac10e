import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Failure } from '../../src/base/failure.ts';
import { interfere, openSyncProject, out, system } from './sync-project.ts';

it('what waits to be pushed holds no secret in plain text, and arrives all the same', async () => {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'lockstep-outbox-'));
  const password = { type: 'string', encryption: { key: 'openidm-sym-default' } };
  const managed = { objects: [{ name: 'user', schema: { properties: { userName: { type: 'string' }, password } } }] };
  const properties = [
    { source: 'userName', target: 'name' },
    { source: 'password', target: 'password' },
  ];
  const files = {
    'conf/managed.json': managed,
    'conf/provisioner.openicf-a.json': system('a', ['name', 'password']),
    'conf/sync.json': { mappings: [out('a', { properties })] },
  };
  try {
    await using project = await openSyncProject(files, { dataDirectory });
    interfere('a', async () => {
      throw new Failure('timeout', 'no answer');
    });
    await project.create('managed/user', 'u', { userName: 'ann', password: 'S3cret-of-Ann' });
    await project.patch('managed/user/u', [{ operation: 'replace', field: '/password', value: 'S3cret-of-Ann-2' }]);
    expect(await project.queue()).not.toEqual([]);
    const stored = readdirSync(dataDirectory).filter((name) => name.startsWith('lockstep.db'));
    expect(stored.length).toBeGreaterThan(0);
    for (const name of stored)
      expect(readFileSync(path.join(dataDirectory, name), 'latin1')).not.toContain('S3cret-of-Ann');
    interfere('a', null);
    await project.drained();
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann', password: 'S3cret-of-Ann-2' }]);
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}, 60_000);
