import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { connectorKinds } from './connector-kinds.ts';
import type { Files } from './config/load-fixture.ts';
import { loadProject } from './config/load-project.ts';
import { tempProject } from './config/temp-project.ts';
import { openLockstep } from './lockstep.ts';
import { openProjectHolder } from './project-holder.ts';
import { startRun } from './runs.ts';

const properties = {
  id: { type: 'string', nativeName: '__NAME__' },
  mail: { type: 'string' },
  name: { type: 'string' },
};
const csv = (name: string): Files => ({
  [`conf/provisioner.openicf-${name}.json`]: {
    name,
    connectorRef: { connectorName: 'csv' },
    configurationProperties: { csvFile: `data/${name}.csv`, headerUid: 'id' },
    objectTypes: { account: { nativeType: '__ACCOUNT__', properties } },
  },
});
const correlationQuery = {
  type: 'text/javascript',
  file: 'ui/correlateTreeToQueryFilter.js',
  expressionTree: { all: ['id'] },
};
const mapping = (name: string, source: string, attributes: readonly string[]): JsonObject => ({
  name,
  source: `system/${source}/account`,
  target: 'system/dir/account',
  correlationQuery,
  properties: ['id', ...attributes].map((attribute) => ({ source: attribute, target: attribute })),
});
const MAPPINGS = [mapping('hr_dir', 'hr', ['mail', 'name']), mapping('phone_dir', 'phone', ['mail'])];
const WORLD: Files = {
  ...csv('hr'),
  ...csv('phone'),
  ...csv('dir'),
  'conf/managed.json': { objects: [] },
  'conf/sync.json': { mappings: MAPPINGS },
  'data/hr.csv': 'id,mail,name\n1,one@hr,One\n',
  'data/phone.csv': 'id,mail,name\n1,one@phone,One\n2,two@phone,Two\n',
  'data/dir.csv': 'id,mail,name\n',
};

async function open(files: Files) {
  const project = tempProject(files);
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(project.directory, loadOptions);
  if (config === null) throw new Error(JSON.stringify(diagnostics));
  const logged: string[] = [];
  const log = { write: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
  const lockstep = await openLockstep({ config, dataDirectory: null, log });
  const run = async (name: string): Promise<number> => {
    const { progress } = await startRun(lockstep, lockstep.mappingConfig(name), { overrides: {} });
    return progress.counts.created + progress.counts.updated;
  };
  const close = async (): Promise<void> => {
    await lockstep.close();
    project[Symbol.dispose]();
  };
  return { project, lockstep, loadOptions, logged, run, [Symbol.asyncDispose]: close };
}

it('a declared owner ends the quarrel of two mappings; who is not the owner fills new objects only', async () => {
  const directory = (it: Awaited<ReturnType<typeof open>>) =>
    readFileSync(path.join(it.project.directory, 'data/dir.csv'), 'utf8');
  await using quarrel = await open(WORLD);
  const restless = [];
  for (const name of ['phone_dir', 'hr_dir', 'phone_dir', 'hr_dir', 'phone_dir'])
    restless.push(await quarrel.run(name));
  expect(restless).toEqual([2, 1, 1, 1, 1]);
  await using settled = await open({
    ...WORLD,
    'conf/lockstep.json': { ownership: { 'system/dir/account': { mail: 'hr_dir' } } },
  });
  const calm = [];
  for (const name of ['phone_dir', 'hr_dir', 'phone_dir', 'hr_dir', 'phone_dir']) calm.push(await settled.run(name));
  expect(calm).toEqual([2, 1, 0, 0, 0]);
  expect(directory(settled)).toContain('"1","one@hr","One"');
  expect(directory(settled)).toContain('"2","two@phone",');
});

it('a changed project tells the warnings that it did not have before', async () => {
  await using it = await open({ ...WORLD, 'conf/sync.json': { mappings: [MAPPINGS[0]] } });
  const { lockstep, loadOptions, project, logged } = it;
  const holder = await openProjectHolder({ lockstep, loadOptions, isWatching: false });
  const told = () => logged.filter((text) => text.startsWith('warn: conf/sync.json')).length;
  project.write('conf/sync.json', { mappings: MAPPINGS });
  await holder.reload();
  expect(told()).toBe(1);
  expect(
    logged.find((text) => text.includes('/mail of system/dir/account is written by "hr_dir" and "phone_dir"')),
  ).toBeDefined();
  project.write('conf/lockstep.json', { batchSize: 100 });
  await holder.reload();
  expect(told()).toBe(1);
  await holder.close();
});
