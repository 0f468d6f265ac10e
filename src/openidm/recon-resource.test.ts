import { describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../../test/scenarios/engine.ts';
import { gated } from '../../test/scenarios/gate.ts';
import { objects, showObjects } from '../../test/scenarios/notation.ts';
import type { JsonObject } from '../base/json.ts';
import { undoIdOf } from '../app/undo/undo-id.ts';
import { reconEvents } from './recon-resource.ts';
import { MAPPING, NAME, over } from './testing/ldap-run.ts';
import { openRunTree } from './testing/run-tree.ts';

/** The run of reference 003: one linked source object, three target objects. */
const SPEC = {
  mappings: [MAPPING],
  memory: { ldap: objects('a(key=1)') },
  managed: { user: objects('t(key=1) u(key=2) v(key=3)') },
  links: { [NAME]: 'a-t' },
};
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('recon', () => {
  it('answers the id and ACTIVE at once', async () => {
    await using engine = await openEngine(SPEC);
    const gate = gated(engine.lockstep, (collection) => collection === 'system/ldap/account');
    const tree = openRunTree(gate.lockstep);
    const answer = (await tree.action('recon', 'recon', { mapping: NAME })) as JsonObject;
    expect(answer).toEqual({ _id: expect.stringMatching(UUID), state: 'ACTIVE' });
    await gate.arrived(1);
    const summary = await tree.read(`recon/${String(answer['_id'])}`);
    expect(summary).toMatchObject({
      state: 'ACTIVE',
      stage: 'ACTIVE_RECONCILING_SOURCE',
      stageDescription: 'reconciling source entries',
      ended: '',
      progress: {
        source: { existing: { processed: 0, total: '?' } },
        links: { existing: { processed: 0, total: '1' }, created: 0 },
      },
    });
    expect(await tree.action(`recon/${String(answer['_id'])}`, 'CANCEL')).toEqual({
      _id: answer['_id'],
      action: 'cancel',
      status: 'SUCCESS',
    });
    const { record } = await tree.runs.wait(String(answer['_id']));
    expect(record.request).toMatchObject({ initiatedBy: 'openidm-admin', transactionId: 'tx-1' });
    expect(await tree.read(`recon/${String(answer['_id'])}`)).toMatchObject({
      state: 'CANCELED',
      stage: 'COMPLETED_CANCELED',
      stageDescription: 'reconciliation aborted.',
    });
    gate.open();
  });

  it('gives the summary of the reference', async () => {
    await using engine = await openEngine(SPEC);
    const { id, tree } = await over(engine);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
    const query = { queryId: 'query-all-ids' };
    const summary = {
      _id: id,
      mapping: NAME,
      state: 'SUCCESS',
      stage: 'COMPLETED_SUCCESS',
      stageDescription: 'reconciliation completed.',
      progress: {
        links: { created: 0, existing: { total: '1', processed: 1 } },
        target: { created: 0, existing: { total: '3', processed: 3 } },
        source: { existing: { total: '1', processed: 1 } },
      },
      situationSummary: {
        UNASSIGNED: 2,
        TARGET_IGNORED: 0,
        SOURCE_IGNORED: 0,
        MISSING: 0,
        FOUND: 0,
        AMBIGUOUS: 0,
        UNQUALIFIED: 0,
        CONFIRMED: 1,
        SOURCE_MISSING: 0,
        ABSENT: 0,
        FOUND_ALREADY_LINKED: 0,
      },
      statusSummary: { SUCCESS: 3, FAILURE: 0 },
      parameters: {
        sourceQuery: { resourceName: 'system/ldap/account', ...query },
        targetQuery: { resourceName: 'managed/user', ...query },
      },
      started: time,
      ended: time,
      duration: 0,
    };
    expect(await tree.read(`recon/${id}`)).toMatchObject(summary);
    expect(await tree.read('recon')).toMatchObject({ _id: '', reconciliations: [summary] });
  });

  it('counts the targets that were there at the start, not those that it made', async () => {
    const source = Array.from({ length: 7 }, (_, i) => `s${i}(key=${i + 10})`).join(' ');
    const target = { total: '3', processed: 3 };
    for (const key of ['correlationQuery', 'none']) {
      const found = { type: 'text/javascript', source: "({_queryFilter: 'key eq \"' + source.key + '\"'})" };
      const mappings = [{ ...MAPPING, [key]: found }];
      await using engine = await openEngine({ ...SPEC, mappings, memory: { ldap: objects(source) }, links: {} });
      const tree = openRunTree(engine.lockstep);
      const plan = await tree.action('recon', 'plan', { mapping: NAME });
      expect(plan).toMatchObject({ summary: { progress: { target: { created: 7, existing: target } } } });
      const { id } = await over(engine);
      expect(await tree.read(`recon/${id}`)).toMatchObject({
        progress: { target: { created: 7, existing: target } },
      });
      const again = await over(engine);
      expect(await tree.read(`recon/${again.id}`)).toMatchObject({
        progress: { target: { created: 0, existing: { total: '10', processed: 10 } } },
      });
    }
  });

  it('survives a restart of the process', async () => {
    await using engine = await openEngine(SPEC);
    const { id } = await over(engine);
    expect(await openRunTree(engine.lockstep).read(`recon/${id}`)).toMatchObject({ _id: id, state: 'SUCCESS' });
  });

  it('takes another source query from the body', async () => {
    await using engine = await openEngine({ ...SPEC, memory: { ldap: objects('a(key=1) b(key=2) c(key=3)') } });
    const tree = openRunTree(engine.lockstep);
    const run = async (body: JsonObject): Promise<JsonObject> => {
      const parameters = { mapping: NAME, waitForCompletion: 'true' };
      const { _id } = (await tree.action('recon', 'recon', parameters, body)) as JsonObject;
      return tree.read(`recon/${String(_id)}`);
    };
    const filtered = await run({ sourceQuery: { _queryFilter: 'key eq "2"' }, runTargetPhase: false });
    expect(filtered).toMatchObject({
      progress: { source: { existing: { processed: 1 } }, target: { existing: { total: '?' } } },
      parameters: { sourceQuery: { resourceName: 'system/ldap/account', queryFilter: 'key eq "2"' } },
      situationSummary: { ABSENT: 1, CONFIRMED: 0 },
    });
    const all = await run({ sourceQuery: { _queryId: 'query-all-ids' } });
    expect(all).toMatchObject({ situationSummary: { ABSENT: 1, CONFIRMED: 2 } });
  });

  it('reconciles one id, commas and all', async () => {
    await using engine = await openEngine({ ...SPEC, memory: { ldap: objects('uid=b,dc=x(key=9) c(key=8)') } });
    const tree = openRunTree(engine.lockstep);
    const parameters = { mapping: NAME, ids: 'uid=b,dc=x', waitForCompletion: 'true' };
    const { _id } = (await tree.action('recon', 'reconById', parameters)) as JsonObject;
    expect(await tree.read(`recon/${String(_id)}`)).toMatchObject({
      kind: 'reconById',
      situationSummary: { ABSENT: 1 },
      parameters: { sourceIds: ['uid=b,dc=x'], targetQuery: { resourceName: 'managed/user' } },
    });
    expect(showObjects(await engine.objects('managed/user'))).toContain('new(key=9)');
  });

  it('refuses what it cannot do, with the texts of the interface', async () => {
    await using engine = await openEngine(SPEC);
    const tree = openRunTree(engine.lockstep);
    const refused = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => 'accepted',
        (error: { status: number; message: string }) => `${error.status} ${error.message}`,
      );
    expect(await refused(tree.action('recon', 'recon', { mapping: 'x' }))).toBe('409 No such mapping: x');
    expect(await refused(tree.action('recon', 'recon'))).toMatch(/^400 .*'mapping'/);
    expect(await refused(tree.action('recon', 'reconByQuery', { mapping: NAME }))).toBe(
      '400 Unknown action reconByQuery',
    );
    expect(await refused(tree.action('recon', 'reconById', { mapping: NAME }))).toBe(
      "400 Action reconById requires a parameter 'ids' with the identifier(s) to reconcile",
    );
    expect(await refused(tree.read('recon/abc'))).toBe('404 Reconciliation with id abc not found.');
    expect(await refused(tree.action('recon/abc', 'cancel'))).toBe('404 Reconciliation with id abc not found.');
    expect(await refused(tree.action('recon/abc', 'pause'))).toMatch(
      /^400 Action pause on reconciliation not supported/,
    );
    expect(await refused(tree.action('recon', 'constructor', { mapping: NAME }))).toBe(
      '400 Unknown action constructor',
    );
    for (const body of [[], 'x', { sourceQuery: 'x' }, { runTargetPhase: 1 }, { sourceQuery: { _queryFilter: '(' } }])
      expect(await refused(tree.action('recon', 'recon', { mapping: NAME }, body))).toMatch(/^400 /);
    expect(await refused(tree.query('recon', 'true'))).toMatch(/^501 /);
    expect(await engine.lockstep.repository.runs.list({ limit: 10 })).toEqual([]);
  });

  it('tells a synchronous caller why the run failed', async () => {
    await using engine = await openEngine({ ...SPEC, memory: {}, csv: { ldap: 'no,such\n"x' } });
    const tree = openRunTree(engine.lockstep);
    await expect(tree.action('recon', 'recon', { mapping: NAME, waitForCompletion: 'true' })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('ldap.csv') as string,
    });
    await expect(tree.action('sync', 'recon', { mapping: NAME })).rejects.toMatchObject({ status: 409 });
  });

  it('in its old form has no verbs but actions', async () => {
    await using engine = await openEngine(SPEC);
    const tree = openRunTree(engine.lockstep);
    for (const call of [
      tree.read('sync'),
      tree.remove('sync'),
      tree.query('sync', 'true'),
      tree.create('sync', null, {}),
    ])
      await expect(call).rejects.toMatchObject({ status: 501 });
    await expect(tree.read('sync/other')).rejects.toMatchObject({ status: 404 });
    expect((await tree.query('sync/queue', 'true')).objects).toEqual([]);
  });

  it('is there in its old form, too', async () => {
    await using engine = await openEngine(SPEC);
    const tree = openRunTree(engine.lockstep);
    const answer = (await tree.action('sync', 'recon', { mapping: NAME })) as JsonObject;
    expect(Object.keys(answer)).toEqual(['reconId', '_id', 'comment1', 'comment2']);
    expect(await tree.read(`recon/${String(answer['reconId'])}`)).toMatchObject({ state: 'SUCCESS' });
  });
});

describe('a plan', () => {
  it('is answered, a part of its entries at a time, and nothing is written', async () => {
    await using engine = await openEngine({
      ...SPEC,
      memory: { ldap: objects('a(key=1,name=Ann) b(key=2) c(key=3)') },
    });
    const tree = openRunTree(engine.lockstep);
    const before = showObjects(await engine.objects('managed/user'));
    const plan = (await tree.action('recon', 'plan', { mapping: NAME, limit: '2', offset: '1' })) as JsonObject;
    expect(plan).toMatchObject({
      mapping: NAME,
      entryCount: 5,
      offset: 1,
      summary: { counts: { created: 2, updated: 1 }, situationSummary: { ABSENT: 2, CONFIRMED: 1, UNASSIGNED: 2 } },
    });
    expect((plan['entries'] as JsonObject[]).map((entry) => entry['seq'])).toEqual([2, 3]);
    expect(showObjects(await engine.objects('managed/user'))).toBe(before);
    expect(await engine.lockstep.repository.runs.list({ limit: 10 })).toEqual([]);
    await expect(tree.action('recon', 'plan', { mapping: NAME, limit: '-1' })).rejects.toMatchObject({ status: 400 });
  });

  it('of one object is explained', async () => {
    await using engine = await openEngine(SPEC);
    const tree = openRunTree(engine.lockstep);
    const told = (await tree.action('recon', 'explain', { mapping: NAME, sourceId: 'a' })) as JsonObject;
    expect(told).toMatchObject({ mapping: NAME, explanations: [{ situation: 'CONFIRMED', action: 'UPDATE' }] });
    await expect(tree.action('recon', 'explain', { mapping: NAME })).rejects.toMatchObject({ status: 400 });
    await expect(tree.action('recon', 'explain', { mapping: NAME, targetId: 'q' })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe('what a run holds', () => {
  const held = { ...SPEC, lockstep: { guard: { maxDeletes: 0 } }, links: { [NAME]: 'a-t x-u y-v' } };

  it('is approved', async () => {
    await using engine = await openEngine(held);
    const { id, tree } = await over(engine);
    expect(await tree.read(`recon/${id}`)).toMatchObject({
      counts: { held: 2 },
      held: [{ changeClass: 'delete', count: 2 }],
    });
    await expect(tree.action(`recon/${id}`, 'approve', { class: 'all' })).rejects.toMatchObject({ status: 400 });
    expect(await tree.action(`recon/${id}`, 'approve')).toMatchObject({ done: 2, skipped: 0, failed: 0, held: 0 });
    expect(showObjects(await engine.objects('managed/user'))).toBe('t(key=1)');
    await expect(tree.action(`recon/${id}`, 'approve')).rejects.toMatchObject({ status: 409 });
    await expect(tree.action('recon/x', 'approve')).rejects.toMatchObject({ status: 404 });
  });

  it('is turned down', async () => {
    await using engine = await openEngine(held);
    const { id, tree } = await over(engine);
    expect(await tree.action(`recon/${id}`, 'reject', {}, { reason: 'no' })).toMatchObject({ rejected: 2 });
    const { objects: entries } = await tree.query(`recon/${id}/entries`, 'status eq "rejected"');
    expect(entries.map((entry) => entry.object['message'])).toEqual(['no', 'no']);
    expect(await tree.read(`recon/${id}`)).toMatchObject({ counts: { held: 0, ignored: 2 }, held: [] });
  });
});

describe('the undo', () => {
  it('is planned, then done, once', async () => {
    await using engine = await openEngine({ ...SPEC, memory: { ldap: objects('a(key=1,name=Ann) b(key=2)') } });
    const before = showObjects(await engine.objects('managed/user'));
    const { id, tree } = await over(engine);
    const after = showObjects(await engine.objects('managed/user'));
    expect(await tree.action(`recon/${id}`, 'undo', { plan: 'true' })).toMatchObject({
      mapping: NAME,
      entryCount: 2,
      summary: { kind: 'undo', counts: { updated: 1, deleted: 1 } },
    });
    expect(showObjects(await engine.objects('managed/user'))).toBe(after);
    expect(await tree.action(`recon/${id}`, 'undo', { waitForCompletion: 'true' })).toEqual({
      _id: undoIdOf(id),
      state: 'SUCCESS',
      undoes: id,
    });
    expect(showObjects(await engine.objects('managed/user'))).toBe(before);
    expect(await tree.read(`recon/${id}`)).toMatchObject({ undoneBy: undoIdOf(id) });
    expect(await tree.read(`recon/${undoIdOf(id)}`)).toMatchObject({ kind: 'undo', undoes: id });
    await expect(tree.action(`recon/${id}`, 'undo')).rejects.toMatchObject({ status: 409 });
    await expect(tree.action('recon/x', 'undo')).rejects.toMatchObject({ status: 404 });
  });
});

describe('the entries of a run', () => {
  it('come in pages and by filter', async () => {
    const source = Array.from({ length: 25 }, (_, i) => `s${i}(key=${i + 10})`).join(' ');
    await using engine = await openEngine({ ...SPEC, memory: { ldap: objects(`a(key=1) ${source}`) } });
    const { id, tree } = await over(engine);
    const seen: string[] = [];
    let cookie: string | null = null;
    do {
      const page = await tree.query(`recon/${id}/entries`, 'situation eq "ABSENT"', { pageSize: 10, cookie });
      expect(page.objects.length).toBeLessThanOrEqual(10);
      seen.push(...page.objects.map((entry) => String(entry.object['sourceId'])));
      ({ cookie } = page);
    } while (cookie !== null);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `s${i}`));
    expect((await tree.query(`recon/${id}/entries`, 'action eq "CREATE" and sourceId eq "s3"')).objects).toHaveLength(
      1,
    );
    expect(await tree.read(`recon/${id}/entries/1`)).toMatchObject({ _id: '1', reconId: id, seq: 1 });
    await expect(tree.read(`recon/${id}/entries/999`)).rejects.toMatchObject({ status: 404 });
    await expect(tree.query('recon/x/entries', 'true')).rejects.toMatchObject({ status: 404 });
    await expect(tree.query(`recon/${id}/entries`, 'true', { cookie: '../x' })).rejects.toMatchObject({ status: 400 });
  });
});

describe('the events of a run', () => {
  const collect = async (
    engine: Engine,
    tree: ReturnType<typeof openRunTree>,
    id: string,
    lastEventId: string | null,
    most = Number.POSITIVE_INFINITY,
  ): Promise<{ id: string; event: string; seq: unknown; status: unknown }[]> => {
    const context = { signal: AbortSignal.timeout(30_000) } as never;
    const events = reconEvents({ lockstep: engine.lockstep, runs: tree.runs }, `recon/${id}`, context, lastEventId)!;
    const seen = [];
    for await (const { id: eventId, event, data } of events) {
      const { seq, status } = data as JsonObject;
      seen.push({ id: eventId, event, seq, status });
      if (seen.length >= most) break;
    }
    return seen;
  };
  const spec = {
    ...SPEC,
    memory: { ldap: objects('a(key=1,name=Ann) b(key=2) c(key=3)') },
    links: { [NAME]: 'a-t x-u' },
  };

  it('are its entries and its end, also when it is over', async () => {
    await using engine = await openEngine(spec);
    const { id, tree } = await over(engine);
    const events = await collect(engine, tree, id, null);
    expect(events.map(({ event }) => event)).toEqual(['entry', 'entry', 'entry', 'entry', 'entry', 'end']);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, undefined]);
    const rest = await collect(engine, tree, id, events[1]!.id);
    expect(rest.filter((event) => event.id.startsWith('e')).map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect(rest.at(-1)!.event).toBe('end');
  });

  it('come while it goes on, with what came of the planned ones', async () => {
    await using engine = await openEngine(spec);
    const gate = gated(engine.lockstep, (collection) => collection === 'system/ldap/account');
    const tree = openRunTree(gate.lockstep);
    const { _id } = (await tree.action('recon', 'recon', { mapping: NAME })) as JsonObject;
    const collecting = collect(engine, tree, String(_id), null);
    await gate.arrived(1);
    gate.open();
    const events = await collecting;
    expect(events[0]!.event).toBe('progress');
    const told = events.filter(({ event }) => event === 'entry');
    expect(new Set(told.map(({ seq }) => seq))).toEqual(new Set([1, 2, 3, 4, 5]));
    const deletes = told.filter((event) => event.id.startsWith('o'));
    expect(deletes.map(({ status }) => status)).toEqual(['done']);
    expect(events.at(-1)!.event).toBe('end');
  });

  it('end when nobody listens any more, and are there only for runs', async () => {
    await using engine = await openEngine(spec);
    const gate = gated(engine.lockstep, (collection) => collection === 'system/ldap/account');
    const tree = openRunTree(gate.lockstep);
    const { _id } = (await tree.action('recon', 'recon', { mapping: NAME })) as JsonObject;
    const abort = new AbortController();
    const context = { signal: abort.signal } as never;
    const dependencies = { lockstep: gate.lockstep, runs: tree.runs };
    for await (const { event } of reconEvents(dependencies, `recon/${String(_id)}`, context, null)!)
      if (event === 'progress') abort.abort();
    gate.open();
    await tree.runs.wait(String(_id));
    expect(reconEvents(dependencies, 'recon', context, null)).toBeNull();
    expect(reconEvents(dependencies, 'managed/user', context, null)).toBeNull();
    await expect(collect(engine, tree, 'none', null)).rejects.toMatchObject({ code: 'not-found' });
    await expect(collect(engine, tree, String(_id), 'xx')).rejects.toMatchObject({ code: 'bad-request' });
  });
});
