import { expect, it } from 'vitest';
import { BASE } from '../app/config/load-fixture.ts';
import { tempProject } from '../app/config/temp-project.ts';
import { connectorKinds } from '../app/connector-kinds.ts';
import { loadForServing, type LoadedForServing } from './load-served.ts';

const SCRIPT = { script: { type: 'text/javascript', source: '1' } };
const SOUND = { type: 'cron', schedule: '0 0 3 * * ?', invokeService: 'script', invokeContext: SCRIPT, enabled: true };
const FILES = { ...BASE, 'conf/sync.json': { mappings: [] }, 'conf/schedule-sound.json': SOUND };

async function load(files: Readonly<Record<string, unknown>>): Promise<LoadedForServing> {
  using project = tempProject({ ...FILES, ...files });
  return await loadForServing(project.directory, { env: {}, connectorKinds });
}

it.each(['{"a": [', '[]', { ...SOUND, schedule: 'whenever' }])(
  'a schedule that is broken stops no server, and is told: %j',
  async (schedule) => {
    const { config, diagnostics, leftOut } = await load({ 'conf/schedule-broken.json': schedule });
    expect(leftOut).toEqual(['conf/schedule-broken.json']);
    expect(config?.schedules).toHaveLength(1);
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ file }) => file)).toContain(leftOut[0]);
  },
);

it.each(['conf/endpoint-x.json', 'conf/ui-configuration.json', 'conf/repo.jdbc.json'])(
  '%s stops no server, whatever is in it',
  async (file) => {
    const { config, diagnostics, leftOut } = await load({ [file]: '{"a": [' });
    expect(config).not.toBeNull();
    expect(diagnostics.map((one) => one.file)).toContain(file);
    expect(leftOut).toEqual([]);
  },
);

it.each(['conf/sync.json', 'conf/managed.json', 'conf/lockstep.json', 'conf/provisioner.openicf-ldap.json'])(
  'without %s nothing is served, schedules or not',
  async (file) => {
    const broken = { [file]: '{"a": [', 'conf/schedule-broken.json': '{' };
    expect(await load(broken)).toMatchObject({ config: null, leftOut: [] });
  },
);

it('nothing is left out of a sound project', async () => {
  const { config, leftOut } = await load({});
  expect([config?.schedules.length, leftOut]).toEqual([1, []]);
});
