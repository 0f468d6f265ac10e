import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloneJson, type Json, type JsonObject } from '../base/json.ts';
import { compileDiff } from './diff-object.ts';
import { changedAttributes, compileProperties } from './map-object.ts';
import type { ProgramPayload, PropertyStep } from './program-payload.ts';
import type { ProgramRuntime } from './script-host.ts';

const runtime: ProgramRuntime = { call: () => null, newObject: () => ({}), clone: cloneJson };
const names = ['a', 'b', 'c', 'd', 'toString'];
const value = fc.oneof(
  fc.constant(null),
  fc.constantFrom<Json>('x', 'y', '', 1, true),
  fc.constant<Json>(['x']),
  fc.constant<Json>({ k: 1 }),
);
const object = fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true }) as fc.Arbitrary<JsonObject>;
const step = fc
  .record({
    target: fc.constantFrom(...names).map((name) => [name]),
    source: fc.oneof(
      fc.constant(null),
      fc.constant([]),
      fc.constantFrom(...names).map((name) => [name]),
      fc.constant(['d', 'k']),
    ),
    default: value,
    ifAbsent: fc.constantFrom('keep' as const, 'clear' as const),
  })
  .map((one): PropertyStep => ({ condition: null, transform: null, linkQualifier: null, ...one }));
const steps = fc.uniqueArray(step, { selector: (one) => one.target[0], maxLength: 5 });

function payload(properties: readonly PropertyStep[]): ProgramPayload {
  return { properties, defaultMapping: null, hooks: { onUpdate: null } } as unknown as ProgramPayload;
}

describe('comparing in place', () => {
  it('gives what mapping onto a copy and comparing gives', () => {
    fc.assert(
      fc.property(steps, object, object, (properties, source, existing) => {
        const diff = compileDiff(payload(properties), runtime);
        fc.pre(diff !== null);
        const target = { ...existing };
        const input = { source, existing, oldSource: null, linkQualifier: 'default' };
        compileProperties(properties, runtime)(input, target, null);
        const changed = changedAttributes(existing, target);
        const found = diff(source, existing);
        expect(found?.changed.toSorted() ?? []).toEqual(changed.toSorted());
        for (const key of changed) expect(found!.object[key]).toEqual(target[key]);
      }),
      { numRuns: 2000 },
    );
  });

  it('is not used where an entry has a condition, a script, a nested target or a rival', () => {
    const plain: PropertyStep = {
      target: ['a'],
      source: ['b'],
      condition: null,
      transform: null,
      default: null,
      ifAbsent: 'clear',
      linkQualifier: null,
    };
    const others: PropertyStep[] = [
      { ...plain, target: ['a', 'b'] },
      { ...plain, target: ['_id'] },
      { ...plain, transform: 0 },
      { ...plain, condition: { kind: 'values', values: {} } },
      { ...plain, linkQualifier: 'x' },
    ];
    for (const one of others) expect(compileDiff(payload([one]), runtime)).toBeNull();
    expect(compileDiff(payload([plain, { ...plain, source: ['c'] }]), runtime)).toBeNull();
    expect(compileDiff(payload([plain]), runtime)).not.toBeNull();
  });
});
