import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ManagedObjectConfig } from '../managed-config.ts';
import { EXTERNAL, openManaged } from '../testing/open-managed.ts';
import { compilePolicies } from './compile-policies.ts';
import { limitedPattern } from './limited-pattern.ts';

const LONG = `${'a'.repeat(40)}!`;

describe('a pattern that may take for ever', () => {
  it.each([
    ['^(a+)+$', LONG],
    ['^(a|a)*$', LONG],
    ['^((a*)b?)*$', LONG],
    ['^(?:a|aa)+$', LONG],
    ['^(a?){40}$', `${'a'.repeat(30)}b`],
    ['^a*a*a*a*a*a*[bc]', 'a'.repeat(3000)],
  ])('%s is stopped', (source, value) => {
    expect(limitedPattern(source).test(value)).toBe('too-slow');
  });

  it.each(['(a+)+', '(a|b)*', '(a)\\1', '(?=a+)a', '(?<!b*)a', '(?:a{2,})+', '(a|b){2,}', '(?<x>a)\\k<x>'])(
    '%s is told apart',
    (source) => expect(limitedPattern(source).isRisky).toBe(true),
  );

  it.each(['^[a-z]+$', '^\\d{3}-\\d{4}$', '(a|b)c*', '[(a+)+]+', '\\(a+\\)+', '(abc)+', '^(a+)?$', '(?:ab){2}'])(
    '%s is not taken for one',
    (source) => expect(limitedPattern(source).isRisky).toBe(false),
  );

  it('matches as any other', () => {
    const sources = ['^(a+b)+$', '^(a|b)*$', '(a)\\1', '^[a-c]{2,3}$', 'a.*b.*c', '^$', '\\bab?\\b'];
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ') }),
        (source, value) => {
          expect(limitedPattern(source, 'g').test(value)).toBe(new RegExp(source).test(value));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a policy with such a pattern', () => {
  const type = { schema: { properties: { code: { type: 'string', pattern: '^(a+)+$' } } } };

  it('refuses the value and says why', async () => {
    await using managed = await openManaged(type);
    await managed.create({ _id: 'x', code: 'aaa' }, EXTERNAL);
    await expect(managed.create({ _id: 'y', code: LONG }, EXTERNAL)).rejects.toMatchObject({
      code: 'denied',
      detail: {
        failedPolicyRequirements: [
          {
            property: 'code',
            policyRequirements: [
              { policyRequirement: 'MATCH_REGEXP', params: { reason: expect.stringContaining('250 ms') } },
            ],
          },
        ],
      },
    });
  });

  it('is warned about', () => {
    const property = { name: 'code', types: [], isRequired: false, isVirtual: false, pointer: '/p' };
    const warningsOf = (pattern: string) =>
      compilePolicies({
        name: 'user',
        file: 'conf/managed.json',
        properties: [{ ...property, raw: { pattern } }],
      } as unknown as ManagedObjectConfig).diagnostics.map(({ severity, message }) => `${severity} ${message}`);
    expect(warningsOf('^(a+)+$')).toEqual([expect.stringMatching(/^warning .*"code".*\^\(a\+\)\+\$/)]);
    expect(warningsOf('^a+$')).toEqual([]);
  });
});
