import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { openEngine } from './engine.ts';
import { objects, showEntry, showLinks, showObjects } from './notation.ts';
import { OPTION_SCENARIOS } from './option-scenarios.ts';
import { BASE } from './scenario.ts';
import { SITUATION_SCENARIOS } from './situation-scenarios.ts';

describe('a run over a small world', () => {
  it.each([...SITUATION_SCENARIOS, ...OPTION_SCENARIOS])(
    '$is',
    async ({ source = '', target = '', links = '', mapping = {}, entries, after = '', linksAfter = '' }) => {
      const wanted = Object.fromEntries(
        Object.entries({ ...BASE, ...mapping }).filter(([, value]) => value !== undefined),
      ) as JsonObject;
      await using engine = await openEngine({
        mappings: [wanted],
        memory: { hr: objects(source) },
        managed: { user: objects(target) },
        links: { m: links },
        lockstep: { guard: { enabled: false, allowAmbiguousDelete: true } },
      });
      const planned = await engine.plan('m');
      expect(showObjects(await engine.objects('managed/user')), 'after the plan').toBe(showObjects(objects(target)));
      const done = await engine.run('m');
      expect(done.entries.map(showEntry)).toEqual(entries);
      expect(showObjects(await engine.objects('managed/user'))).toBe(after);
      expect(showLinks(await engine.links('m'))).toBe(linksAfter);
      expect(planned.result.progress.counts, 'plan').toEqual(done.result.progress.counts);
      expect(done.result.record.state).toBe('SUCCESS');
      expect(done.result.progress.warnings).toEqual([]);
    },
  );
});
