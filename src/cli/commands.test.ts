import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempProject, type TempProject } from '../app/config/temp-project.ts';
import { caughtCli, type Told } from './testing/caught-cli.ts';

const string = { type: 'string' };
const provisioner = {
  name: 'hr',
  connectorRef: { connectorName: 'csv' },
  configurationProperties: { csvFile: 'data/hr.csv', headerUid: 'id' },
  objectTypes: {
    account: {
      nativeType: '__ACCOUNT__',
      properties: { id: { type: 'string', nativeName: '__NAME__' }, mail: string },
    },
  },
};
const mapping = {
  name: 'hr_user',
  source: 'system/hr/account',
  target: 'managed/user',
  properties: [
    { source: 'id', target: 'userName' },
    {
      source: 'mail',
      target: 'mail',
      transform: { type: 'text/javascript', source: 'logger.info("seen {}", source); source' },
    },
  ],
  policies: [
    { situation: 'ABSENT', action: 'CREATE' },
    { situation: 'CONFIRMED', action: 'UPDATE' },
    { situation: 'SOURCE_MISSING', action: 'DELETE' },
  ],
};

let project: TempProject;
const run = caughtCli();

beforeEach(() => {
  project = tempProject({
    'conf/sync.json': { mappings: [mapping] },
    'conf/managed.json': { objects: [{ name: 'user' }] },
    'conf/provisioner.openicf-hr.json': provisioner,
    'data/hr.csv': 'id,mail\na,a@x\nb,b@x\nc,c@x\n',
  });
});
afterEach(() => project[Symbol.dispose]());

function cli(...args: string[]): Promise<Told> {
  return run([...args, '--project', project.directory]);
}

/** Two users whose deletion the guard holds. */
async function withHeldDeletes(): Promise<string> {
  expect(await cli('recon', 'hr_user')).toMatchObject({ code: 0 });
  project.write('data/hr.csv', 'id,mail\na,a@x\n');
  const { code, out } = await cli('recon', 'hr_user', '--max-deletes', '1', '--json');
  expect(code).toBe(3);
  return String(JSON.parse(out).summary.runId);
}

describe('held, approve, reject', () => {
  it('held tells the reason once, and approve --json tells each change', async () => {
    const runId = await withHeldDeletes();
    const { out: shown } = await cli('held');
    const reason = /2 delete: (.+)/.exec(shown)![1]!;
    expect(shown.split(reason)).toHaveLength(2);
    expect(shown.split('DELETE')).toHaveLength(3);
    const approved = await cli('approve', runId, '--json');
    expect(approved.code).toBe(0);
    expect(JSON.parse(approved.out)).toMatchObject({
      runId,
      done: 2,
      skipped: 0,
      failed: 0,
      entries: [
        { action: 'DELETE', status: 'done' },
        { action: 'DELETE', status: 'done' },
      ],
    });
  });

  it('reject --json tells how many; a run that is unknown or holds nothing is told as such', async () => {
    const runId = await withHeldDeletes();
    expect(await cli('approve', 'UNKNOWN')).toMatchObject({
      code: 1,
      err: `lockstep: no run UNKNOWN; these hold something: ${runId}\n`,
    });
    const rejected = await cli('reject', runId, '--json');
    expect([rejected.code, JSON.parse(rejected.out)]).toEqual([0, { runId, rejected: 2 }]);
    expect((await cli('approve', runId)).err).toBe(`lockstep: run ${runId} holds nothing; nothing is held\n`);
    expect((await cli('reject', 'UNKNOWN')).err).toBe('lockstep: no run UNKNOWN; nothing is held\n');
  });
});

describe('runs', () => {
  it('an unknown mapping is an error that names the known ones, one without runs is not', async () => {
    expect(await cli('runs', 'hr_usr')).toMatchObject({
      code: 2,
      out: '',
      err: 'lockstep: No such mapping: hr_usr (conf/sync.json has hr_user)\n',
    });
    expect(await cli('runs', 'hr_user')).toMatchObject({ code: 0, out: 'no runs yet\n' });
  });

  it('shows the runs of a mapping that has been removed', async () => {
    await cli('recon', 'hr_user');
    project.write('conf/sync.json', { mappings: [] });
    expect(await cli('runs', 'hr_user')).toMatchObject({ code: 0, out: expect.stringContaining('SUCCESS') });
  });
});

describe('--verbose', () => {
  it('shows what scripts log at level info', async () => {
    expect((await cli('plan', 'hr_user')).err).not.toContain('seen');
    expect((await cli('plan', 'hr_user', '--verbose')).err).toContain('info: script: seen a@x\n');
  });
});

describe('check', () => {
  const check = async (): Promise<readonly string[]> => {
    const found: readonly Record<string, unknown>[] = JSON.parse((await cli('check', '--json')).out);
    return found.map(
      ({ severity, file, pointer, line, message }) => `${severity} ${file}:${line ?? ''} ${pointer}: ${message}`,
    );
  };

  it('finds nothing wrong with a good project, and changes nothing', async () => {
    expect(await check()).toEqual([]);
  });

  it('opens the files that connectors name', async () => {
    const place = 'conf/provisioner.openicf-hr.json: /configurationProperties: the system "hr" cannot be used:';
    project.write('data/hr.csv', 'number,mail\n');
    expect(await check()).toEqual([`error ${place} data/hr.csv has no column "id" (headerUid); it has number, mail`]);
    rmSync(path.join(project.directory, 'data/hr.csv'));
    expect(await check()).toEqual([
      `warning ${place} data/hr.csv does not exist; check csvFile and the permissions of the file`,
    ]);
    mkdirSync(path.join(project.directory, 'data/hr.csv'));
    expect(await check()).toEqual([`error ${place} data/hr.csv is a directory; csvFile takes the path of a file`]);
    expect((await cli('plan', 'hr_user')).out).toContain('data/hr.csv is a directory');
    project.write('conf/provisioner.openicf-hr.json', { ...provisioner, enabled: false });
    expect((await check()).filter((line) => line.includes('cannot be used'))).toEqual([]);
  });

  it('tells of columns that are missing', async () => {
    project.write('data/hr.csv', 'id\n');
    expect(await check()).toEqual([expect.stringMatching(/^warning .*data\/hr\.csv has no column for mail/)]);
  });

  it('a configuration file that is a directory is an error', async () => {
    rmSync(path.join(project.directory, 'conf/sync.json'));
    mkdirSync(path.join(project.directory, 'conf/sync.json'));
    expect(await check()).toEqual(['error conf/sync.json: : this is a directory, not a file']);
  });

  it('lists syntax faults of scripts together with the other faults, each at its own place', async () => {
    mkdirSync(path.join(project.directory, 'script'));
    writeFileSync(path.join(project.directory, 'script', 'bad.js'), 'var a = 1;\nvar = 2;\n');
    const script = (more: object): object => ({ type: 'text/javascript', ...more });
    project.write('conf/sync.json', {
      mappings: [
        {
          ...mapping,
          validSource: script({ source: 'source..mail' }),
          onCreate: script({ file: 'bad.js' }),
          onUpdate: script({ file: 'bad.js' }),
          policies: 7,
        },
      ],
    });
    const found = (await check()).map((line) => line.replace(/:\d* /, ' '));
    expect(found).toEqual(
      expect.arrayContaining([
        'error script/bad.js : the script does not compile: Unexpected token',
        'error conf/sync.json /mappings/0/validSource/source: the script does not compile: Unexpected token (line 1, column 8 of its text)',
        expect.stringContaining('conf/sync.json /mappings/0/policies'),
      ]),
    );
    expect(found).toHaveLength(3);
  });
});
