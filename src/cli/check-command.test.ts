import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempProject, type TempProject } from '../app/config/temp-project.ts';
import { caughtCli, type Told } from './testing/caught-cli.ts';

const string = { type: 'string' };
const id = { type: 'string', nativeName: '__NAME__' };
const provisioner = {
  name: 'hr',
  connectorRef: { connectorName: 'csv' },
  configurationProperties: { csvFile: 'data/hr.csv', headerUid: 'id' },
  objectTypes: { account: { nativeType: '__ACCOUNT__', properties: { id, mail: string } } },
};
const random = { type: 'text/javascript', source: 'source + Math.random()' };
const mapping = {
  name: 'hr_user',
  source: 'system/hr/account',
  target: 'managed/user',
  properties: [
    { source: 'id', target: 'userName' },
    { source: 'mail', target: 'mail', transform: random },
  ],
};
const calm = { ...mapping, properties: [{ source: 'id', target: 'userName' }] };

let project: TempProject;
const run = caughtCli();

beforeEach(() => {
  project = tempProject({
    'conf/sync.json': `{\n  "mappings": [\n    ${JSON.stringify(mapping)}\n  ]\n}`,
    'conf/managed.json': { objects: [{ name: 'user' }] },
    'conf/provisioner.openicf-hr.json': provisioner,
    'data/hr.csv': 'id,mail\na,a@x\nb,b@x\n',
  });
});
afterEach(() => project[Symbol.dispose]());

function cli(...args: string[]): Promise<Told> {
  return run([...args, '--project', project.directory]);
}

describe('check', () => {
  it('tells what is likely to go wrong, with place and remedy, and does not fail', async () => {
    const { code, out: text } = await cli('check');
    expect(code).toBe(0);
    expect(text).toMatch(
      /^warning: conf\/sync\.json:3:\d+ \/mappings\/0\/properties\/1\/transform: \/mail of managed\/user is written again by every run of "hr_user": it is made by chance \(Math\.random\(\)\)\n {4}hint: /,
    );
    expect(text).toMatch(/: 0 errors, 1 warnings, 1 mappings\n$/);
  });

  it('gives each finding to programs, with its kind', async () => {
    const found: readonly Record<string, unknown>[] = JSON.parse((await cli('check', '--json')).out);
    expect(found).toEqual([
      {
        code: 'written-every-run',
        severity: 'warning',
        file: 'conf/sync.json',
        pointer: '/mappings/0/properties/1/transform',
        line: 3,
        column: expect.any(Number),
        message: expect.any(String),
        hint: expect.any(String),
      },
    ]);
  });

  it('warns of names that mean nothing where they stand, with their places', async () => {
    const property = (target: string, transform: object) => ({ source: 'id', target, transform });
    const javascript = { type: 'text/javascript' };
    const properties = [
      property('userName', { ...javascript, source: 'source + target.mail' }),
      property('mail', { ...javascript, file: 'script/mail.js' }),
      property('sn', { ...javascript, source: 'source + suffix', suffix: 'x' }),
    ];
    project.write('script/mail.js', 'var a = source;\nif (typeof target === "undefined") a + tagret;\n');
    project.write('conf/sync.json', `{\n  "mappings": [\n    ${JSON.stringify({ ...mapping, properties })}\n  ]\n}`);
    const { code, out: text } = await cli('check');
    expect(code).toBe(0);
    const told = text.split('\n').filter((line) => line.includes('is not defined'));
    expect(told).toEqual([
      expect.stringMatching(
        /^warning: conf\/sync\.json:3:\d+ \/mappings\/0\/properties\/0\/transform: .*\(inline:1:10\): "target" is not defined/,
      ),
      expect.stringMatching(/^warning: script\/mail\.js:2:40: .*"tagret" is not defined/),
    ]);
  });

  it('fails for warnings with --strict, not for notes', async () => {
    expect((await cli('check', '--strict')).code).toBe(2);
    project.write('conf/sync.json', { mappings: [{ ...calm, policies: [{ situation: 'FOUND', action: 'UPDATE' }] }] });
    const noted = await cli('check', '--strict');
    expect([noted.code, noted.out]).toEqual([0, expect.stringContaining('0 errors, 0 warnings, 1 notes, 1 mappings')]);
    project.write('conf/sync.json', { mappings: [{ ...calm, policies: [{ situation: 'GONE', action: 'UPDATE' }] }] });
    expect((await cli('check')).code).toBe(2);
  });

  it('--deep plans twice, and leaves nothing behind', async () => {
    const deep = await cli('check', '--deep', '--json');
    expect(deep).toMatchObject({
      code: 0,
      err: expect.stringContaining('hr_user: tried with 2 objects of system/hr/account\n'),
    });
    const found: readonly { readonly message: string }[] = JSON.parse(deep.out);
    expect(found.map(({ message }) => message).at(-1)).toMatch(
      /would write "mail" of 2 objects in managed\/user again, e\.g\. .*"[ab]@x0\.\d+" → "[ab]@x0\.\d+"/,
    );
    expect(existsSync(path.join(project.directory, '.lockstep'))).toBe(false);
    project.write('conf/sync.json', { mappings: [calm] });
    expect(await cli('check', '--deep', '--strict', '--sample', '1')).toMatchObject({
      code: 0,
      err: expect.stringContaining('hr_user: tried with 1 objects'),
    });
  });

  it('--deep does not try a project with errors', async () => {
    project.write('conf/sync.json', { mappings: [{ ...calm, target: 'managed/usr' }] });
    const { code, err: told } = await cli('check', '--deep');
    expect([code, told]).toEqual([2, '']);
  });

  it.each([
    ['--sample', '10'],
    ['--deep', '--sample', '0'],
    ['--deep', '--sample', 'many'],
    ['--deep', '--sample', '1.5'],
  ])('%s %s is refused as bad usage', async (...options) => {
    expect((await cli('check', ...options)).code).toBe(2);
  });
});

describe('start', () => {
  it('tells the warnings', async () => {
    const { code, err: told } = await cli('start', '--no-serve');
    expect(code).toBe(0);
    expect(told).toContain(
      'warning: conf/sync.json /mappings/0/properties/1/transform: /mail of managed/user is written again',
    );
    project.write('conf/sync.json', { mappings: [calm] });
    expect((await cli('start', '--no-serve')).err).not.toContain('warning');
  });
});
