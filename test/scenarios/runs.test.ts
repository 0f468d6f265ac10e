import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { approve, findHeldRun, heldRuns, reject } from '../../src/app/held.ts';
import { BY_KEY as BASE, js, openEngine, type Engine } from './engine.ts';
import { objects, showEntry, showLinks, showObjects } from './notation.ts';

const DELETES: JsonObject = {
  policies: [
    { situation: 'SOURCE_MISSING', action: 'DELETE' },
    { situation: 'UNASSIGNED', action: 'DELETE' },
  ],
};

async function users(engine: Engine): Promise<string> {
  return showObjects(await engine.objects('managed/user'));
}

describe('what a source query leaves out', () => {
  const spec = (mapping: JsonObject) => ({
    mappings: [{ ...BASE, ...DELETES, ...mapping }],
    memory: { hr: objects('a(key=1,dept=x) b(key=2,dept=y,status=off)') },
    managed: { user: objects('t(key=1) u(key=2) v(key=3)') },
    links: { m: 'a-t b-u c-v' },
  });

  it('still exists: its target is not SOURCE_MISSING', async () => {
    await using engine = await openEngine(spec({ sourceQuery: { _queryFilter: 'dept eq "x"' } }));
    const { entries } = await engine.run('m');
    expect(entries.map(showEntry)).toEqual(['c>v SOURCE_MISSING DELETE done']);
    expect(await users(engine)).toBe('t(key=1) u(key=2)');
  });

  it('is not judged by sourceCondition in the target phase', async () => {
    await using engine = await openEngine(
      spec({ sourceQuery: { _queryFilter: 'dept eq "x"' }, sourceCondition: '!(/source/status eq "off")' }),
    );
    const { entries } = await engine.run('m');
    expect(entries.map(showEntry)).toEqual(['c>v SOURCE_MISSING DELETE done']);
  });

  it('still exists when the query is sent to another collection', async () => {
    const { mappings, ...rest } = spec({
      sourceQuery: { _queryId: 'query-all-ids', resourceName: 'system/part/account' },
    });
    await using engine = await openEngine({ mappings, ...rest, memory: { ...rest.memory, part: objects('a(key=1)') } });
    const { entries } = await engine.run('m');
    expect(entries.map(showEntry)).toEqual(['c>v SOURCE_MISSING DELETE done']);
  });
});

describe('reconById', () => {
  const spec = {
    mappings: [{ ...BASE, ...DELETES }],
    memory: { hr: objects('a(key=1,name=Ann) b(key=2,name=Bob)') },
    managed: { user: objects('t(key=1) u(key=2) v(key=3)') },
    links: { m: 'a-t b-u c-v' },
  };

  it('reconciles the ids it was given and nothing else', async () => {
    await using engine = await openEngine(spec);
    const { entries } = await engine.run('m', { ids: ['a', 'a'] });
    expect(entries.map(showEntry)).toEqual(['a>t CONFIRMED UPDATE done']);
    expect(await users(engine)).toBe('t(key=1,name=Ann) u(key=2) v(key=3)');
  });

  it('treats an id that does not exist as a deleted source object', async () => {
    await using engine = await openEngine(spec);
    const { entries } = await engine.run('m', { ids: ['c', 'zz'] });
    expect(entries.map(showEntry)).toEqual(['c>v SOURCE_MISSING DELETE done', 'zz> ALL_GONE IGNORE done']);
    expect(showLinks(await engine.links('m'))).toBe('a-t b-u');
  });

  it('lets the first of two ids that correlate to one target have it', async () => {
    await using engine = await openEngine({
      ...spec,
      memory: { hr: objects('a(key=9) b(key=9)') },
      managed: { user: objects('t(key=9)') },
      links: {},
    });
    const { entries } = await engine.run('m', { ids: ['a', 'b'] });
    expect(entries.map(showEntry)).toEqual(['a>t FOUND UPDATE done', 'b>t FOUND_ALREADY_LINKED EXCEPTION done']);
  });
});

describe('shared links', () => {
  it('serve the mapping back in the opposite direction', async () => {
    const back: JsonObject = {
      name: 'back',
      source: 'managed/user',
      target: 'system/hr/account',
      links: 'm',
      properties: [
        { source: 'key', target: 'key' },
        { source: 'name', target: 'name' },
      ],
    };
    await using engine = await openEngine({
      mappings: [BASE, back],
      memory: { hr: objects('a(key=1,name=Ann)') },
      managed: { user: objects('t(key=1,name=Tom) u(key=2)') },
      links: { m: 'a-t' },
    });
    const { entries } = await engine.run('back');
    expect(entries.map(showEntry)).toEqual(['t>a CONFIRMED UPDATE done', 'u>new ABSENT CREATE done']);
    expect(showObjects(await engine.objects('system/hr/account'))).toBe('a(key=1,name=Tom) new(key=2)');
    const links = await engine.links('m');
    expect(links.map((link) => link.secondId).sort()).toEqual(['t', 'u']);
    expect((await engine.run('m')).entries.map(showEntry)).toEqual([]);
  });
});

describe('ids without letter case', () => {
  it('are linked in lower case and found in any', async () => {
    const mapping = { ...BASE, ...DELETES, sourceIdsCaseSensitive: false, targetIdsCaseSensitive: false };
    await using engine = await openEngine({
      mappings: [mapping],
      memory: { hr: objects('Ann(key=1,name=Ann) BOB(key=2,name=Bob)') },
      managed: { user: objects('T1(key=1)') },
    });
    expect((await engine.run('m')).entries.map(showEntry)).toEqual([
      'Ann>T1 FOUND UPDATE done',
      'BOB>new ABSENT CREATE done',
    ]);
    expect(showLinks(await engine.links('m'))).toBe('ann-t1 bob-new');
    expect((await engine.run('m')).entries.map(showEntry), 'a second run').toEqual([]);
    await engine.lockstep
      .objectSet('system/hr/account', engine.lockstep.repository)
      .write([{ kind: 'update', id: 'Ann', rev: null, object: { key: '1', name: 'Anna' }, changed: ['name'] }]);
    expect((await engine.run('m')).entries.map(showEntry), 'a change').toEqual(['Ann>T1 CONFIRMED UPDATE done']);
    expect(
      (
        await engine.run('m', { sourceQuery: { _queryFilter: 'key eq "none"' }, allowEmptySourceSet: true })
      ).entries.map(showEntry),
      'a filtered run',
    ).toEqual([]);
  });
});

describe('scripts', () => {
  it('are called in the order of the specification', async () => {
    const trace = (what: string): JsonObject => js(`openidm.create('managed/trace', null, { what: '${what}' }); true`);
    const mapping: JsonObject = {
      ...BASE,
      onRecon: trace('onRecon'),
      validSource: trace('validSource'),
      onCreate: trace('onCreate'),
      onUpdate: trace('onUpdate'),
      onLink: trace('onLink'),
      postMapping: trace('postMapping'),
      defaultMapping: trace('defaultMapping'),
      policies: [{ situation: 'ABSENT', action: 'CREATE', postAction: trace('postAction') }],
      result: trace('result'),
    };
    await using engine = await openEngine({
      mappings: [mapping],
      memory: { hr: objects('a(key=1)') },
      managed: { user: [], trace: [] },
    });
    await engine.plan('m');
    expect(await engine.objects('managed/trace'), 'a plan records, it does not write').toEqual([]);
    await engine.run('m');
    const order = (await engine.objects('managed/trace')).map((one) => one['what']);
    expect(order).toEqual([
      'onRecon',
      'validSource',
      'defaultMapping',
      'onCreate',
      'onLink',
      'postMapping',
      'postAction',
      'result',
    ]);
  });

  it('onDelete comes before onUnlink, both before the postAction', async () => {
    const trace = (what: string): JsonObject =>
      js(`openidm.create('managed/trace', null, { what: '${what}' + (target ? ' ' + target.key : '') })`);
    const mapping: JsonObject = {
      ...BASE,
      onDelete: trace('onDelete'),
      onUnlink: trace('onUnlink'),
      policies: [{ situation: 'SOURCE_MISSING', action: 'DELETE', postAction: trace('postAction') }],
    };
    await using engine = await openEngine({
      mappings: [mapping],
      memory: { hr: objects('a(key=1)') },
      managed: { user: objects('t(key=1) u(key=2)'), trace: [] },
      links: { m: 'a-t b-u' },
    });
    await engine.run('m');
    expect((await engine.objects('managed/trace')).map((one) => one['what'])).toEqual([
      'onDelete 2',
      'onUnlink 2',
      'postAction 2',
    ]);
  });

  it('that throw name mapping, hook, property and place', async () => {
    const mapping: JsonObject = {
      ...BASE,
      correlationQuery: js('null'),
      properties: [
        { source: 'key', target: 'key' },
        { source: 'name', target: 'deep/name', transform: js('var x = 1;\nsource.missing.thing') },
      ],
    };
    await using engine = await openEngine({
      mappings: [
        mapping,
        {
          ...BASE,
          name: 'm2',
          correlationQuery: { ...(BASE['correlationQuery'] as JsonObject), mapping: 'm2' },
          properties: mapping['properties']!,
        },
      ],
      memory: { hr: objects('a(key=1,name=Ann) b(key=2)') },
      managed: { user: [] },
    });
    const first = await engine.run('m');
    expect(first.entries[0]!.message).toMatch(/correlationQuery must give a map/);
    const second = await engine.run('m2');
    expect(second.entries.map((entry) => entry.status)).toEqual(['failed', 'failed']);
    expect(second.entries[0]!.message).toMatch(/mapping "m2": property "\/deep\/name": transform \(inline:2:\d+\)/);
  });

  it('result sees the situations with their ids', async () => {
    const mapping: JsonObject = {
      ...BASE,
      result: js(
        "openidm.create('managed/trace', 'report', { absent: source.ABSENT ? source.ABSENT.ids : null, mapping: global.mappingName, processed: source.processed })",
      ),
    };
    await using engine = await openEngine({
      mappings: [mapping],
      memory: { hr: objects('a(key=1) b(key=2)') },
      managed: { user: [], trace: [] },
    });
    const { result } = await engine.run('m');
    expect(result.progress.warnings).toEqual([]);
    const [report] = await engine.objects('managed/trace');
    expect(report).toMatchObject({ absent: ['a', 'b'], mapping: 'm', processed: 2 });
  });
});

describe('an empty source', () => {
  const spec = {
    mappings: [{ ...BASE, ...DELETES }],
    memory: { hr: [] },
    managed: { user: objects('t(key=1)') },
    links: { m: 'a-t' },
  };

  it('changes nothing and warns', async () => {
    await using engine = await openEngine(spec);
    const { result, entries } = await engine.run('m');
    expect(entries).toEqual([]);
    expect(result.record.state).toBe('SUCCESS');
    expect(result.progress.warnings[0]).toMatch(/empty source object set/);
    expect(await users(engine)).toBe('t(key=1)');
  });

  it('empties the target when that is allowed', async () => {
    await using engine = await openEngine(spec);
    await engine.run('m', { allowEmptySourceSet: true });
    expect(await users(engine)).toBe('');
    expect(await engine.links('m')).toEqual([]);
  });
});

describe('the guard', () => {
  const spec = {
    mappings: [{ ...BASE, ...DELETES }],
    memory: { hr: objects('a(key=1,name=New)') },
    managed: { user: objects('t(key=1) u(key=2) v(key=3)') },
    links: { m: 'a-t b-u c-v' },
    lockstep: { guard: { maxDeletes: 1 } },
  };

  it('holds a class as a whole, lets the rest go on, and approval applies it', async () => {
    await using engine = await openEngine(spec);
    const { entries, result } = await engine.run('m');
    expect(entries.map(showEntry)).toEqual([
      'a>t CONFIRMED UPDATE done',
      'b>u SOURCE_MISSING DELETE held',
      'c>v SOURCE_MISSING DELETE held',
    ]);
    expect(result.progress.counts).toMatchObject({ updated: 1, held: 2, deleted: 0 });
    const carried = await approve(engine.lockstep, await findHeldRun(engine.lockstep, null), null);
    expect(carried.map((one) => one.status)).toEqual(['done', 'done']);
    expect(await users(engine)).toBe('t(key=1,name=New)');
    expect(showLinks(await engine.links('m'))).toBe('a-t');
  });

  it('rejecting leaves everything as it is', async () => {
    await using engine = await openEngine(spec);
    await engine.run('m');
    expect(await reject(engine.lockstep, await findHeldRun(engine.lockstep, null), 'no')).toBe(2);
    expect(await users(engine)).toBe('t(key=1,name=New) u(key=2) v(key=3)');
    expect(await heldRuns(engine.lockstep)).toEqual([]);
  });

  it('approval skips what has changed since', async () => {
    await using engine = await openEngine(spec);
    await engine.run('m');
    const { repository } = engine.lockstep;
    await repository.commit({
      units: [{ object: { kind: 'update', type: 'user', id: 'u', rev: 0, doc: { key: '2', name: 'kept' } } }],
    });
    const carried = await approve(engine.lockstep, await findHeldRun(engine.lockstep, null), null);
    expect(carried.map((one) => `${one.entry.targetId} ${one.status}`)).toEqual(['u skipped', 'v done']);
    expect(await users(engine)).toBe('t(key=1,name=New) u(key=2,name=kept)');
    expect(showLinks(await engine.links('m'))).toBe('a-t b-u');
  });

  it('a newer run supersedes what an older one held', async () => {
    await using engine = await openEngine(spec);
    await engine.run('m');
    await engine.lockstep.objectSet('system/hr/account', engine.lockstep.repository).write([
      { kind: 'create', id: 'b', object: { key: '2' } },
      { kind: 'create', id: 'c', object: { key: '3' } },
    ]);
    await engine.run('m');
    expect(await heldRuns(engine.lockstep)).toEqual([]);
    const runs = await engine.lockstep.repository.runs.list({ mapping: 'm', limit: 10 });
    const old = runs.at(-1)!.progress['counts'] as JsonObject;
    expect(old['held'], 'the older run counts nothing as held any more').toBe(0);
  });
});

describe('a source file', () => {
  const csv = (text: string) => ({
    mappings: [{ ...BASE, ...DELETES }],
    csv: { hr: text },
    managed: { user: objects('t(key=1) u(key=2)') },
    links: { m: 'a-t b-u' },
  });
  const HEADER = '"uid","key","name","mail","status"\n';

  it('with an unreadable row of unknown id holds deletes', async () => {
    await using engine = await openEngine(csv(`${HEADER}"a","1","Ann","",""\n"","2","Bob","",""\n`));
    const { entries, result } = await engine.run('m');
    expect(result.progress.unidentifiedFaults).toBe(1);
    expect(entries.map((entry) => `${entry.targetId} ${entry.status}`)).toContain('u held');
    expect(await users(engine)).toBe('t(key=1,name=Ann) u(key=2)');
  });

  it('with a row of wrong width but a readable id deletes nothing for it', async () => {
    await using engine = await openEngine(csv(`${HEADER}"a","1","Ann","",""\n"b","2"\n`));
    const { entries } = await engine.run('m');
    expect(entries.filter((entry) => entry.action === 'DELETE' && entry.status === 'done')).toEqual([]);
    expect(await users(engine)).toBe('t(key=1,name=Ann) u(key=2)');
  });

  it('that ends in the middle of a quoted cell deletes nothing', async () => {
    await using engine = await openEngine(csv(`${HEADER}"a","1","Ann","",""\n"b","2","Bo`));
    const { result } = await engine.run('m');
    expect(result.record.state).toBe('FAILED');
    expect(await users(engine)).toContain('u(key=2');
    expect(showLinks(await engine.links('m'))).toBe('a-t b-u');
  });

  it('that names an object twice uses the first and says so', async () => {
    await using engine = await openEngine(csv(`${HEADER}"a","1","Ann","",""\n"a","1","Eve","",""\n"b","2","","",""\n`));
    const { entries } = await engine.run('m');
    expect(await users(engine)).toBe('t(key=1,name=Ann) u(key=2)');
    expect(entries.filter((entry) => entry.status === 'failed').map((entry) => entry.message)).toEqual([
      expect.stringMatching(/more than once|earlier row/),
    ]);
  });

  it('is not touched by a plan, and neither is a target file', async () => {
    const mapping: JsonObject = {
      ...BASE,
      target: 'system/dir/account',
      properties: [
        { source: 'key', target: 'uid' },
        { source: 'key', target: 'key' },
        { source: 'name', target: 'name' },
      ],
    };
    await using engine = await openEngine({
      mappings: [mapping],
      csv: { hr: `${HEADER}"a","1","Ann","",""\n`, dir: `${HEADER}"9","9","","",""\n` },
    });
    const file = path.join(engine.directory, 'data', 'dir.csv');
    const before = readFileSync(file, 'latin1');
    const { entries } = await engine.plan('m');
    expect(entries.map(showEntry)).toContain('a>1 ABSENT CREATE done');
    expect(readFileSync(file, 'latin1')).toBe(before);
    writeFileSync(file, `${before}"1","77","","",""\n`);
    const planned = await engine.plan('m');
    expect(planned.entries.map(showEntry)).toContain('a> ABSENT CREATE failed');
    expect((await engine.run('m')).entries.map(showEntry)).toContain('a> ABSENT CREATE failed');
  });
});
