import { describe, expect, it } from 'vitest';
import { cloneJson, type Json, type JsonObject } from '../base/json.ts';
import { parseFilter } from '../base/query-filter.ts';
import { compileTree } from './correlation-tree.ts';
import type { PropertyStep } from './program-payload.ts';
import type { ProgramRuntime } from './script-host.ts';

const runtime: ProgramRuntime = {
  call: (_, { source }) => (source === null ? null : `${source as string}@x`),
  newObject: () => ({}),
  clone: cloneJson,
};
const step = (target: string, rest: Partial<PropertyStep>): PropertyStep => ({
  target: [target],
  source: null,
  condition: null,
  transform: null,
  default: null,
  ifAbsent: 'clear',
  linkQualifier: null,
  ...rest,
});

const PROPERTIES: readonly PropertyStep[] = [
  step('givenName', { source: ['first'] }),
  step('mail', { source: ['uid'], transform: 0 }),
  step('city', { source: ['town'], default: 'Bonn' }),
  step('only', { source: ['first'], condition: { kind: 'filter', filter: parseFilter('/object/town pr') } }),
  step('other', { source: ['first'], linkQualifier: 'other' }),
  step('active', { source: ['active'] }),
];

describe('an expression tree', () => {
  it.each<[Json, JsonObject, string]>([
    ['givenName', { first: 'Ann' }, '/givenName eq "Ann"'],
    [{ all: ['givenName'] }, { first: 'Ann' }, '/givenName eq "Ann"'],
    [{ all: ['givenName', 'mail'] }, { first: 'Ann', uid: 'a' }, '/givenName eq "Ann" and /mail eq "a@x"'],
    [{ any: ['givenName', 'mail'] }, { first: 'Ann', uid: 'a' }, '/givenName eq "Ann" or /mail eq "a@x"'],
    [
      { all: ['givenName', { any: ['mail', 'city'] }] },
      { first: 'Ann', uid: 'a' },
      '/givenName eq "Ann" and (/mail eq "a@x" or /city eq "Bonn")',
    ],
    ['givenName', {}, '/givenName eq ""'],
    ['mail', {}, '/mail eq ""'],
    ['only', { first: 'Ann' }, '/only eq ""'],
    ['only', { first: 'Ann', town: 'X' }, '/only eq "Ann"'],
    ['other', { first: 'Ann' }, '/other eq ""'],
    ['unknown', { first: 'Ann' }, '/unknown eq ""'],
    ['active', { active: true }, '/active eq true'],
    ['givenName', { first: 'O"Neil\\' }, '/givenName eq "O\\"Neil\\\\"'],
  ])('%j of %j asks for %s', (tree, source, text) => {
    const asked = compileTree(tree, PROPERTIES, runtime)(source, 'default')['_queryFilter'] as string;
    expect(parseFilter(asked)).toEqual(parseFilter(text));
  });
});
