import { getAt } from '../../base/json-pointer.ts';
import type { Json } from '../../base/json.ts';
import type { ObjectRow, SortKey } from '../../model/repository.ts';
import { visible } from './conformance-context.ts';

/** One of each kind and more, in the order that `SortKey` states; null counts as missing. */
export const ORDERED_VALUES: readonly Json[] = [
  false,
  true,
  -1.5e300,
  -2,
  -1e-300,
  0,
  5e-324,
  0.5,
  1,
  9,
  10,
  1e21,
  '',
  ' ',
  '10',
  '9',
  'Z',
  'a',
  'a\u0000',
  'aa',
  ['a', 'b'],
  [1],
  [],
  [true],
  { a: 1 },
  {},
];

/** The order, written down once more and differently: by rank of the kind, then by a comparison of that kind. */
export function expectedOrder(rows: readonly ObjectRow[], sort: readonly SortKey[]): readonly string[] {
  const order = (a: ObjectRow, b: ObjectRow): number => {
    for (const { pointer, isDescending } of sort) {
      const result = compareValues(getAt(visible(a), pointer), getAt(visible(b), pointer));
      if (result !== 0) return isDescending ? -result : result;
    }
    return 0;
  };
  return rows.toSorted(order).map((row) => row.id);
}

function compareValues(a: Json | undefined, b: Json | undefined): number {
  const byKind = kindRank(a) - kindRank(b);
  if (byKind !== 0) return byKind;
  if (typeof a === 'number') return a - (b as number);
  return compareTexts(textOf(a), textOf(b));
}

function kindRank(value: Json | undefined): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'object') return Array.isArray(value) ? 4 : 5;
  return { boolean: 1, number: 2, string: 3 }[typeof value as 'boolean' | 'number' | 'string'];
}

function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

/** Surrogates as the text has them, but above all that is no surrogate. */
function compareTexts(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => text.split('').map((unit) => shifted(unit.charCodeAt(0))));
  const at = x!.findIndex((unit, i) => unit !== y![i]);
  if (at === -1) return x!.length - y!.length;
  return x![at]! - (y![at] ?? -1);
}

function shifted(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
