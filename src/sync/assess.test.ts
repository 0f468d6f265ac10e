import { describe, expect, it } from 'vitest';
import type { Link } from '../model/link.ts';
import type { StoredObject } from '../model/object-set.ts';
import { assess } from './assess.ts';
import { NO_CORRELATION, type Correlation, type SourceEvidence, type TargetEvidence } from './evidence.ts';

const LINK: Link = { id: 'l', rev: 0, linkType: 'm', linkQualifier: 'default', firstId: 's', secondId: 't' };
const stored = (id: string): StoredObject => ({ id, rev: '0', object: { _id: id } });

const CORRELATIONS: Readonly<Record<string, Correlation>> = {
  none: NO_CORRELATION,
  '0': correlated(0, false),
  '1': correlated(1, false),
  '1 linked': correlated(1, true),
  '2': correlated(2, false),
  '3': correlated(3, false),
};

function correlated(count: number, isAlreadyLinked: boolean): Correlation {
  const targets = Array.from({ length: count }, (_, i) => stored(`t${i}`));
  return {
    kind: 'queried',
    query: null,
    targets,
    isAlreadyLinked,
    holder: isAlreadyLinked ? { ...LINK, firstId: 'other' } : null,
  };
}

/** Specification §4.2 and §4.3: source exists | source valid (gone: target or last state valid) | link | target | correlation | situation. */
const SOURCE_ROWS = `
exists | yes | yes | exists  | none     | CONFIRMED
exists | yes | yes | missing | none     | MISSING
exists | yes | no  | –       | none     | ABSENT
exists | yes | no  | –       | 0        | ABSENT
exists | yes | no  | –       | 1        | FOUND
exists | yes | no  | –       | 1 linked | FOUND_ALREADY_LINKED
exists | yes | no  | –       | 2        | AMBIGUOUS
exists | yes | no  | –       | 3        | AMBIGUOUS
exists | no  | yes | exists  | none     | UNQUALIFIED
exists | no  | yes | missing | none     | UNQUALIFIED
exists | no  | no  | –       | none     | SOURCE_IGNORED
exists | no  | no  | –       | 0        | SOURCE_IGNORED
exists | no  | no  | –       | 1        | UNQUALIFIED
exists | no  | no  | –       | 1 linked | UNQUALIFIED
exists | no  | no  | –       | 2        | UNQUALIFIED
gone   | yes | yes | exists  | none     | SOURCE_MISSING
gone   | no  | yes | exists  | none     | TARGET_IGNORED
gone   | yes | yes | missing | none     | LINK_ONLY
gone   | no  | yes | missing | none     | LINK_ONLY
gone   | yes | no  | –       | none     | ALL_GONE
gone   | no  | no  | –       | none     | ALL_GONE
gone   | yes | no  | –       | 0        | ALL_GONE
gone   | no  | no  | –       | 0        | ALL_GONE
gone   | yes | no  | –       | 1        | UNASSIGNED
gone   | yes | no  | –       | 1 linked | UNASSIGNED
gone   | no  | no  | –       | 1        | TARGET_IGNORED
gone   | no  | no  | –       | 1 linked | TARGET_IGNORED
gone   | yes | no  | –       | 2        | AMBIGUOUS
gone   | no  | no  | –       | 2        | UNQUALIFIED`;

/** Specification §4.4: target valid | link | source | situation. */
const TARGET_ROWS = `
no  | no  | –       | TARGET_IGNORED
no  | yes | gone    | TARGET_IGNORED
no  | yes | invalid | TARGET_IGNORED
no  | yes | valid   | TARGET_IGNORED
yes | no  | –       | UNASSIGNED
yes | yes | gone    | SOURCE_MISSING
yes | yes | invalid | UNQUALIFIED
yes | yes | valid   | CONFIRMED`;

function rows(table: string): readonly (readonly string[])[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

describe('the situation of a source object', () => {
  it.each(rows(SOURCE_ROWS))(
    'source %s, valid %s, link %s, target %s, correlation %s: %s',
    (source, valid, link, target, correlation, situation) => {
      const isLinked = link === 'yes';
      const found = CORRELATIONS[correlation!]!;
      const evidence: SourceEvidence = {
        kind: 'source',
        sourceId: 's',
        source: source === 'exists' ? { _id: 's' } : null,
        linkQualifier: 'default',
        isValid: valid === 'yes',
        link: isLinked ? LINK : null,
        linkedTargetId: isLinked ? 't' : null,
        target: isLinked
          ? target === 'exists'
            ? stored('t')
            : null
          : found.targets.length === 1
            ? found.targets[0]!
            : null,
        correlation: found,
      };
      expect(assess(evidence)).toBe(situation);
    },
  );
});

describe('the situation of a left-over target object', () => {
  it.each(rows(TARGET_ROWS))('valid %s, link %s, source %s: %s', (valid, link, source, situation) => {
    const isLinked = link === 'yes';
    const evidence: TargetEvidence = {
      kind: 'target',
      target: stored('t'),
      linkQualifier: 'default',
      isValid: valid === 'yes',
      link: isLinked ? LINK : null,
      linkedSourceId: isLinked ? 's' : null,
      source: source === 'valid' || source === 'invalid' ? stored('s') : null,
      isSourceValid: source === 'valid',
    };
    expect(assess(evidence)).toBe(situation);
  });
});
