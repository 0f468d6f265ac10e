import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { serveProject, type ServedProject } from '../reference/served-project.ts';
import { js } from './engine.ts';

const CLEAR = 'Very-Plain-Secret';
const AT = 'https://localhost:8443/openidm';
const HEADERS = `--header "X-OpenIDM-Username: openidm-admin" --header "X-OpenIDM-Password: openidm-admin"`;

/** A managed property that is encrypted goes to a file under a name that does not sound like a secret. */
const FILES = {
  'conf/managed.json': {
    objects: [
      {
        name: 'user',
        schema: {
          properties: {
            userName: { type: 'string' },
            ssn: { type: 'string', scope: 'private', encryption: { key: 'openidm-sym-default' } },
          },
        },
      },
    ],
  },
  'conf/provisioner.openicf-out.json': {
    name: 'out',
    connectorRef: { connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector' },
    configurationProperties: { csvFile: '&{launcher.project.location}/data/out.csv', headerUid: 'uid' },
    objectTypes: {
      account: {
        nativeType: '__ACCOUNT__',
        properties: {
          uid: { type: 'string', nativeName: '__NAME__' },
          number: { type: 'string', nativeName: 'number' },
        },
      },
    },
  },
  'conf/sync.json': {
    mappings: [
      {
        name: 'm',
        enableSync: false,
        source: 'managed/user',
        target: 'system/out/account',
        properties: [
          { source: 'userName', target: 'uid' },
          { source: 'ssn', target: 'number' },
        ],
        policies: [{ situation: 'ABSENT', action: 'CREATE', postAction: js('1') }],
      },
    ],
  },
  'data/out.csv': '"uid","number"\n',
};

async function post(project: ServedProject, path_: string): Promise<JsonObject> {
  const { status, body } = await project.curl(`curl ${HEADERS} --request POST "${AT}/${path_}"`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as JsonObject;
}

describe('a secret that a mapping takes along', () => {
  it('reaches the target, lies in no table in plain text, is shown to nobody, and is undone all the same', async () => {
    await using project = await serveProject(FILES);
    const data = `--data '{"userName":"ann","ssn":"${CLEAR}"}'`;
    await project.curl(
      `curl ${HEADERS} --request PUT ${data} --header "Content-Type: application/json" "${AT}/managed/user/ann"`,
    );
    const shown = [
      await post(project, 'recon?_action=plan&mapping=m'),
      await post(project, 'recon?_action=explain&mapping=m&sourceId=ann'),
    ];
    const { _id: runId } = await post(project, 'recon?_action=recon&mapping=m&waitForCompletion=true');
    expect(project.read('data/out.csv')).toContain(CLEAR);
    const entries = await project.curl(`curl ${HEADERS} "${AT}/recon/${String(runId)}/entries?_queryFilter=true"`);
    const audit = await project.curl(`curl ${HEADERS} "${AT}/audit/recon"`);
    expect(entries.body).toMatchObject({ result: [{ action: 'CREATE', sourceId: 'ann' }] });
    expect(JSON.stringify([shown, entries.body, audit.body])).not.toContain(CLEAR);
    expect(plainTables(project)).toEqual([]);
    const [stored] = await project.lockstep.repository.runs.entries(String(runId), { limit: 1 });
    expect(stored!.after).toMatchObject({ number: CLEAR });
    await post(project, `recon/${String(runId)}?_action=undo&waitForCompletion=true`);
    await expect.poll(() => project.read('data/out.csv'), { timeout: 30_000 }).not.toContain(CLEAR);
  });
});

/** Names of the tables of the repository that hold the text. */
function plainTables(project: ServedProject): readonly string[] {
  const file = path.join(project.lockstep.dataDirectory!, 'lockstep.db');
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all() as { name: string }[];
    return tables.flatMap(({ name }) =>
      JSON.stringify(db.prepare(`SELECT * FROM "${name}"`).all()).includes(CLEAR) ? [name] : [],
    );
  } finally {
    db.close();
  }
}
