import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { silentLog, type Log } from '../../base/log.ts';
import { connectorConformance, conformanceType } from '../../connector/connector.conformance.ts';
import type { Connector } from '../../connector/contract.ts';
import { csvConnector } from './csv-connector.ts';

const HEADER = 'uid,mail,text,count,isActive,groups,fixed,derived,password\n';

function connect(projectDirectory: string, properties: JsonObject = {}, log: Log = silentLog): Connector {
  const config = {
    name: 'hr',
    enabled: true,
    connectorName: 'csv',
    configurationProperties: { csvFile: 'people.csv', ...properties },
    objectTypes: { account: conformanceType },
  };
  return csvConnector.create(config, { projectDirectory, log });
}

connectorConformance('csv', async () => {
  const projectDirectory = await mkdtemp(join(tmpdir(), 'lockstep-csv-'));
  await writeFile(join(projectDirectory, 'people.csv'), HEADER);
  const connector = connect(projectDirectory, { multivalueDelimiter: '|' });
  return {
    set: connector.objectSet('account'),
    dispose: () => rm(projectDirectory, { recursive: true }),
  };
});

describe('testing a CSV connector', () => {
  async function inDirectory(use: (directory: string, file: string) => Promise<void>): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'lockstep-csv-'));
    try {
      await use(directory, join(directory, 'people.csv'));
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  it('passes where the file can be used, and warns of missing columns', () =>
    inDirectory(async (directory, file) => {
      const logged: string[] = [];
      await writeFile(file, 'uid,mail\n');
      await connect(directory, {}, { write: (_, message) => logged.push(message) }).test();
      expect(logged).toContain('system/hr/account: people.csv has no column for text; it stays empty');
      await writeFile(file, 'id,mail\n');
      await expect(connect(directory).test()).rejects.toMatchObject({
        code: 'bad-configuration',
        message: 'people.csv has no column "uid" (headerUid); it has id, mail',
      });
    }));

  it('tells what is wrong with the file, and changes nothing', () =>
    inDirectory(async (directory, file) => {
      await expect(connect(directory).test()).rejects.toMatchObject({
        code: 'incomplete-read',
        message: 'people.csv does not exist; check csvFile and the permissions of the file',
      });
      await mkdir(file);
      const isDirectory = { code: 'bad-configuration', message: expect.stringContaining('people.csv is a directory') };
      const set = connect(directory).objectSet('account');
      await expect(connect(directory).test()).rejects.toMatchObject(isDirectory);
      await expect(set.readMany(['a'])).rejects.toMatchObject(isDirectory);
      await expect(set.write([{ kind: 'delete', id: 'a', rev: null }])).rejects.toMatchObject(isDirectory);
      expect(await readdir(directory)).toEqual(['people.csv']);
    }));

  it.skipIf(process.getuid?.() === 0)('a file that may not be written is refused', () =>
    inDirectory(async (directory, file) => {
      await writeFile(file, HEADER);
      await chmod(file, 0o400);
      await expect(connect(directory).test()).rejects.toMatchObject({ code: 'denied' });
      await chmod(file, 0o000);
      await expect(connect(directory).test()).rejects.toMatchObject({ code: 'incomplete-read' });
    }),
  );
});
