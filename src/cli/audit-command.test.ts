import { afterEach, beforeEach, expect, it } from 'vitest';
import { tempProject, type TempProject } from '../app/config/temp-project.ts';
import type { AuditEvent } from '../model/audit.ts';
import { readArguments } from './arguments.ts';
import { caughtOutput } from './testing/caught-cli.ts';
import { auditCommand } from './audit-command.ts';
import { withProject } from './open.ts';

let project: TempProject;
const caught = caughtOutput();

beforeEach(() => {
  caught.clear();
  project = tempProject({
    'conf/sync.json': { mappings: [] },
    'conf/managed.json': { objects: [] },
    'conf/lockstep.json': { audit: { retention: { days: 30, topics: { config: null } } } },
  });
});
afterEach(() => {
  project[Symbol.dispose]();
});

const run = (...args: readonly string[]) =>
  auditCommand(readArguments(['audit', ...args, '--project', project.directory]));

async function fill(): Promise<void> {
  await withProject(readArguments(['audit', '--project', project.directory]).options, async ({ repository }) => {
    const audit = (['activity', 'config'] as const).flatMap((topic) =>
      [100, 1].map((age): AuditEvent => ({
        id: `${topic}${age}`,
        topic,
        timestampMs: Date.now() - age * 86_400_000,
        transactionId: 't',
        userId: 'u',
        event: {},
      })),
    );
    await repository.commit({ units: [], audit });
  });
}

it('verifies, purges as configured, and verifies again', async () => {
  await fill();
  expect(await run('verify')).toBe(0);
  const place = /ends at (\S+)/.exec(caught.out)![1]!;
  expect(caught.out).toContain('4 events;');
  expect(await run('purge')).toBe(0);
  expect(caught.out).toContain('1 audit events and 0 runs removed');
  expect(await run('verify', place)).toBe(0);
  expect(
    await run(
      'verify',
      place.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ),
  ).toBe(1);
  expect(caught.out).toContain('the chain is broken');
});

it('purges as the options say', async () => {
  await fill();
  expect(await run('purge', '--older-than', '12h', '--topic', 'config', '--json')).toBe(0);
  expect(JSON.parse(caught.out)).toEqual({ events: 2, runs: 0, keptRuns: [] });
});

it.each([
  [[]],
  [['nothing']],
  [['verify', '12']],
  [['purge', '--older-than', 'soon']],
  [['purge', '--keep-runs', 'x']],
  [['purge', '--topic', 'nothing']],
])('%j is refused as bad usage', async (args) => {
  await fill();
  await expect(run(...args)).rejects.toMatchObject({ name: 'UsageError' });
});
