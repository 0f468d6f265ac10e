import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { approve, findHeldRun } from '../../src/app/held.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { js, openEngine } from './engine.ts';
import { objects, showEntry, showLinks, showObjects } from './notation.ts';

const BASE: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  properties: [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
  policies: [{ situation: 'SOURCE_MISSING', action: 'DELETE' }],
};

describe('approving', () => {
  it('leaves alone what has its source object back', async () => {
    await using engine = await openEngine({
      mappings: [BASE],
      lockstep: { guard: { maxDeletes: 0 } },
      memory: { hr: objects('a(key=1)') },
      managed: { user: objects('t(key=1) u(key=2) v(key=3)') },
      links: { m: 'a-t b-u c-v' },
    });
    await engine.run('m');
    const source = engine.lockstep.objectSet('system/hr/account', engine.lockstep.repository);
    await source.write([{ kind: 'create', id: 'b', object: { key: '2' } }]);
    const carried = await approve(engine.lockstep, await findHeldRun(engine.lockstep, null), null);
    expect(carried.map((one) => `${one.entry.targetId} ${one.status}`).toSorted()).toEqual(['u skipped', 'v done']);
    expect(showObjects(await engine.objects('managed/user'))).toBe('t(key=1) u(key=2)');
    expect(showLinks(await engine.links('m'))).toBe('a-t b-u');
  });
});

describe('what a hook refuses', () => {
  it('is foreseen by the plan, and the run says why', async () => {
    await using engine = await openEngine({
      mappings: [{ ...BASE, onDelete: js("if (target.key === '2') throw { code: 403, message: 'keep me' };") }],
      memory: { hr: objects('a(key=1)') },
      managed: { user: objects('t(key=1) u(key=2) v(key=3)') },
      links: { m: 'a-t b-u c-v' },
    });
    const expected = ['b>u SOURCE_MISSING DELETE failed', 'c>v SOURCE_MISSING DELETE done'];
    const { entries: planned } = await engine.plan('m');
    expect(planned.map(showEntry).toSorted()).toEqual(expected);
    const { entries } = await engine.run('m');
    expect(entries.map(showEntry).toSorted()).toEqual(expected);
    expect(entries.find((entry) => entry.status === 'failed')!.message).toMatch(/onDelete.*keep me/);
    expect(showObjects(await engine.objects('managed/user'))).toBe('t(key=1) u(key=2)');
  });
});

describe('an id that cannot be kept', () => {
  it('fails alone, before anything is written for it', async () => {
    const rows = ['uid,key,name,mail,status', 'a,1,Ann,,', `${'x'.repeat(5000)},2,Long,,`, 'c,3,Cid,,', ''];
    await using engine = await openEngine({
      mappings: [
        {
          ...BASE,
          target: 'system/dir/account',
          properties: [...(BASE['properties'] as JsonObject[]), { source: 'uid', target: 'uid' }],
        },
      ],
      csv: { hr: rows.join('\n'), dir: 'uid,key,name,mail,status\n' },
    });
    const { result, entries } = await engine.run('m');
    expect(result.record.state).toBe('SUCCESS');
    expect(entries.filter((entry) => entry.status === 'failed').map((entry) => entry.message)).toEqual([
      expect.stringContaining('5000 characters'),
    ]);
    expect(showLinks(await engine.links('m'))).toBe('a-a c-c');
    expect((await engine.run('m')).result.progress.counts).toMatchObject({ unchanged: 2, failed: 1, created: 0 });
  });
});

describe('scripts that hang', () => {
  it('stop the run after ten objects instead of keeping it for hours', async () => {
    await using engine = await openEngine({
      mappings: [{ ...BASE, validSource: js('while (true) {}') }],
      memory: { hr: objects(Array.from({ length: 30 }, (_, i) => `s${i}(key=${i})`).join(' ')) },
      lockstep: { scripts: { timeoutMs: 50 } },
    });
    const { result } = await engine.run('m');
    expect(result.record.state).toBe('FAILED');
    expect(result.progress.error).toMatch(/validSource.*did not finish.*which is stopped/);
    expect(showObjects(await engine.objects('managed/user'))).toBe('');
  });
});

describe('a plan', () => {
  it('makes no data directory', async () => {
    await using engine = await openEngine({ mappings: [BASE], csv: { hr: objects('a(key=1)') } });
    const data = path.join(engine.directory, 'somewhere', 'else');
    const code = await runCommand(['plan', 'm', '--json', '--project', engine.directory, '--data', data]);
    expect(code).toBe(0);
    expect(existsSync(data)).toBe(false);
  });
});
