import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { openSyncProject, system, user, type SyncProject } from '../implicit/sync-project.ts';
import { intoUsers } from './live-project.ts';

const text = { type: 'string' };
const provisioner = {
  name: 'hr',
  connectorRef: { connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector' },
  configurationProperties: { csvFile: '&{launcher.project.location}/data/hr.csv', headerUid: 'id' },
  objectTypes: {
    account: {
      nativeType: '__ACCOUNT__',
      properties: {
        name: { ...text, nativeName: 'name' },
        mail: { ...text, nativeName: 'mail' },
        id: { ...text, nativeName: '__NAME__', required: true },
        password: { ...text, nativeName: '__PASSWORD__' },
      },
    },
  },
};
const correlationQuery = {
  type: 'text/javascript',
  file: 'ui/correlateTreeToQueryFilter.js',
  expressionTree: { all: ['userName'] },
  mapping: 'hr_users',
  linkQualifier: 'default',
};

interface CsvProject extends SyncProject {
  write(rows: Readonly<Record<string, readonly string[]>>, raw?: string): void;
  live(): Promise<JsonObject>;
  names(): Promise<readonly string[]>;
}

let time = 1_700_000_000;

async function openCsvProject(more: JsonObject = {}): Promise<CsvProject> {
  const project = await openSyncProject({
    'conf/managed.json': user({}),
    'conf/provisioner.openicf-hr.json': { ...provisioner, ...more },
    'conf/sync.json': { mappings: [intoUsers({ correlationQuery })] },
    'data/hr.csv': '"id","name","mail","password"\n',
  });
  const file = path.join(project.project.directory, 'data/hr.csv');
  return {
    ...project,
    write: (rows, raw = '') => {
      const lines = Object.entries(rows).map(([id, cells]) => `"${id}",${cells.map((one) => `"${one}"`).join(',')}\n`);
      writeFileSync(file, `"id","name","mail","password"\n${lines.join('')}${raw}`);
      time += 10;
      utimesSync(file, time, time);
    },
    live: async () => (await project.action('system/hr/account', 'liveSync')) as JsonObject,
    names: async () => (await project.query('managed/user', 'true')).map(({ userName }) => String(userName)).toSorted(),
  };
}

const syncs = async (project: SyncProject): Promise<readonly string[]> => {
  const { rows } = await project.lockstep.repository.audit.page('activity', { limit: 1000 });
  return rows.filter(({ event }) => event['objectId'] === 'sync').map(({ event }) => String(event['message']));
};

describe('liveSync of a CSV file', () => {
  it('takes the file as it is down at the first call; the token is the time of the file', async () => {
    await using project = await openCsvProject();
    project.write({ 1: ['ann', 'a', ''] });
    expect(await project.live()).toMatchObject({
      _id: 'SYSTEMHRACCOUNT',
      connectorData: { nativeType: 'JAVA_TYPE_LONG', syncToken: time * 1000 },
    });
    expect(await project.names()).toEqual([]);
  });

  it('tells of what is gone first, then of what is new or different, and of nothing else', async () => {
    await using project = await openCsvProject();
    project.write({ 1: ['ann', 'a', ''] });
    await project.live();
    project.write({ 1: ['ann', 'a', ''], 2: ['bob', 'b', ''], 3: ['cid', 'c', ''] });
    await project.live();
    expect(await project.names()).toEqual(['bob', 'cid']);
    project.write({ 1: ['ann', 'a', ''], 2: ['bob', 'new', ''], 4: ['cid', 'c', ''] });
    expect(await project.live()).toMatchObject({ connectorData: { syncToken: time * 1000 } });
    expect(await project.names()).toEqual(['bob', 'cid']);
    expect(await syncs(project)).toEqual(['sync-create', 'sync-create', 'sync-delete', 'sync-update', 'sync-create']);
    await project.live();
    expect(await syncs(project)).toHaveLength(5);
  });

  it('sees a changed password, and keeps none', async () => {
    await using project = await openCsvProject();
    project.write({ 1: ['ann', 'a', 'Secret-1'] });
    await project.live();
    project.write({ 1: ['ann', 'a', 'Secret-2'] });
    await project.live();
    expect(await syncs(project)).toEqual(['sync-update']);
    const { rows } = await project.lockstep.repository.objects.page('sync/shadow/system/hr/account', { limit: 10 });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('Secret');
  });

  it('reports nothing as deleted by a file that it cannot read completely', async () => {
    await using project = await openCsvProject();
    project.write({});
    await project.live();
    project.write({ 1: ['ann', 'a', ''], 2: ['bob', 'b', ''] });
    await project.live();
    project.write({ 3: ['cid', 'c', ''] }, '"2","only two cells"\n');
    await project.live();
    expect(await project.names()).toEqual(['ann', 'bob', 'cid']);
    expect(project.logged.some((line) => line.includes('nothing is reported as deleted'))).toBe(true);
    project.write({ 3: ['cid', 'c', ''] });
    await project.live();
    expect(await project.names()).toEqual(['cid']);
  });

  it('does not take an emptied file for the end of everybody', async () => {
    await using project = await openCsvProject();
    project.write({});
    await project.live();
    project.write(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}`, [`n${i}`, '', '']])));
    await project.live();
    project.write({});
    await project.live();
    expect(await project.names()).toHaveLength(20);
  });

  it('notices a file of the same time, or an older one', async () => {
    await using project = await openCsvProject();
    project.write({});
    await project.live();
    project.write({ 1: ['ann', 'a', ''] });
    await project.live();
    time -= 10;
    project.write({ 1: ['ann', 'a', ''], 2: ['bob', 'b', ''] });
    await project.live();
    expect(await project.names()).toEqual(['ann', 'bob']);
    time -= 500;
    project.write({ 1: ['ann', 'a', ''], 3: ['cid', 'c', ''] });
    await project.live();
    expect(await project.names()).toEqual(['ann', 'cid']);
  });

  it('tries a row again that failed, and the rows that did not are not told again', async () => {
    const handler = { syncFailureHandler: { maxRetries: 1, postRetryAction: 'dead-letter-queue' } };
    await using project = await openCsvProject(handler);
    project.write({});
    await project.live();
    await project.create('managed/user', 'x', { userName: 'twin' });
    await project.create('managed/user', 'y', { userName: 'twin' });
    project.write({ 1: ['ann', 'a', ''], 2: ['twin', 'b', ''], 3: ['cid', 'c', ''] });
    expect(await project.live()).toHaveProperty('lastException');
    expect(await project.names()).toEqual(['ann', 'twin', 'twin']);
    const stage = await project.live();
    expect(stage).toMatchObject({ connectorData: { syncToken: time * 1000 } });
    expect(await project.names()).toEqual(['ann', 'cid', 'twin', 'twin']);
    expect(await syncs(project)).toEqual(['sync-create', 'sync-create']);
    const letters = await project.query('repo/synchronisation/deadLetterQueue/hr', 'true');
    expect(letters.map(({ uid, token }) => [uid, token])).toEqual([['2', time * 1000]]);
    expect(readFileSync(path.join(project.project.directory, 'data/hr.csv'), 'utf8')).toContain('twin');
  });

  it('does not read a file that has not changed, and says so when it is missing', async () => {
    await using project = await openCsvProject({
      configurationProperties: { csvFile: '&{launcher.project.location}/data/none.csv', headerUid: 'id' },
    });
    await expect(project.live()).rejects.toMatchObject({ status: 503 });
  });
});

describe('liveSync of an XML file', () => {
  it('compares as that of a CSV file does', async () => {
    const account = (name: string, mail: string): string =>
      `<ri:__ACCOUNT__><icf:__UID__>${name}</icf:__UID__><icf:__NAME__>${name}</icf:__NAME__><ri:mail>${mail}</ri:mail></ri:__ACCOUNT__>`;
    const document = (...accounts: readonly string[]): string =>
      `<?xml version="1.0" encoding="UTF-8"?>
<icf:OpenICFContainer xmlns:icf="http://openidm.forgerock.com/xml/ns/public/resource/openicf/resource-schema-1.xsd"
    xmlns:ri="http://openidm.forgerock.com/xml/ns/public/resource/instances/resource-schema-extension">
${accounts.join('\n')}
</icf:OpenICFContainer>\n`;
    const xml = {
      ...system('hr', []),
      connectorRef: { connectorName: 'org.forgerock.openicf.connectors.xml.XMLConnector' },
      configurationProperties: { xmlFilePath: '&{launcher.project.location}/data/hr.xml' },
      objectTypes: {
        account: {
          nativeType: '__ACCOUNT__',
          properties: {
            name: { ...text, nativeName: '__NAME__', required: true },
            mail: { ...text, nativeName: 'mail' },
          },
        },
      },
    };
    await using project = await openSyncProject({
      'conf/managed.json': user({}),
      'conf/provisioner.openicf-hr.json': xml,
      'conf/sync.json': { mappings: [intoUsers({ correlationQuery })] },
      'data/hr.xml': document(account('ann', 'a')),
    });
    await project.action('system/hr/account', 'liveSync');
    project.project.write('data/hr.xml', document(account('bob', 'b')));
    await project.action('system/hr/account', 'liveSync');
    expect(await project.query('managed/user', 'true')).toMatchObject([{ userName: 'bob', mail: 'b' }]);
  });
});
