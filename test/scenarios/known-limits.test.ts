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

/** Rules of OpenIDM that surprise, as they are now; a change of them is a decision. */
describe('as in OpenIDM', () => {
  it('an invalid source that correlates to a target linked to another source deletes it, and leaves that link dangling', async () => {
    await using engine = await openEngine({
      mappings: [MAPPING],
      memory: { hr: objects('a(key=1) b(key=1,status=off)') },
      managed: { user: objects('t(key=1)') },
      links: { m: 'a-t' },
    });
    expect((await engine.run('m')).entries.map(showEntry)).toEqual(['b>t UNQUALIFIED DELETE done']);
    expect(showObjects(await engine.objects('managed/user'))).toBe('');
    expect(showLinks(await engine.links('m'))).toBe('a-t');
    expect((await engine.run('m')).entries.map(showEntry)).toEqual([
      'a>t MISSING EXCEPTION done',
      'b> SOURCE_IGNORED IGNORE done',
    ]);
  });

  it.each([
    ['a(key=1,name=Ann) b(key=1,status=off)', ['a>t FOUND UPDATE done', 'b>t UNQUALIFIED DELETE done'], ''],
    [
      'b(key=1,status=off) a(key=1,name=Ann)',
      ['b>t UNQUALIFIED DELETE skipped', 'a>t FOUND UPDATE done'],
      't(key=1,name=Ann)',
    ],
  ])(
    'a valid and an invalid source that find one unlinked target: the order decides (%s)',
    async (sources, entries, after) => {
      await using engine = await openEngine({
        mappings: [MAPPING],
        memory: { hr: objects(sources) },
        managed: { user: objects('t(key=1)') },
      });
      expect((await engine.run('m')).entries.map(showEntry)).toEqual(entries);
      expect(showObjects(await engine.objects('managed/user'))).toBe(after);
    },
  );
});
