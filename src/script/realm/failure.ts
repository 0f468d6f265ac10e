import type { RealmFailure, RealmJson } from './realm.ts';

/** Tells in JSON what a script threw. Rules of this folder: realm.ts. */

const MAX_MESSAGE = 2000;
const MAX_THROWN = 65_536;
const RealmError = Error;
const toPrimitive = String;
const exec = Function.prototype.call.bind(RegExp.prototype.exec) as (
  re: RegExp,
  text: string,
) => RegExpExecArray | null;
const FRAME = /lockstep:((?:script|module)\/[^\n]*?):(\d+):(\d+)/;

/** Never throws, whatever was thrown (a proxy, an object whose getters throw, nothing at all). */
export function describeThrown(json: RealmJson, thrown: unknown): string {
  let failure: RealmFailure;
  try {
    failure = describe(json, thrown);
  } catch {
    failure = { kind: 'thrown', message: 'something that cannot be shown', origin: null, line: null, column: null };
  }
  return json.toText(failure) ?? 'null';
}

export function describeResult(json: RealmJson, what: string): string {
  const message = `${what}, which cannot be stored as JSON`;
  return json.toText({ kind: 'result', message, origin: null, line: null, column: null }) ?? 'null';
}

function describe(json: RealmJson, thrown: unknown): RealmFailure {
  const record = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const stack = thrown instanceof RealmError ? thrown.stack : undefined;
  const frame = typeof stack === 'string' ? exec(FRAME, stack.slice(0, 20_000)) : null;
  const detail = thrownJson(json, thrown, record);
  return {
    kind: 'thrown',
    message: messageOf(json, thrown, record).slice(0, MAX_MESSAGE),
    origin: frame === null ? null : frame[1]!,
    line: frame === null ? null : Number(frame[2]),
    column: frame === null ? null : Number(frame[3]),
    ...(detail === undefined ? {} : { thrown: detail }),
  };
}

function messageOf(json: RealmJson, thrown: unknown, record: Record<string, unknown>): string {
  if (thrown instanceof RealmError) {
    const { name, message } = thrown;
    return name === 'Error' ? toPrimitive(message) : `${toPrimitive(name)}: ${toPrimitive(message)}`;
  }
  if (typeof record['message'] === 'string') return record['message'];
  if (typeof thrown === 'object' && thrown !== null) return json.toText(thrown) ?? 'an object that is not JSON';
  return toPrimitive(thrown);
}

/** `{code, message, detail}` of an error that answers a request; any other object that is JSON; text as it is. */
function thrownJson(json: RealmJson, thrown: unknown, record: Record<string, unknown>): unknown {
  let value: unknown = thrown;
  if (thrown instanceof RealmError) {
    if (record['code'] === undefined) return undefined;
    const { code, detail } = record;
    value = { code, message: thrown.message, ...(detail === undefined ? {} : { detail }) };
  }
  if (value === undefined || value === null) return undefined;
  const text = json.toText(value);
  return text === null || text.length > MAX_THROWN ? undefined : json.parse(text);
}
