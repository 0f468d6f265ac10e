import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { intoUsers, openLiveProject, type LiveProject } from './live-project.ts';

const correlationQuery = {
  type: 'text/javascript',
  file: 'ui/correlateTreeToQueryFilter.js',
  expressionTree: { all: ['userName'] },
  mapping: 'hr_users',
  linkQualifier: 'default',
};

/** Which of the new objects cannot be decided: there are two users of their name. */
const bad = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
const knobs = fc.record({
  pageLimit: fc.constantFrom(1, 3, 1000),
  maxRetries: fc.constantFrom(-1, 0, 1, 2),
});

async function arrived(project: LiveProject): Promise<ReadonlySet<string>> {
  return new Set(Object.keys(await project.users()).filter((name) => name !== 'twin'));
}

const tokenOf = (stage: JsonObject): number => Number((stage['connectorData'] as JsonObject)['syncToken']);

describe('what comes after a change that fails', () => {
  it('is not touched before the policy lets go of it, and not lost afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(bad, knobs, async (isBad, { pageLimit, maxRetries }) => {
        const hr = { syncFailureHandler: { maxRetries, postRetryAction: 'dead-letter-queue' } };
        await using project = await openLiveProject({ mappings: [intoUsers({ correlationQuery })], hr });
        await project.create('managed/user', 'one', { userName: 'twin' });
        await project.create('managed/user', 'two', { userName: 'twin' });
        await project.live();
        project.hr.pageLimit = pageLimit;
        for (const [i, one] of isBad.entries()) await project.hr.put(`u${i}`, { name: one ? 'twin' : `n${i}` });
        const calls = maxRetries < 0 ? 3 : 1 + maxRetries * isBad.filter(Boolean).length;
        let stage: JsonObject = {};
        for (let i = 0; i < calls; i++) {
          stage = await project.live();
          const upTo = tokenOf(stage);
          const wanted = isBad.flatMap((one, k) => (one || k >= upTo ? [] : [`n${k}`]));
          expect(await arrived(project)).toEqual(new Set(wanted));
          expect('lastException' in stage).toBe(upTo < isBad.length);
        }
        const firstBad = isBad.indexOf(true);
        expect(tokenOf(stage)).toBe(maxRetries < 0 && firstBad >= 0 ? firstBad : isBad.length);
        const letters = await project.query('repo/synchronisation/deadLetterQueue/hr', 'true');
        const given = maxRetries < 0 ? [] : isBad.flatMap((one, i) => (one ? [`u${i}`] : []));
        expect(letters.map(({ uid }) => uid)).toEqual(given);
      }),
      { numRuns: 60 },
    );
  }, 240_000);
});
