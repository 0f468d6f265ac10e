import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { ACTIONS, type Action } from '../model/action.ts';
import type { Link } from '../model/link.ts';
import type { StoredObject } from '../model/object-set.ts';
import { SITUATIONS, type Situation } from '../model/situation.ts';
import { NO_CORRELATION, type Correlation, type Evidence, type SourceEvidence } from './evidence.ts';
import { plan } from './plan.ts';
import type { LinkIntent, PlannedChange } from './planned-change.ts';

const LINK: Link = { id: 'l', rev: 3, linkType: 'm', linkQualifier: 'default', firstId: 's', secondId: 't' };
const TARGET: StoredObject = { id: 't', rev: '7', object: { _id: 't', _rev: '7', name: 'old' } };
const OTHER: StoredObject = { id: 'u', rev: '1', object: { _id: 'u', _rev: '1', name: 'old' } };
const SOURCE: JsonObject = { _id: 's', name: 'new' };
const mapping = { links: { isEnabled: true } } as CompiledMapping;

const queried = (targets: readonly StoredObject[], holder: Link | null = null): Correlation => ({
  kind: 'queried',
  query: null,
  targets,
  isAlreadyLinked: holder !== null,
  holder,
});
const source = (rest: Partial<SourceEvidence>): SourceEvidence => ({
  kind: 'source',
  sourceId: 's',
  source: SOURCE,
  linkQualifier: 'default',
  isValid: true,
  link: null,
  linkedTargetId: null,
  target: null,
  correlation: NO_CORRELATION,
  ...rest,
});
const linked = { link: LINK, linkedTargetId: 't' };

/** One piece of evidence for each situation, the way it comes about in a run. */
const EVIDENCE: Readonly<Record<Situation, Evidence>> = {
  CONFIRMED: source({ ...linked, target: TARGET }),
  MISSING: source(linked),
  ABSENT: source({}),
  FOUND: source({ target: TARGET, correlation: queried([TARGET]) }),
  FOUND_ALREADY_LINKED: source({ target: TARGET, correlation: queried([TARGET], { ...LINK, firstId: 'x' }) }),
  AMBIGUOUS: source({ correlation: queried([TARGET, OTHER]) }),
  UNQUALIFIED: source({ ...linked, target: TARGET, isValid: false }),
  SOURCE_IGNORED: source({ isValid: false }),
  LINK_ONLY: source({ source: null, ...linked }),
  ALL_GONE: source({ source: null }),
  SOURCE_MISSING: {
    kind: 'target',
    target: TARGET,
    linkQualifier: 'default',
    isValid: true,
    link: LINK,
    linkedSourceId: 's',
    source: null,
    isSourceValid: false,
  },
  TARGET_IGNORED: {
    kind: 'target',
    target: TARGET,
    linkQualifier: 'default',
    isValid: false,
    link: LINK,
    linkedSourceId: 's',
    source: null,
    isSourceValid: false,
  },
  UNASSIGNED: {
    kind: 'target',
    target: TARGET,
    linkQualifier: 'default',
    isValid: true,
    link: null,
    linkedSourceId: null,
    source: null,
    isSourceValid: false,
  },
};

/** Specification §4.5: situation: action = write, link, outcome, class. A dot: nothing. Actions that are not listed behave as in `ALWAYS`. */
const TABLE = `
CONFIRMED            CREATE . . failed none
CONFIRMED            UPDATE update:t . updated update
CONFIRMED            DELETE delete:t delete deleted delete
CONFIRMED            LINK   . . unchanged none
CONFIRMED            UNLINK . delete updated unlink
MISSING              CREATE create retarget created create
MISSING              UPDATE . . unchanged none
MISSING              DELETE . delete updated unlink
MISSING              LINK   . . unchanged none
MISSING              UNLINK . delete updated unlink
ABSENT               CREATE create create created create
ABSENT               UPDATE . . failed none
ABSENT               DELETE . . unchanged none
ABSENT               LINK   . . failed none
ABSENT               UNLINK . . unchanged none
FOUND                CREATE . . failed none
FOUND                UPDATE update:t create:t updated update
FOUND                DELETE delete:t . deleted delete
FOUND                LINK   . create:t updated link
FOUND                UNLINK . . unchanged none
FOUND_ALREADY_LINKED CREATE . . failed none
FOUND_ALREADY_LINKED UPDATE . . failed none
FOUND_ALREADY_LINKED DELETE . . ignored none
FOUND_ALREADY_LINKED LINK   . . failed none
FOUND_ALREADY_LINKED UNLINK . . unchanged none
AMBIGUOUS            CREATE create create created create
AMBIGUOUS            UPDATE . . failed none
AMBIGUOUS            DELETE . . deleted ambiguousDelete
AMBIGUOUS            LINK   . . failed none
AMBIGUOUS            UNLINK . . unchanged none
UNQUALIFIED          CREATE . . failed none
UNQUALIFIED          UPDATE update:t . updated update
UNQUALIFIED          DELETE delete:t delete deleted delete
UNQUALIFIED          LINK   . . unchanged none
UNQUALIFIED          UNLINK . delete updated unlink
SOURCE_IGNORED       CREATE create create created create
SOURCE_IGNORED       UPDATE . . failed none
SOURCE_IGNORED       DELETE . . unchanged none
SOURCE_IGNORED       LINK   . . failed none
SOURCE_IGNORED       UNLINK . . unchanged none
LINK_ONLY            CREATE . . failed none
LINK_ONLY            UPDATE . . unchanged none
LINK_ONLY            DELETE . delete updated unlink
LINK_ONLY            LINK   . . unchanged none
LINK_ONLY            UNLINK . delete updated unlink
ALL_GONE             CREATE . . failed none
ALL_GONE             UPDATE . . failed none
ALL_GONE             DELETE . . unchanged none
ALL_GONE             LINK   . . failed none
ALL_GONE             UNLINK . . unchanged none
SOURCE_MISSING       CREATE . . failed none
SOURCE_MISSING       UPDATE . . unchanged none
SOURCE_MISSING       DELETE delete:t delete deleted delete
SOURCE_MISSING       LINK   . . unchanged none
SOURCE_MISSING       UNLINK . delete updated unlink
TARGET_IGNORED       CREATE . . failed none
TARGET_IGNORED       UPDATE . . unchanged none
TARGET_IGNORED       DELETE delete:t delete deleted delete
TARGET_IGNORED       LINK   . . unchanged none
TARGET_IGNORED       UNLINK . delete updated unlink
UNASSIGNED           CREATE . . failed none
UNASSIGNED           UPDATE . . unchanged none
UNASSIGNED           DELETE delete:t . deleted delete
UNASSIGNED           LINK   . . unchanged none
UNASSIGNED           UNLINK . . unchanged none`;

const ALWAYS: Readonly<Partial<Record<Action, string>>> = {
  EXCEPTION: '. . exceptions none',
  REPORT: '. . ignored none',
  NOREPORT: '. . ignored none',
  ASYNC: '. . ignored none',
  IGNORE: '. . ignored none',
};

const CELLS = new Map(
  TABLE.trim()
    .split('\n')
    .map((line) => {
      const [situation, action, ...rest] = line.split(/\s+/);
      return [`${situation} ${action}`, rest.join(' ')];
    }),
);

const ALL = SITUATIONS.flatMap((situation) => ACTIONS.map((action): [Situation, Action] => [situation, action]));

function planned(situation: Situation, action: Action): PlannedChange {
  const evidence = EVIDENCE[situation];
  const hasSource = evidence.kind === 'source' && evidence.source !== null;
  const maps = hasSource && (action === 'CREATE' || (action === 'UPDATE' && evidence.target !== null));
  const object = maps ? { ...(action === 'UPDATE' ? { _id: 't' } : {}), name: 'new' } : null;
  return plan(mapping, evidence, situation, {
    action,
    rule: 'default',
    policy: null,
    object,
    changed: maps ? ['name'] : [],
  });
}

function show({ write, link, outcome, changeClass }: PlannedChange): string {
  const written = write === null ? '.' : write.kind === 'create' ? 'create' : `${write.kind}:${write.id}`;
  return `${written} ${showLink(link)} ${outcome} ${changeClass}`;
}

function showLink(link: LinkIntent | null): string {
  if (link === null) return '.';
  return link.kind === 'create' && link.targetId !== null ? `create:${link.targetId}` : link.kind;
}

describe('what an action comes to', () => {
  it('is told for every situation and action', () => {
    expect(
      ALL.filter(([situation, action]) => ALWAYS[action] === undefined && !CELLS.has(`${situation} ${action}`)),
    ).toEqual([]);
  });

  it.each(ALL)('%s + %s', (situation, action) => {
    expect(show(planned(situation, action))).toBe(ALWAYS[action] ?? CELLS.get(`${situation} ${action}`));
  });

  it.each(ALL)('%s + %s: a hook is called only for what is done', (situation, action) => {
    const { hooks, link, write, changeClass } = planned(situation, action);
    expect(hooks.includes('onLink')).toBe(link?.kind === 'create');
    expect(hooks.includes('onUnlink')).toBe(link?.kind === 'delete');
    expect(hooks.includes('onDelete')).toBe(write?.kind === 'delete' || changeClass === 'ambiguousDelete');
  });

  it('an update carries the revision that was read and the changed attributes alone', () => {
    const change = planned('CONFIRMED', 'UPDATE');
    expect(change.write).toEqual({ kind: 'update', id: 't', rev: '7', object: { name: 'new' }, changed: ['name'] });
    expect(change.before).toEqual({ name: 'old' });
    expect(change.after).toEqual([{ operation: 'replace', field: '/name', value: 'new' }]);
  });

  it('REPORT names the action that would have been taken', () => {
    expect(planned('ABSENT', 'REPORT').detail).toEqual({ wouldBe: 'CREATE' });
  });

  it('NOREPORT and ASYNC leave no entry', () => {
    expect([
      planned('ABSENT', 'NOREPORT').isReported,
      planned('ABSENT', 'ASYNC').isReported,
      planned('ABSENT', 'IGNORE').isReported,
    ]).toEqual([false, false, true]);
  });

  it('without links nothing is linked', () => {
    const unlinked = { links: { isEnabled: false } } as CompiledMapping;
    const change = plan(unlinked, EVIDENCE.FOUND, 'FOUND', {
      action: 'UPDATE',
      rule: 'default',
      policy: null,
      object: { _id: 't', name: 'new' },
      changed: ['name'],
    });
    expect(show(change)).toBe('update:t . updated update');
  });
});
