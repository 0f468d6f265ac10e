import { Failure } from '../base/failure.ts';
import { parsePointer } from '../base/json-pointer.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import { readScript } from '../app/config/read-script.ts';
import { scriptSchema } from '../app/config/schema-script.ts';
import type { Query } from '../model/object-set.ts';
import { toQuery } from '../model/to-query.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import { durationMs, fillTimes } from '../schedule/time-token.ts';

/** What a task scanner looks for, and what it does with what it finds (specification §11.7). */
export interface TaskScan {
  /** `managed/user` */
  readonly object: string;
  readonly query: Query;
  readonly started: readonly string[];
  readonly completed: readonly string[];
  /** A claim older than this is no longer respected. */
  readonly timeoutMs: number;
  readonly script: ScriptConfig;
  readonly threads: number;
  /** Null: all. */
  readonly maxRecords: number | null;
  readonly waitForCompletion: boolean;
}

const MAX_THREADS = 100;

/** Reads `invokeContext`. Times are those of now. Throws `Failure('bad-request')`. */
export function readTaskScan(context: JsonObject, nowMs: number): TaskScan {
  const scan = fillTimes(objectIn(context, 'scan'), nowMs);
  const state = objectIn(scan, 'taskState');
  return {
    object: textIn(scan, 'object').replace(/^\/+|\/+$/g, ''),
    query: queryOf(scan),
    started: pointerIn(state, 'started'),
    completed: pointerIn(state, 'completed'),
    timeoutMs: timeoutOf(scan, nowMs),
    script: scriptIn(objectIn(context, 'task'), 'script'),
    threads: countIn(context, 'numberOfThreads', MAX_THREADS) ?? 10,
    maxRecords: countIn(context, 'maxRecords', Number.MAX_SAFE_INTEGER),
    waitForCompletion: context['waitForCompletion'] === true || context['waitForCompletion'] === 'true',
  };
}

/** A script object below a key. Throws `Failure('bad-request')`. */
export function scriptIn(json: JsonObject, key: string): ScriptConfig {
  const parsed = scriptSchema.safeParse(json[key]);
  if (parsed.success) return readScript(parsed.data, `/${key}`);
  throw new Failure('bad-request', `"${key}" must be a script: {"type": "text/javascript", "source" or "file": …}`);
}

/** What OpenIDM asks its repository under the name `scan-tasks`. */
const SCAN_TASKS = 'scan-tasks';

function queryOf(scan: JsonObject): Query {
  const { object: _object, taskState: _state, recovery: _recovery, ...rest } = scan;
  if (scan['_queryId'] === SCAN_TASKS || (scan['_queryId'] ?? scan['_queryFilter'] ?? null) === null)
    return dueTasks(scan);
  return toQuery(scan['_queryId'] === undefined ? rest : flattened(scan));
}

function dueTasks(scan: JsonObject): Query {
  const before = objectIn(scan, 'condition')['before'];
  if (typeof before !== 'string')
    throw new Failure('bad-request', 'the scan needs "condition": {"before": "${Time.now}"}, or a "_queryFilter"');
  const isDue: Filter = { kind: 'compare', operator: 'lt', pointer: pointerIn(scan, 'property'), value: before };
  const isDone: Filter = { kind: 'present', pointer: pointerIn(objectIn(scan, 'taskState'), 'completed') };
  return { kind: 'filter', filter: { kind: 'and', parts: [isDue, { kind: 'not', part: isDone }] } };
}

/** Parameters of a predefined query have no levels: `condition.before`. */
function flattened(json: JsonObject, prefix = ''): JsonObject {
  const flat: JsonObject = {};
  for (const [key, value] of Object.entries(json))
    if (isJsonObject(value)) Object.assign(flat, flattened(value, `${prefix}${key}.`));
    else flat[`${prefix}${key}`] = value;
  return flat;
}

function timeoutOf(scan: JsonObject, nowMs: number): number {
  const timeout = objectIn(scan, 'recovery')['timeout'];
  if (timeout === undefined || timeout === null) return 0;
  const ms = typeof timeout === 'string' ? durationMs(timeout, nowMs) : null;
  if (ms === null) throw new Failure('bad-request', '"recovery.timeout" of the scan must be a duration such as "10m"');
  return ms;
}

function objectIn(json: JsonObject, key: string): JsonObject {
  const value = json[key] ?? {};
  if (isJsonObject(value)) return value;
  throw new Failure('bad-request', `"${key}" of a task scanner must be an object`);
}

function textIn(json: JsonObject, key: string): string {
  const value = json[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new Failure('bad-request', `the scan of a task scanner needs "${key}"`);
}

function pointerIn(json: JsonObject, key: string): readonly string[] {
  const pointer = parsePointer(textIn(json, key));
  if (pointer.length === 0) throw new Failure('bad-request', `"${key}" of a task scanner must name a member`);
  return pointer;
}

function countIn(json: JsonObject, key: string, max: number): number | null {
  const value: Json = json[key] ?? null;
  if (value === null) return null;
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 1) return Math.min(count, max);
  throw new Failure('bad-request', `"${key}" of a task scanner must be a whole number from 1`);
}
