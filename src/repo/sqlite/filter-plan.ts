import type { Filter } from '../../base/query-filter.ts';
import { indexKey, prefixRanges } from './index-key.ts';
import type { TypeLayout } from './type-layout.ts';

/**
 * How SQL narrows down the objects that can match a filter. Every row that matches is among those that the plan finds; the
 * filter itself decides afterwards. So nothing here needs to know the exact meaning of a comparison.
 */
export interface FilterPlan {
  /** SELECT of the row numbers of all candidates, found through indexes; null if only a scan finds them. */
  readonly candidates: Fragment | null;
  /** Cheap necessary condition on a row. */
  readonly condition: Fragment;
}

export interface Fragment {
  readonly sql: string;
  readonly values: readonly string[];
}

const MAX_INDEX_TERMS = 1000;
const MAX_RANGES = 40;
const MAX_CONDITIONS = 64;

export function planFilter(filter: Filter, layout: TypeLayout): FilterPlan {
  const terms = indexTerms(filter, layout);
  const isUsable = terms !== null && terms.length <= MAX_INDEX_TERMS && rangeCount(terms) <= MAX_RANGES;
  const condition = necessaryText(filter);
  return {
    candidates: isUsable ? candidateRows(terms, layout) : null,
    condition: condition !== null && condition.values.length <= MAX_CONDITIONS ? condition : { sql: '1', values: [] },
  };
}

/** Column 0 is the id. `text` is what the attribute equals, or what it starts with. */
interface IndexTerm {
  readonly column: number;
  readonly kind: 'equal' | 'prefix';
  readonly text: string;
}

/** Each match satisfies at least one of the terms; null if no index helps. */
function indexTerms(filter: Filter, layout: TypeLayout): readonly IndexTerm[] | null {
  switch (filter.kind) {
    case 'always':
      return filter.value ? null : [];
    case 'compare':
      return compareTerm(filter, layout);
    case 'and':
      return filter.parts
        .map((part) => indexTerms(part, layout))
        .reduce((best, terms) => (terms !== null && (best === null || cost(terms) < cost(best)) ? terms : best), null);
    case 'or': {
      const parts = filter.parts.map((part) => indexTerms(part, layout));
      return parts.some((terms) => terms === null) ? null : parts.flatMap((terms) => terms!);
    }
    default:
      return null;
  }
}

function compareTerm(
  { operator, pointer, value }: Extract<Filter, { kind: 'compare' }>,
  layout: TypeLayout,
): readonly IndexTerm[] | null {
  const name = pointer[0];
  if (pointer.length !== 1 || name === undefined || typeof value !== 'string') return null;
  const column = name === '_id' ? 0 : layout.columns.indexOf(name) + 1;
  if (column === 0 && (name !== '_id' || !value.isWellFormed())) return null;
  if (operator === 'eq' || operator === 'ca') return [{ column, kind: 'equal', text: value }];
  if (operator === 'sw' && prefixRanges(value) !== null) return [{ column, kind: 'prefix', text: value }];
  return null;
}

function cost(terms: readonly IndexTerm[]): number {
  return terms.length + 1000 * rangeCount(terms);
}

function rangeCount(terms: readonly IndexTerm[]): number {
  return terms.filter((term) => term.kind === 'prefix').length;
}

function candidateRows(terms: readonly IndexTerm[], layout: TypeLayout): Fragment {
  const selects: Fragment[] = [];
  for (const column of new Set(terms.map((term) => term.column))) {
    const ofColumn = terms.filter((term) => term.column === column);
    const equal = ofColumn.filter((term) => term.kind === 'equal').map((term) => term.text);
    if (equal.length > 0) selects.push(...equalRows(column, equal, layout));
    for (const term of ofColumn) if (term.kind === 'prefix') selects.push(...prefixRows(column, term.text, layout));
  }
  if (selects.length === 0) return { sql: 'SELECT 0 AS row WHERE 0', values: [] };
  return { sql: selects.map((s) => s.sql).join(' UNION ALL '), values: selects.flatMap((s) => s.values) };
}

/** CROSS JOIN keeps the keys outside and the index inside: left to itself the planner scans the table for each key. */
function equalRows(column: number, texts: readonly string[], layout: TypeLayout): readonly Fragment[] {
  const { objects, values } = layout;
  const keys = [JSON.stringify(column === 0 ? texts : texts.map(indexKey))];
  const name = column === 0 ? 'id' : `s${column}`;
  const scalar = `SELECT o.row AS row FROM json_each(?) k CROSS JOIN ${objects} o ON o.${name} = k.value`;
  if (column === 0) return [{ sql: scalar, values: keys }];
  const element = `SELECT v.row AS row FROM json_each(?) k CROSS JOIN ${values} v ON v.column_no = ${column} AND v.value = k.value`;
  return [
    { sql: scalar, values: keys },
    { sql: element, values: keys },
  ];
}

function prefixRows(column: number, prefix: string, layout: TypeLayout): readonly Fragment[] {
  const { objects, values } = layout;
  const name = column === 0 ? 'id' : `s${column}`;
  return (prefixRanges(prefix) ?? []).flatMap((range) => {
    const scalar = { sql: `SELECT row FROM ${objects} WHERE ${name} >= ? AND ${name} < ?`, values: range };
    if (column === 0) return [scalar];
    const where = `column_no = ${column} AND value >= ? AND value < ?`;
    return [scalar, { sql: `SELECT row FROM ${values} WHERE ${where}`, values: range }];
  });
}

/** A piece of text that the stored JSON of every match contains. Documents are written by `JSON.stringify`, always alike. */
function necessaryText(filter: Filter): Fragment | null {
  switch (filter.kind) {
    case 'always':
      return filter.value ? null : { sql: '0', values: [] };
    case 'not':
      return null;
    case 'and': {
      const parts = filter.parts.map(necessaryText).filter((part) => part !== null);
      return parts.length === 0 ? null : joined(parts, ' AND ');
    }
    case 'or': {
      const parts = filter.parts.map(necessaryText);
      return parts.some((part) => part === null) ? null : joined(parts as readonly Fragment[], ' OR ');
    }
    case 'present':
      return isOfDocument(filter.pointer) ? containing(`${JSON.stringify(filter.pointer[0])}:`) : null;
    case 'compare':
      if (!isOfDocument(filter.pointer)) return null;
      return containing(literalText(filter) ?? `${JSON.stringify(filter.pointer[0])}:`);
  }
}

function isOfDocument(pointer: readonly string[]): boolean {
  return pointer[0] !== undefined && pointer[0] !== '_id' && pointer[0] !== '_rev';
}

/** The text of the literal as it stands in the document. A lone surrogate may be half of a letter there. */
function literalText({ operator, value }: Extract<Filter, { kind: 'compare' }>): string | null {
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return null;
  if (operator === 'lt' || operator === 'le' || operator === 'gt' || operator === 'ge') return null;
  return JSON.stringify(value).slice(1, -1);
}

function containing(text: string): Fragment {
  return { sql: 'instr(doc, ?) > 0', values: [text] };
}

function joined(parts: readonly Fragment[], word: string): Fragment {
  if (parts.length === 0) return { sql: word === ' AND ' ? '1' : '0', values: [] };
  return { sql: `(${parts.map((part) => part.sql).join(word)})`, values: parts.flatMap((part) => part.values) };
}
