import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tempProject } from '../app/config/temp-project.ts';
import { adminCommand } from './admin-command.ts';
import { readArguments } from './arguments.ts';
import { caughtOutput } from './testing/caught-cli.ts';
import { expiry, tokenCommand } from './token-command.ts';

const caught = caughtOutput();
let project: ReturnType<typeof tempProject>;

beforeEach(() => {
  project = tempProject({ 'conf/sync.json': { mappings: [] }, 'conf/managed.json': { objects: [] } });
});

afterEach(() => {
  vi.unstubAllEnvs();
  project[Symbol.dispose]();
});

async function run(command: typeof tokenCommand, ...argv: string[]): Promise<string> {
  caught.clear();
  expect(await command(readArguments([...argv, '--project', project.directory]))).toBe(0);
  return caught.out;
}

describe('lockstep token', () => {
  it('creates, lists and revokes', async () => {
    expect(await run(tokenCommand, 'token', 'list')).toContain('no tokens');
    const created = await run(tokenCommand, 'token', 'create', 'ci', '--role', 'openidm-admin', '--expires', '90d');
    expect(created).toMatch(/^lockstep_[0-9a-f]{24}_[\w-]{43}\n$/);
    expect(caught.err).toContain('shown this once');
    const listed = await run(tokenCommand, 'token', 'list');
    expect(listed).toMatch(/ci +openidm-admin +\S+Z +\S+Z +never/);
    expect(listed).not.toContain(created.trim().slice(-43));
    await run(tokenCommand, 'token', 'revoke', 'ci');
    expect(await run(tokenCommand, 'token', 'list')).toContain('no tokens');
  });

  it.each([
    [['token', 'create'], 'name of one token'],
    [['token', 'create', 'a', 'b'], 'name of one token'],
    [['token', 'create', 'a'], '--role'],
    [['token', 'create', 'a', '--role', 'r', '--expires', 'soon'], '--expires takes a time'],
    [['token', 'constructor'], 'the commands are'],
  ])('tells what is wrong with %j', async (argv, message) => {
    await expect(tokenCommand(readArguments(argv))).rejects.toThrow(message);
  });

  it.each([
    [undefined, null],
    ['never', null],
    ['90d', 90 * 86_400_000],
    ['12h', 12 * 3_600_000],
    ['30m', 1_800_000],
  ])('reads the time %j', (text, ms) => {
    expect(expiry(text, { nowMs: () => 0 })).toBe(ms);
  });
});

describe('lockstep admin password', () => {
  it('makes a password up, or takes that of the environment', async () => {
    vi.stubEnv('LOCKSTEP_ADMIN_PASSWORD', '');
    vi.stubEnv('OPENIDM_ADMIN_PASSWORD', '');
    expect(await run(adminCommand, 'admin', 'password')).toMatch(/^[\w-]{24}\n$/);
    vi.stubEnv('LOCKSTEP_ADMIN_PASSWORD', 'from outside');
    expect(await run(adminCommand, 'admin', 'password')).toBe(
      'openidm-admin has the password of the environment now\n',
    );
    await expect(run(adminCommand, 'admin', 'password', 'mallory')).rejects.toThrow('no internal user "mallory"');
    await expect(adminCommand(readArguments(['admin', 'reset']))).rejects.toThrow('admin password');
  });
});
