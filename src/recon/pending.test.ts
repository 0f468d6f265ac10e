import { describe, expect, it } from 'vitest';
import { parseFilter } from '../base/query-filter.ts';
import type { JsonObject } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import { NO_CORRELATION, type Correlation, type SourceEvidence } from '../sync/evidence.ts';
import { linkView } from '../sync/link-view.ts';
import type { PlannedChange } from '../sync/planned-change.ts';
import { Pending } from './pending.ts';

const view = linkView({
  isEnabled: true,
  linkType: 'm',
  isReversed: false,
  areSourceIdsCaseSensitive: true,
  areTargetIdsCaseSensitive: false,
});
const stored = (id: string): StoredObject => ({ id, rev: '0', object: { _id: id } });

function evidence(sourceId: string, rest: Partial<SourceEvidence> = {}): SourceEvidence {
  return {
    kind: 'source',
    sourceId,
    source: {},
    linkQualifier: 'default',
    isValid: true,
    link: null,
    linkedTargetId: null,
    target: null,
    correlation: NO_CORRELATION,
    ...rest,
  };
}

function asking(text: string, targets: readonly StoredObject[] = []): Correlation {
  return {
    kind: 'queried',
    query: { kind: 'filter', filter: parseFilter(text) },
    targets,
    isAlreadyLinked: false,
    holder: null,
  };
}

const NOTHING = {
  situation: null,
  action: 'IGNORE',
  rule: 'default',
  policy: null,
  changeClass: 'none',
  outcome: 'ignored',
  sourceId: null,
  targetId: null,
  write: null,
  ambiguousTargetIds: null,
  link: null,
  hooks: [],
  before: null,
  after: null,
  message: null,
  detail: null,
  isReported: true,
  trace: null,
} as const;
const change = (rest: Partial<PlannedChange>): PlannedChange => ({ ...NOTHING, evidence: evidence('s'), ...rest });
const create = (object: JsonObject): PlannedChange =>
  change({
    changeClass: 'create',
    outcome: 'created',
    write: { kind: 'create', id: null, object },
    link: { kind: 'create', sourceId: 's', targetId: null },
  });

describe('what is planned and not applied yet', () => {
  it.each<[string, PlannedChange, Partial<SourceEvidence>, boolean]>([
    ['a create that the query would find', create({ key: '1' }), { correlation: asking('key eq "1"') }, true],
    ['a create that it would not find', create({ key: '2' }), { correlation: asking('key eq "1"') }, false],
    [
      'a create found by an element of a list',
      create({ key: ['0', '1'] }),
      { correlation: asking('key eq "1"') },
      true,
    ],
    [
      'a create found by a conjunction',
      create({ key: '1', name: 'a' }),
      { correlation: asking('name eq "a" and key eq "1"') },
      true,
    ],
    [
      'a create that misses half of a conjunction',
      create({ key: '1' }),
      { correlation: asking('name eq "a" and key eq "1"') },
      false,
    ],
    [
      'a create found by a disjunction',
      create({ key: '1' }),
      { correlation: asking('name eq "a" or key eq "1"') },
      true,
    ],
    ['an object that does not correlate', create({ key: '1' }), {}, false],
    [
      'a link to the target that was found, in any letter case',
      change({ targetId: 'T', link: { kind: 'create', sourceId: 's', targetId: 'T' } }),
      { correlation: asking('key eq "1"', [stored('t')]) },
      true,
    ],
    [
      'a link to it under another qualifier',
      change({
        targetId: 't',
        link: { kind: 'create', sourceId: 's', targetId: 't' },
        evidence: evidence('s', { linkQualifier: 'B' }),
      }),
      { correlation: asking('key eq "1"', [stored('t')]) },
      false,
    ],
    [
      'an update of the linked target',
      change({ write: { kind: 'update', id: 't', rev: '0', object: {}, changed: ['a'] } }),
      { target: stored('t') },
      true,
    ],
    [
      'an update of another target',
      change({ write: { kind: 'update', id: 'u', rev: '0', object: {}, changed: ['a'] } }),
      { target: stored('t') },
      false,
    ],
  ])('%s: contested', (_, planned, rest, isContested) => {
    const pending = new Pending(view);
    pending.add(planned);
    expect(pending.isContested(evidence('b', rest))).toBe(isContested);
    pending.closeBatch();
    pending.takeAhead();
    expect(pending.isContested(evidence('b', rest)), 'while it is being applied').toBe(isContested);
    pending.applied();
    expect(pending.isContested(evidence('b', rest)), 'when it is applied').toBe(false);
  });

  it('keeps what leaves no trace until its batch is complete', () => {
    const pending = new Pending(view);
    const silent = change({ isReported: false, outcome: 'unchanged' });
    const told = change({});
    pending.add(silent);
    pending.add(told);
    expect(pending.take()).toEqual([told]);
    expect(pending.size).toBe(1);
    pending.closeBatch();
    expect(pending.take()).toEqual([silent]);
    expect(pending.size).toBe(0);
  });

  it('counts the writes that can be applied at once', () => {
    const pending = new Pending(view);
    pending.add(create({ a: 1 }));
    pending.add(change({ changeClass: 'delete', write: { kind: 'delete', id: 't', rev: null } }));
    pending.add(change({}));
    expect(pending.writes).toBe(1);
  });
});
