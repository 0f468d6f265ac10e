import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { openEngine } from './engine.ts';
import { objects, showEntry, showLinks, showObjects } from './notation.ts';

const MAPPING: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  sourceCondition: '!(/source/status eq "off")',
  correlationQuery: {
    type: 'text/javascript',
    file: 'ui/correlateTreeToQueryFilter.js',
    mapping: 'm',
    expressionTree: { all: ['key'] },
  },
  properties: [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
};

/** Where OpenIDM would delete by correlation alone what belongs to somebody else (docs/decisions/016). */
describe('a target that a source object is linked to', () => {
  it('is not deleted because an invalid source object correlates to it', async () => {
    await using engine = await openEngine({
      mappings: [MAPPING],
      memory: { hr: objects('a(key=1) b(key=1,status=off)') },
      managed: { user: objects('t(key=1)') },
      links: { m: 'a-t' },
    });
    const { entries } = await engine.run('m');
    expect(entries.map(showEntry)).toEqual(['b>t UNQUALIFIED DELETE done']);
    expect(entries[0]!.message).toMatch(/linked to another source object and is not deleted/);
    expect(showObjects(await engine.objects('managed/user'))).toBe('t(key=1)');
    expect(showLinks(await engine.links('m'))).toBe('a-t');
  });

  it.each([
    [
      'a(key=1,name=Ann) b(key=1,status=off)',
      ['a>t FOUND UPDATE done', 'b>t UNQUALIFIED DELETE done'],
      't(key=1,name=Ann)',
    ],
    [
      'b(key=1,status=off) a(key=1,name=Ann)',
      ['b>t UNQUALIFIED DELETE skipped', 'a>t FOUND UPDATE done'],
      't(key=1,name=Ann)',
    ],
  ])('is kept whichever of a valid and an invalid source object comes first (%s)', async (sources, entries, after) => {
    await using engine = await openEngine({
      mappings: [MAPPING],
      memory: { hr: objects(sources) },
      managed: { user: objects('t(key=1)') },
    });
    expect((await engine.run('m')).entries.map(showEntry)).toEqual(entries);
    expect(showObjects(await engine.objects('managed/user'))).toBe(after);
  });
});
