import type { RealmHost, RealmJson } from './realm.ts';

/** `openidm.*` and `identityServer.*` (specification §9.2). Rules of this folder: realm.ts. */

type Call = (...args: unknown[]) => unknown;

const { freeze, assign, keys } = Object;
const { isArray } = Array;
const RealmError = Error;

const CALLS = ['create', 'read', 'update', 'patch', 'delete', 'query', 'action', 'encrypt', 'hash', 'matches'] as const;
const PROPERTIES = ['getProperty', 'getWorkingLocation', 'getProjectLocation', 'getInstallLocation'] as const;

export function createOpenidm(host: RealmHost, json: RealmJson): Readonly<Record<string, Call>> {
  const openidm: Record<string, Call> = {};
  for (const name of CALLS) openidm[name] = (...args) => callHost(host, json, `openidm.${name}`, args);
  openidm['decrypt'] = (value) =>
    hasCrypto(value) ? callHost(host, json, 'openidm.decrypt', [value]) : (json.copy(value) ?? value);
  openidm['isEncrypted'] = (value) => cryptoOf(json, value) !== null;
  openidm['isHashed'] = (value) => cryptoOf(json, value)?.['type'] === 'salted-hash';
  return freeze(openidm);
}

export function createIdentityServer(host: RealmHost, json: RealmJson): Readonly<Record<string, Call>> {
  const identityServer: Record<string, Call> = {};
  for (const name of PROPERTIES)
    identityServer[name] = (...args) => callHost(host, json, `identityServer.${name}`, args);
  return freeze(identityServer);
}

interface Answer {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly detail?: unknown };
}

function callHost(host: RealmHost, json: RealmJson, name: string, args: unknown[]): unknown {
  while (args.length > 0 && args[args.length - 1] === undefined) args.length--;
  const text = json.toText(args);
  if (text === null)
    throw requestError(400, `${name}: an argument is or contains ${json.problem()}, which is not JSON`);
  const answer = json.parse(callSafely(host, name, text)) as Answer;
  if (answer.ok) return answer.value;
  const { code, message, detail } = answer.error!;
  if (code === 404 && name === 'openidm.read') return null;
  throw requestError(code, message, detail);
}

/** An error of the host is an object of its realm (a full stack, say): it must not reach the script. */
function callSafely(host: RealmHost, name: string, text: string): string {
  let answer: string | null = null;
  try {
    answer = host.call(name, text);
  } catch {
    // Told below, with an error of this realm.
  }
  if (answer === null) throw new RealmError(`${name}: the call could not be made`);
  return answer;
}

function requestError(code: number, message: string, detail?: unknown): Error {
  return assign(new RealmError(message), { code }, detail === undefined ? {} : { detail });
}

function cryptoOf(json: RealmJson, value: unknown): Record<string, unknown> | null {
  if (typeof value === 'string') return value.includes('$crypto') ? cryptoOf(json, parsed(json, value)) : null;
  if (typeof value !== 'object' || value === null) return null;
  const crypto = (value as Record<string, unknown>)['$crypto'] as Record<string, unknown> | undefined;
  const isEnvelope = typeof crypto === 'object' && crypto !== null && 'type' in crypto && 'value' in crypto;
  return isEnvelope ? crypto : null;
}

function parsed(json: RealmJson, text: string): unknown {
  try {
    return json.parse(text);
  } catch {
    return null;
  }
}

function hasCrypto(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('$crypto');
  if (typeof value !== 'object' || value === null) return false;
  if (isArray(value)) return value.some(hasCrypto);
  const record = value as Record<string, unknown>;
  return '$crypto' in record || keys(record).some((key) => hasCrypto(record[key]));
}
