import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getAt } from '../base/json-pointer.ts';
import { cloneJson, type Json, type JsonObject } from '../base/json.ts';
import { createProgram } from './program.ts';
import type { ProgramPayload, PropertyStep } from './program-payload.ts';
import type { DecideItem, DecideResult } from './stages.ts';

type Script = (variables: Readonly<Record<string, JsonObject>>) => Json;

interface Spec {
  readonly properties: readonly PropertyStep[];
  readonly notOwned: readonly (readonly string[])[];
  readonly onUpdate?: Script;
}

const step = (target: string, source: string, owner?: string): PropertyStep => ({
  target: target.split('/'),
  source: [source],
  condition: null,
  transform: null,
  default: null,
  ifAbsent: 'clear',
  linkQualifier: null,
  ...(owner === undefined ? {} : { owner }),
});

function decide(
  { properties, notOwned, onUpdate }: Spec,
  source: JsonObject,
  target: JsonObject | null,
  trace = false,
): DecideResult {
  const none = { onCreate: null, onDelete: null, onLink: null, onUnlink: null, postMapping: null };
  const payload = {
    mapping: 'm',
    mappingConfig: {},
    qualifiers: { list: ['default'] },
    validSource: null,
    validTarget: null,
    sourceCondition: null,
    correlation: {},
    properties,
    notOwned,
    defaultMapping: null,
    policies: [],
    hooks: { ...none, onUpdate: onUpdate === undefined ? null : 0 },
    result: null,
    onRecon: null,
    targetIdsCaseSensitive: true,
  } satisfies ProgramPayload;
  const program = createProgram(payload as unknown as Json, {
    call: (_, variables) => onUpdate!(variables as Record<string, JsonObject>),
    newObject: () => ({}),
    clone: cloneJson,
  });
  const item: DecideItem = {
    phase: 'source',
    situation: target === null ? 'ABSENT' : 'CONFIRMED',
    source,
    target,
    oldSource: null,
    linkQualifier: 'default',
    sourceId: 's',
    targetId: target === null ? null : 't',
    ambiguousTargetIds: null,
    reconId: 'r',
    ...(trace ? { trace } : {}),
  };
  return program.run('decide', item as unknown as Json, 'live') as unknown as DecideResult;
}

const MAIL: Spec = { properties: [step('mail', 'email', 'other'), step('name', 'name')], notOwned: [['mail']] };

describe('an attribute that another mapping owns', () => {
  it('is set in a new object', () => {
    expect(decide(MAIL, { email: 'a@x', name: 'A' }, null).object).toEqual({ mail: 'a@x', name: 'A' });
  });

  it('is left alone in an object that is there, whether it has a value or not', () => {
    expect(decide(MAIL, { email: 'a@x', name: 'A' }, { _id: 't', mail: 'b@x', name: 'A' }).changed).toEqual([]);
    expect(decide(MAIL, { email: 'a@x', name: 'A' }, { _id: 't', name: 'B' })).toMatchObject({
      object: { _id: 't', name: 'A' },
      changed: ['name'],
    });
  });

  it('is left alone by scripts, too', () => {
    const onUpdate: Script = ({ target }) => {
      target!['mail'] = 'script@x';
      target!['note'] = 'script';
      return null;
    };
    const { object, changed } = decide({ ...MAIL, onUpdate }, { name: 'A' }, { _id: 't', mail: 'b@x', name: 'A' });
    expect([object, changed]).toEqual([{ _id: 't', mail: 'b@x', name: 'A', note: 'script' }, ['note']]);
  });

  it('keeps its place in an object that is written as a whole', () => {
    const spec: Spec = { properties: [step('address', 'address')], notOwned: [['address', 'city']] };
    const { object } = decide(spec, { address: { city: 'Rome', zip: '1' } }, { _id: 't', address: { city: 'Bonn' } });
    expect(object).toEqual({ _id: 't', address: { city: 'Bonn', zip: '1' } });
    const absent = decide(spec, { address: { city: 'Rome', zip: '1' } }, { _id: 't', address: { zip: '0' } });
    expect(absent.object).toEqual({ _id: 't', address: { zip: '1' } });
  });

  it('is explained', () => {
    const { trace } = decide(MAIL, { email: 'a@x', name: 'A' }, { _id: 't', mail: 'b@x', name: 'A' }, true);
    expect(trace?.find(({ target }) => target === '/mail')).toMatchObject({
      step: 'skipped',
      note: 'it belongs to other',
    });
  });

  const value = fc.constantFrom<Json>(null, 'x', 'y', 1, { a: 'x' }, { a: 'y', b: 1 });
  const object = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, {
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>;
  const place = fc.constantFrom(['a'], ['b'], ['c'], ['a', 'a'], ['b', 'b']);

  it('is the same after any update, in place or on a copy; the other attributes are as without owners', () => {
    fc.assert(
      fc.property(object, object, place, fc.boolean(), (source, existing, owned, hasHook) => {
        const names = ['a', 'b', 'c'];
        const properties = names.map((name) =>
          step(name, name, owned.length === 1 && owned[0] === name ? 'other' : undefined),
        );
        const hook = hasHook ? { onUpdate: () => null } : {};
        const after = decide({ properties, notOwned: [owned], ...hook }, source, existing).object ?? existing;
        const without =
          decide({ properties: names.map((name) => step(name, name)), notOwned: [] }, source, existing).object ??
          existing;
        expect(getAt(after, owned) ?? null).toEqual(getAt(existing, owned) ?? null);
        for (const name of names.filter((one) => one !== owned[0]))
          expect(after[name] ?? null).toEqual(without[name] ?? null);
      }),
      { numRuns: 1000 },
    );
  });
});
