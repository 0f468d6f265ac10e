import { describe, expect, it } from 'vitest';
import { cloneJson, type Json, type JsonObject } from '../base/json.ts';
import { parseFilter } from '../base/query-filter.ts';
import { changedAttributes, compileProperties } from './map-object.ts';
import type { PropertyStep } from './program-payload.ts';
import type { ProgramRuntime } from './script-host.ts';
import type { AttributeTrace } from './stages.ts';

type Script = (variables: Readonly<Record<string, unknown>>) => Json;

function runtimeOf(scripts: readonly Script[]): ProgramRuntime {
  return { call: (slot, variables) => scripts[slot]!(variables), newObject: () => ({}), clone: cloneJson };
}

const step = (target: string, rest: Partial<PropertyStep> = {}): PropertyStep => ({
  target: target.split('/'),
  source: null,
  condition: null,
  transform: null,
  default: null,
  ifAbsent: 'clear',
  linkQualifier: null,
  ...rest,
});
const from = (...source: string[]): Partial<PropertyStep> => ({ source });

interface Row {
  readonly is: string;
  readonly steps: readonly PropertyStep[];
  readonly scripts?: readonly Script[];
  readonly source?: JsonObject;
  readonly existing?: JsonObject;
  readonly gives: JsonObject;
}

const filter = (text: string): Partial<PropertyStep> => ({ condition: { kind: 'filter', filter: parseFilter(text) } });
const script: Partial<PropertyStep> = { condition: { kind: 'script', slot: 0 } };

/** Specification §3.2, step by step. */
const ROWS: readonly Row[] = [
  { is: 'a value is copied', steps: [step('b', from('a'))], source: { a: 'x' }, gives: { b: 'x' } },
  { is: 'a missing source attribute gives null', steps: [step('b', from('a'))], source: {}, gives: { b: null } },
  {
    is: 'and clears what the target had',
    steps: [step('b', from('a'))],
    source: {},
    existing: { b: 'old' },
    gives: { b: null },
  },
  {
    is: 'unless the property keeps it',
    steps: [step('b', { ...from('a'), ifAbsent: 'keep' })],
    source: {},
    existing: { b: 'old' },
    gives: { b: 'old' },
  },
  {
    is: 'ifAbsent keep writes nothing on create',
    steps: [step('b', { ...from('a'), ifAbsent: 'keep' })],
    source: {},
    gives: {},
  },
  {
    is: 'ifAbsent keep does not stop a default',
    steps: [step('b', { ...from('a'), ifAbsent: 'keep', default: 'd' })],
    source: {},
    gives: { b: 'd' },
  },
  { is: 'no source key gives the default', steps: [step('b', { default: 'd' })], source: { a: 1 }, gives: { b: 'd' } },
  {
    is: 'a default replaces a null, and an existing target value',
    steps: [step('b', { ...from('a'), default: 'd' })],
    source: { a: null },
    existing: { b: 'old' },
    gives: { b: 'd' },
  },
  {
    is: 'a default does not replace false, 0 or an empty text',
    steps: [
      step('x', { ...from('a'), default: 'd' }),
      step('y', { ...from('b'), default: 'd' }),
      step('z', { ...from('c'), default: 'd' }),
    ],
    source: { a: false, b: 0, c: '' },
    gives: { x: false, y: 0, z: '' },
  },
  {
    is: 'an empty source pointer is the whole object',
    steps: [step('all', { source: [] })],
    source: { a: 1 },
    gives: { all: { a: 1 } },
  },
  {
    is: 'pointers descend',
    steps: [step('b/c', from('a', 'x', '1'))],
    source: { a: { x: [1, 2] } },
    gives: { b: { c: 2 } },
  },
  {
    is: 'a place below a text is missing',
    steps: [step('b', from('a', 'x'))],
    source: { a: 'text' },
    gives: { b: null },
  },
  {
    is: 'nested targets keep their neighbours',
    steps: [step('b/c', from('a'))],
    source: { a: 1 },
    existing: { b: { d: 2 } },
    gives: { b: { c: 1, d: 2 } },
  },
  {
    is: 'a parent that is a text is replaced',
    steps: [step('b/c', from('a'))],
    source: { a: 1 },
    existing: { b: 'text' },
    gives: { b: { c: 1 } },
  },
  {
    is: 'a null is written below a missing parent, too',
    steps: [step('b/c', from('a'))],
    source: {},
    gives: { b: { c: null } },
  },
  {
    is: 'a transform sees the value',
    steps: [step('b', { ...from('a'), transform: 0 })],
    scripts: [({ source }) => `${source as string}!`],
    source: { a: 'x' },
    gives: { b: 'x!' },
  },
  {
    is: 'a transform without a source sees null',
    steps: [step('b', { transform: 0 })],
    scripts: [({ source }) => source === null],
    source: { a: 'x' },
    gives: { b: true },
  },
  {
    is: 'a transform knows the qualifier',
    steps: [step('b', { transform: 0 })],
    scripts: [({ linkQualifier }) => linkQualifier as string],
    gives: { b: 'default' },
  },
  {
    is: 'a transform that gives null leaves the default',
    steps: [step('b', { ...from('a'), transform: 0, default: 'd' })],
    scripts: [() => null],
    source: { a: 'x' },
    gives: { b: 'd' },
  },
  {
    is: 'a transform is asked before the default',
    steps: [step('b', { ...from('a'), transform: 0, default: 'd' })],
    scripts: [({ source }) => (source === null ? 'was null' : 'other')],
    source: {},
    gives: { b: 'was null' },
  },
  {
    is: 'a condition that is not met leaves the target alone',
    steps: [step('b', { ...from('a'), ...script })],
    scripts: [() => false],
    source: { a: 'x' },
    existing: { b: 'old' },
    gives: { b: 'old' },
  },
  { is: 'and no default either', steps: [step('b', { default: 'd', ...script })], scripts: [() => false], gives: {} },
  ...([1, 'true', null, {}, []] as Json[]).map((value): Row => ({
    is: `only true passes, not ${JSON.stringify(value)}`,
    steps: [step('b', { ...from('a'), ...script })],
    scripts: [() => value],
    source: { a: 'x' },
    gives: {},
  })),
  {
    is: 'a condition sees object, target, qualifier and old target',
    steps: [step('z', from('a')), step('b', { ...from('a'), ...script })],
    scripts: [
      (v) =>
        JSON.stringify([v['object'], v['target'], v['linkQualifier'], v['oldTarget']]) ===
        '[{"a":"x"},{"z":"x"},"default",{"z":"old"}]',
    ],
    source: { a: 'x' },
    existing: { z: 'old' },
    gives: { z: 'x', b: 'x' },
  },
  {
    is: 'a filter is a condition',
    steps: [
      step('b', { ...from('a'), ...filter('/object/a pr and /linkQualifier eq "default"') }),
      step('c', { ...from('a'), ...filter('/object/q pr') }),
    ],
    source: { a: 'x' },
    gives: { b: 'x' },
  },
  {
    is: 'filters compare without regard to case',
    steps: [step('b', { ...from('a'), ...filter('/object/a eq "X"') })],
    source: { a: 'x' },
    gives: { b: 'x' },
  },
  {
    is: 'later entries see and overwrite earlier ones',
    steps: [step('b', from('a')), step('b', { ...from('c'), ...filter('/target/b eq "x"') })],
    source: { a: 'x', c: 'y' },
    gives: { b: 'y' },
  },
  {
    is: 'an entry for another qualifier is passed by',
    steps: [step('b', { ...from('a'), linkQualifier: 'other' })],
    source: { a: 'x' },
    gives: {},
  },
  { is: 'inherited names are no attributes', steps: [step('b', from('toString'))], source: {}, gives: { b: null } },
];

describe('the properties of a mapping', () => {
  it.each(ROWS)('$is', ({ steps, scripts = [], source = {}, existing, gives }) => {
    const target: JsonObject = existing === undefined ? {} : cloneJson(existing);
    compileProperties(steps, runtimeOf(scripts))(
      { source, existing: existing ?? null, oldSource: null, linkQualifier: 'default' },
      target,
      null,
    );
    expect(target).toEqual(gives);
  });

  it('never share a container with the source', () => {
    const source: JsonObject = { list: [1], deep: { x: { y: 1 } } };
    const target: JsonObject = {};
    compileProperties(
      [step('a', from('list')), step('b', from('deep')), step('c/d', from('deep', 'x'))],
      runtimeOf([]),
    )({ source, existing: null, oldSource: null, linkQualifier: 'default' }, target, null);
    (target['a'] as Json[]).push(2);
    (target['b'] as { x: JsonObject }).x['y'] = 2;
    (target['c'] as { d: JsonObject }).d['y'] = 3;
    expect(source).toEqual({ list: [1], deep: { x: { y: 1 } } });
  });

  it('tell how each attribute came about', () => {
    const trace: AttributeTrace[] = [];
    const steps = [
      step('a', from('x')),
      step('b', { default: 'd' }),
      step('c', { ...from('x'), ...script }),
      step('e', { ...from('none'), ifAbsent: 'keep' }),
      step('f', { ...from('x'), transform: 1 }),
    ];
    compileProperties(steps, runtimeOf([() => false, () => 'T']))(
      { source: { x: 'v' }, existing: null, oldSource: null, linkQualifier: 'default' },
      {},
      trace,
    );
    expect(trace.map(({ target, step, note }) => `${target} ${step} ${note}`)).toEqual([
      '/a mapped ',
      '/b mapped default used',
      '/c skipped condition not met',
      '/e kept no value, and "ifAbsent" is "keep"',
      '/f mapped transformed',
    ]);
  });
});

describe('what has changed', () => {
  it.each<[JsonObject, JsonObject, readonly string[]]>([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2 }, ['a']],
    [{}, { a: null }, []],
    [{ a: null }, {}, []],
    [{ a: 1 }, { a: null }, ['a']],
    [{ a: 1 }, {}, ['a']],
    [{ a: [1, 2] }, { a: [1, 2] }, []],
    [{ a: [1, 2] }, { a: [2, 1] }, ['a']],
    [{ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }, []],
    [{ _id: 'a', _rev: '1' }, { _id: 'b', _rev: '2' }, []],
    [{ a: '' }, {}, ['a']],
    [{ a: 1 }, { a: '1' }, ['a']],
  ])('from %j to %j: %j', (before, after, changed) => {
    expect(changedAttributes(before, after)).toEqual(changed);
  });
});
