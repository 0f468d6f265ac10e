import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../model/repository.ts';
import { auditClaims } from './conformance/audit.conformance.ts';
import { commitClaims } from './conformance/commit.conformance.ts';
import type { Context } from './conformance/conformance-context.ts';
import { filterClaims } from './conformance/filters.conformance.ts';
import { leaseClaims } from './conformance/leases.conformance.ts';
import { linkClaims } from './conformance/links.conformance.ts';
import { objectClaims } from './conformance/objects.conformance.ts';
import { runClaims } from './conformance/runs.conformance.ts';
import { sortingClaims } from './conformance/sorting.conformance.ts';

/** What every repository must do. `open` gives a new, empty one that tells time by `clock`. */
export function repositoryConformance(name: string, open: (clock: Clock) => Promise<Repository>): void {
  describe(`${name}`, () => {
    const context: Context = { repo: undefined as unknown as Repository, nowMs: 1_000_000 };
    beforeEach(async () => {
      context.nowMs = 1_000_000;
      context.repo = await open({ nowMs: () => context.nowMs });
      await context.repo.objects.declareTypes([{ name: 'user', searchable: ['userName', 'mail'] }]);
    });
    afterEach(() => context.repo.close());
    for (const [area, claims] of Object.entries(CLAIMS)) {
      describe(`${area}`, () => {
        claims(context);
      });
    }
    test('a closed repository refuses commits, and closing twice is harmless', async () => {
      await context.repo.close();
      await context.repo.close();
      await expect(context.repo.commit({ units: [] })).rejects.toThrow(Failure);
    });
  });
}

const CLAIMS: Readonly<Record<string, (context: Context) => void>> = {
  objects: objectClaims,
  filters: filterClaims,
  sorting: sortingClaims,
  links: linkClaims,
  commit: commitClaims,
  'runs and entries': runClaims,
  leases: leaseClaims,
  'audit and retention': auditClaims,
};
