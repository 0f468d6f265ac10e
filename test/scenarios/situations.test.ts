import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { openEngine, js } from './engine.ts';
import { objects, showEntry, showLinks, showObjects } from './notation.ts';

/** One world, the entries of a run over it, and the world after it. `hr` → `managed/user`, correlated by `key`. */
interface Scenario {
  readonly is: string;
  readonly source?: string;
  readonly target?: string;
  readonly links?: string;
  readonly mapping?: JsonObject;
  readonly entries: readonly string[];
  readonly after?: string;
  readonly linksAfter?: string;
}

const BASE: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  correlateEmptyTargetSet: true,
  correlationQuery: { type: 'text/javascript', file: 'ui/correlateTreeToQueryFilter.js', mapping: 'm', expressionTree: { all: ['key'] } },
  properties: [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
};

const policy = (situation: string, action: string): JsonObject => ({ policies: [{ situation, action }] });
const INVALID: JsonObject = { sourceCondition: '/source/status eq "on"' };

const SCENARIOS: readonly Scenario[] = [
  { is: 'CONFIRMED updates', source: 'a(key=1,name=Ann)', target: 't(key=1,name=Old)', links: 'a-t', entries: ['a>t CONFIRMED UPDATE done'], after: 't(key=1,name=Ann)', linksAfter: 'a-t' },
  { is: 'CONFIRMED without a difference leaves no entry', source: 'a(key=1)', target: 't(key=1)', links: 'a-t', entries: [], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'a source attribute that is gone clears the target attribute', source: 'a(key=1)', target: 't(key=1,name=Old)', links: 'a-t', entries: ['a>t CONFIRMED UPDATE done'], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'attributes that no property mentions stay', source: 'a(key=1,name=Ann)', target: 't(key=1,extra=x)', links: 'a-t', entries: ['a>t CONFIRMED UPDATE done'], after: 't(extra=x,key=1,name=Ann)', linksAfter: 'a-t' },
  { is: 'ABSENT creates and links', source: 'a(key=1,name=Ann)', entries: ['a>new ABSENT CREATE done'], after: 'new(key=1,name=Ann)', linksAfter: 'a-new' },
  { is: 'FOUND updates and links', source: 'a(key=1,name=Ann)', target: 't(key=1)', entries: ['a>t FOUND UPDATE done'], after: 't(key=1,name=Ann)', linksAfter: 'a-t' },
  { is: 'FOUND without a difference links', source: 'a(key=1)', target: 't(key=1)', entries: ['a>t FOUND UPDATE done'], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'FOUND + LINK links and writes nothing', source: 'a(key=1,name=Ann)', target: 't(key=1)', mapping: policy('FOUND', 'LINK'), entries: ['a>t FOUND LINK done'], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'FOUND_ALREADY_LINKED is an exception', source: 'a(key=1) b(key=1)', target: 't(key=1)', links: 'b-t', entries: ['a>t FOUND_ALREADY_LINKED EXCEPTION done'], after: 't(key=1)', linksAfter: 'b-t' },
  { is: 'AMBIGUOUS is an exception', source: 'a(key=1)', target: 't(key=1) u(key=1)', entries: ['a> AMBIGUOUS EXCEPTION done'], after: 't(key=1) u(key=1)', linksAfter: '' },
  { is: 'MISSING is an exception', source: 'a(key=1)', links: 'a-t', entries: ['a>t MISSING EXCEPTION done'], after: '', linksAfter: 'a-t' },
  { is: 'MISSING + CREATE creates and moves the link', source: 'a(key=1)', links: 'a-t', mapping: policy('MISSING', 'CREATE'), entries: ['a>new MISSING CREATE done'], after: 'new(key=1)', linksAfter: 'a-new' },
  { is: 'MISSING + UNLINK removes the link', source: 'a(key=1)', links: 'a-t', mapping: policy('MISSING', 'UNLINK'), entries: ['a>t MISSING UNLINK done'], after: '', linksAfter: '' },
  { is: 'MISSING + UPDATE writes nothing', source: 'a(key=1)', links: 'a-t', mapping: policy('MISSING', 'UPDATE'), entries: [], after: '', linksAfter: 'a-t' },
  { is: 'UNQUALIFIED with a link deletes both', source: 'a(key=1,status=off)', target: 't(key=1)', links: 'a-t', mapping: INVALID, entries: ['a>t UNQUALIFIED DELETE done'], after: '', linksAfter: '' },
  { is: 'UNQUALIFIED with a dangling link deletes the link', source: 'a(key=1,status=off)', links: 'a-t', mapping: INVALID, entries: ['a>t UNQUALIFIED DELETE done'], after: '', linksAfter: '' },
  { is: 'UNQUALIFIED by correlation deletes the target', source: 'a(key=1,status=off)', target: 't(key=1)', mapping: INVALID, entries: ['a>t UNQUALIFIED DELETE done'], after: '', linksAfter: '' },
  { is: 'UNQUALIFIED with two candidates is planned as ambiguous', source: 'a(key=1,status=off)', target: 't(key=1) u(key=1)', mapping: INVALID, entries: ['a> UNQUALIFIED DELETE done'], after: '', linksAfter: '' },
  { is: 'UNQUALIFIED + UNLINK keeps the target', source: 'a(key=1,status=off)', target: 't(key=1)', links: 'a-t', mapping: { ...INVALID, ...policy('UNQUALIFIED', 'UNLINK') }, entries: ['a>t UNQUALIFIED UNLINK done'], after: 't(key=1)', linksAfter: '' },
  { is: 'SOURCE_IGNORED does nothing', source: 'a(key=1,status=off)', mapping: INVALID, entries: ['a> SOURCE_IGNORED IGNORE done'], after: '', linksAfter: '' },
  { is: 'UNASSIGNED is an exception', source: 'a(key=1)', target: 't(key=1) u(key=2)', links: 'a-t', entries: ['>u UNASSIGNED EXCEPTION done'], after: 't(key=1) u(key=2)', linksAfter: 'a-t' },
  { is: 'UNASSIGNED + DELETE deletes', source: 'a(key=1)', target: 't(key=1) u(key=2)', links: 'a-t', mapping: policy('UNASSIGNED', 'DELETE'), entries: ['>u UNASSIGNED DELETE done'], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'UNASSIGNED + UPDATE has no source and changes nothing', source: 'a(key=1)', target: 't(key=1) u(key=2)', links: 'a-t', mapping: policy('UNASSIGNED', 'UPDATE'), entries: [], after: 't(key=1) u(key=2)', linksAfter: 'a-t' },
  { is: 'SOURCE_MISSING is an exception', source: 'a(key=1)', target: 't(key=1) u(key=2)', links: 'a-t b-u', entries: ['b>u SOURCE_MISSING EXCEPTION done'], after: 't(key=1) u(key=2)', linksAfter: 'a-t b-u' },
  { is: 'SOURCE_MISSING + DELETE deletes target and link', source: 'a(key=1)', target: 't(key=1) u(key=2)', links: 'a-t b-u', mapping: policy('SOURCE_MISSING', 'DELETE'), entries: ['b>u SOURCE_MISSING DELETE done'], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'SOURCE_MISSING + UNLINK removes the link alone', source: 'a(key=1)', target: 't(key=1) u(key=2)', links: 'a-t b-u', mapping: policy('SOURCE_MISSING', 'UNLINK'), entries: ['b>u SOURCE_MISSING UNLINK done'], after: 't(key=1) u(key=2)', linksAfter: 'a-t' },
  { is: 'TARGET_IGNORED does nothing', source: 'a(key=1)', target: 't(key=1) u(key=2,name=keep)', links: 'a-t b-u', mapping: { ...policy('SOURCE_MISSING', 'DELETE'), validTarget: js("target.name !== 'keep'") }, entries: ['b>u TARGET_IGNORED IGNORE done'], after: 't(key=1) u(key=2,name=keep)', linksAfter: 'a-t b-u' },
  { is: 'a link whose two ends are gone is cleaned up', source: 'a(key=1)', target: 't(key=1)', links: 'a-t x-y', entries: ['x>y – UNLINK done'], after: 't(key=1)', linksAfter: 'a-t' },
  ...(['EXCEPTION', 'REPORT', 'IGNORE'] as const).map((action): Scenario => ({ is: `CONFIRMED + ${action} writes nothing but its entry`, source: 'a(key=1,name=Ann)', target: 't(key=1)', links: 'a-t', mapping: policy('CONFIRMED', action), entries: [`a>t CONFIRMED ${action} done`], after: 't(key=1)', linksAfter: 'a-t' })),
  ...(['NOREPORT', 'ASYNC'] as const).map((action): Scenario => ({ is: `CONFIRMED + ${action} leaves no entry`, source: 'a(key=1,name=Ann)', target: 't(key=1)', links: 'a-t', mapping: policy('CONFIRMED', action), entries: [], after: 't(key=1)', linksAfter: 'a-t' })),
  { is: 'CONFIRMED + CREATE is refused', source: 'a(key=1,name=Ann)', target: 't(key=1)', links: 'a-t', mapping: policy('CONFIRMED', 'CREATE'), entries: ['a>t CONFIRMED CREATE failed'], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'CONFIRMED + DELETE deletes both', source: 'a(key=1)', target: 't(key=1)', links: 'a-t', mapping: policy('CONFIRMED', 'DELETE'), entries: ['a>t CONFIRMED DELETE done'], after: '', linksAfter: '' },
  { is: 'ABSENT + UPDATE has nothing to link', source: 'a(key=1)', mapping: policy('ABSENT', 'UPDATE'), entries: ['a> ABSENT UPDATE failed'], after: '', linksAfter: '' },
  { is: 'ABSENT + UNLINK is nothing', source: 'a(key=1)', mapping: policy('ABSENT', 'UNLINK'), entries: [], after: '', linksAfter: '' },

  { is: 'each link qualifier is a pair of its own', source: 'a(key=1)', target: 't(key=1)', links: 'a:A-t', mapping: { linkQualifiers: ['A', 'B'], correlationQuery: [{ linkQualifier: 'A', ...js('({_queryFilter: "key eq \\"" + source.key + "\\""})') }] }, entries: ['a:B>new ABSENT CREATE done'], after: 'new(key=1) t(key=1)', linksAfter: 'a:A-t a:B-new' },
  { is: 'a qualifier script gives the qualifiers of each object', source: 'a(key=1,status=x) b(key=2)', mapping: { linkQualifiers: js("returnAll ? ['x', 'y'] : object.status === 'x' ? ['x', 'y'] : ['y']") }, entries: ['a:x>new ABSENT CREATE done', 'b:y>new ABSENT CREATE done', 'a:y>new FOUND UPDATE done'], after: 'new(key=1) new(key=2)', linksAfter: 'a:x-new a:y-new b:y-new' },
  { is: 'a target linked under one qualifier is not unassigned under another', source: 'b(key=2)', target: 't(key=1) u(key=2)', links: 'a:A-t b:A-u b:B-u', mapping: { linkQualifiers: ['A', 'B'], policies: [{ situation: 'UNASSIGNED', action: 'DELETE' }] }, entries: ['a:A>t SOURCE_MISSING EXCEPTION done'], after: 't(key=1) u(key=2)', linksAfter: 'a:A-t b:A-u b:B-u' },
  { is: 'two qualifiers of one object on the same target are applied one after the other', source: 'a(key=1,name=Ann)', target: 't(key=1)', mapping: { linkQualifiers: ['A', 'B'] }, entries: ['a:A>t FOUND UPDATE done', 'a:B>t FOUND UPDATE done'], after: 't(key=1,name=Ann)', linksAfter: 'a:A-t a:B-t' },
  { is: 'two linked qualifiers on the same target are applied one after the other', source: 'a(key=1,name=Ann)', target: 't(key=1)', links: 'a:A-t a:B-t', mapping: { linkQualifiers: ['A', 'B'] }, entries: ['a:A>t CONFIRMED UPDATE done'], after: 't(key=1,name=Ann)', linksAfter: 'a:A-t a:B-t' },
  { is: 'enableLinking false: FOUND without a link, ABSENT without a link', source: 'a(key=1,name=Ann) b(key=2)', target: 't(key=1)', mapping: { enableLinking: false }, entries: ['a>t FOUND UPDATE done', 'b>new ABSENT CREATE done'], after: 'new(key=2) t(key=1,name=Ann)', linksAfter: '' },
  { is: 'two sources with one key, one batch: the first creates, the second finds it linked', source: 'a(key=1) b(key=1)', entries: ['a>new ABSENT CREATE done', 'b>new FOUND_ALREADY_LINKED EXCEPTION done'], after: 'new(key=1)', linksAfter: 'a-new' },
  { is: 'the same with a predefined query', source: 'a(name=x) b(name=x)', mapping: { properties: [{ source: 'name', target: 'userName' }], correlationQuery: js("({_queryId: 'for-userName', uid: source.name})") }, entries: ['a>new ABSENT CREATE done', 'b>new FOUND_ALREADY_LINKED EXCEPTION done'], after: 'new(userName=x)', linksAfter: 'a-new' },
  { is: 'two sources that find one target: the first gets it', source: 'a(key=1) b(key=1)', target: 't(key=1)', entries: ['a>t FOUND UPDATE done', 'b>t FOUND_ALREADY_LINKED EXCEPTION done'], after: 't(key=1)', linksAfter: 'a-t' },
  { is: 'two sources that give one _id: the second is refused', source: 'a(key=1) b(key=2)', mapping: { properties: [{ source: 'key', target: 'key' }, { target: '_id', default: 'same' }] }, entries: ['a>same ABSENT CREATE done', 'b>same ABSENT CREATE failed'], after: 'same(key=1)', linksAfter: 'a-same' },
  { is: 'correlationScript gives the candidates itself', source: 'a(key=1,name=t)', target: 't(key=9)', mapping: { correlationQuery: undefined as never, correlationScript: js('[{ _id: source.name }]') }, entries: ['a>t FOUND UPDATE done'], after: 't(key=1,name=t)', linksAfter: 'a-t' },
  { is: 'an expression tree with any', source: 'a(key=1,name=Ann)', target: 't(name=Ann)', mapping: { correlationQuery: { type: 'text/javascript', file: 'ui/correlateTreeToQueryFilter.js', mapping: 'm', expressionTree: { any: ['key', 'name'] } } }, entries: ['a>t FOUND UPDATE done'], after: 't(key=1,name=Ann)', linksAfter: 'a-t' },
  { is: 'sourceCondition as a script', source: 'a(key=1,status=off)', mapping: { sourceCondition: js("source.status === 'on'") }, entries: ['a> SOURCE_IGNORED IGNORE done'], after: '', linksAfter: '' },
  { is: 'sourceCondition as values', source: 'a(key=1,status=off) b(key=2,status=on)', mapping: { sourceCondition: { status: 'on' } }, entries: ['a> SOURCE_IGNORED IGNORE done', 'b>new ABSENT CREATE done'], after: 'new(key=2)', linksAfter: 'b-new' },
  { is: 'validSource that gives no boolean fails its object', source: 'a(key=1)', mapping: { validSource: js('1') }, entries: ['a> – EXCEPTION failed'], after: '', linksAfter: '' },
  { is: 'the first policy whose condition passes is used', source: 'a(key=1,status=x) b(key=2)', mapping: { policies: [{ situation: 'ABSENT', action: 'IGNORE', condition: '/object/status eq "x"' }, { situation: 'ABSENT', action: 'CREATE' }] }, entries: ['a> ABSENT IGNORE done', 'b>new ABSENT CREATE done'], after: 'new(key=2)', linksAfter: 'b-new' },
  { is: 'a policy without a passing condition leaves the default', source: 'a(key=1)', mapping: { policies: [{ situation: 'ABSENT', action: 'IGNORE', condition: js('false') }] }, entries: ['a>new ABSENT CREATE done'], after: 'new(key=1)', linksAfter: 'a-new' },
  { is: 'an action script chooses', source: 'a(key=1,status=x) b(key=2)', mapping: { policies: [{ situation: 'ABSENT', action: js("source.status === 'x' ? 'IGNORE' : recon.actionParam.action") }] }, entries: ['a> ABSENT IGNORE done', 'b>new ABSENT CREATE done'], after: 'new(key=2)', linksAfter: 'b-new' },
  { is: 'an action script that gives null fails its object', source: 'a(key=1)', mapping: { policies: [{ situation: 'ABSENT', action: js('null') }] }, entries: ['a> ABSENT CREATE failed'], after: '', linksAfter: '' },
  { is: 'defaultMapping has the last word over the properties', source: 'a(key=1,name=Ann)', mapping: { defaultMapping: js("target.name = target.name + '!'") }, entries: ['a>new ABSENT CREATE done'], after: 'new(key=1,name=Ann!)', linksAfter: 'a-new' },
  { is: 'onCreate and onUpdate change the target', source: 'a(key=1) b(key=2)', target: 't(key=2)', links: 'b-t', mapping: { onCreate: js("target._id = 'u' + source.key"), onUpdate: js("target.note = 'seen'") }, entries: ['a>u1 ABSENT CREATE done', 'b>t CONFIRMED UPDATE done'], after: 't(key=2,note=seen) u1(key=1)', linksAfter: 'a-u1 b-t' },
  { is: 'a script that throws fails its object alone', source: 'a(key=1) b(key=2)', mapping: { correlationQuery: undefined as never, properties: [{ source: 'key', target: 'key', transform: js("if (source === '1') throw new Error('no'); source") }] }, entries: ['a> ABSENT CREATE failed', 'b>new ABSENT CREATE done'], after: 'new(key=2)', linksAfter: 'b-new' },
  { is: 'no target phase: what is left over is not looked at', source: 'a(key=1)', target: 'u(key=2)', mapping: { runTargetPhase: false, policies: [{ situation: 'UNASSIGNED', action: 'DELETE' }] }, entries: ['a>new ABSENT CREATE done'], after: 'new(key=1) u(key=2)', linksAfter: 'a-new' },
  { is: 'an empty target set is not correlated', source: 'a(key=1) b(key=1)', mapping: { correlateEmptyTargetSet: false }, entries: ['a>new ABSENT CREATE done', 'b>new ABSENT CREATE done'], after: 'new(key=1) new(key=1)', linksAfter: 'a-new b-new' },
];

describe('a run over a small world', () => {
  it.each(SCENARIOS)('$is', async ({ source = '', target = '', links = '', mapping = {}, entries, after = '', linksAfter = '' }) => {
    const wanted = Object.fromEntries(Object.entries({ ...BASE, ...mapping }).filter(([, value]) => value !== undefined)) as JsonObject;
    await using engine = await openEngine({ mappings: [wanted], memory: { hr: objects(source) }, managed: { user: objects(target) }, links: { m: links }, lockstep: { guard: { enabled: false, allowAmbiguousDelete: true } } });
    const planned = await engine.plan('m');
    expect(showObjects(await engine.objects('managed/user')), 'after the plan').toBe(showObjects(objects(target)));
    const done = await engine.run('m');
    expect(done.entries.map(showEntry)).toEqual(entries);
    expect(showObjects(await engine.objects('managed/user'))).toBe(after);
    expect(showLinks(await engine.links('m'))).toBe(linksAfter);
    expect(planned.result.progress.counts, 'plan').toEqual(done.result.progress.counts);
    expect(done.result.record.state).toBe('SUCCESS');
    expect(done.result.progress.warnings).toEqual([]);
  });
});
