import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { LogLevel } from '../base/log.ts';
import type { HostCall, HostCallHandler } from '../mapping/script-host.ts';
import type { ObjectSet, ObjectWrite, StoredObject } from '../model/object-set.ts';
import { toQuery } from '../model/to-query.ts';
import { changedAttributes } from '../mapping/map-object.ts';
import { applyPatch } from '../base/patch.ts';
import { matchesHash, saltedHash } from './hashing.ts';
import type { Lockstep } from './lockstep.ts';

/**
 * Answers the `openidm.*` calls of scripts on the same collections that mappings use (specification §9.2). What it throws
 * reaches the script as an error with `code` and `message`.
 */
export function hostCalls(lockstep: Lockstep, repository = lockstep.repository): HostCallHandler {
  const sets = (path: string): { set: ObjectSet; id: string | null } => resolve(lockstep, path, repository);
  return async (call) => ({ ok: true, value: await answer(call, sets, lockstep) });
}

type Sets = (path: string) => { set: ObjectSet; id: string | null };

/** Everything after the collection is the id, slashes and all. */
function resolve(
  lockstep: Lockstep,
  path: string,
  repository: Lockstep['repository'],
): { set: ObjectSet; id: string | null } {
  const parts = path.replace(/^\//, '').split('/');
  const depth = parts[0] === 'system' ? 3 : 2;
  const collection = parts.slice(0, depth).join('/');
  const id = parts.length > depth ? parts.slice(depth).join('/') : null;
  return { set: lockstep.objectSet(collection, repository), id };
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

async function answer(call: HostCall, sets: Sets, lockstep: Lockstep): Promise<Json> {
  const { name, args, mode } = call;
  const level = LEVELS.find((one) => name === `logger.${one}`);
  if (level !== undefined) {
    lockstep.log.write(level, `script: ${String(args[0] ?? '')}`);
    return null;
  }
  const verb = name.replace(/^openidm\./, '');
  if (verb === 'read') return read(text(args[0], 'path'), sets, lockstep);
  if (verb === 'query') return query(text(args[0], 'path'), args[1] ?? {}, sets);
  if (verb === 'create' || verb === 'update' || verb === 'patch' || verb === 'delete') {
    const write = await toWrite(verb, args, sets);
    if (mode === 'plan') return { ...('object' in write.write ? write.write.object : {}), _id: write.write.id };
    const [outcome] = await write.set.write([write.write]);
    if (!outcome!.ok) throw new Failure(outcome!.code, outcome!.message);
    if (verb === 'delete') return write.before;
    return (await write.set.readMany([outcome!.id])).get(outcome!.id)?.object ?? null;
  }
  return otherCall(verb, args, lockstep);
}

/** Calls that touch no collection. */
function otherCall(name: string, args: readonly Json[], lockstep: Lockstep): Json {
  const { config } = lockstep;
  switch (name) {
    case 'hash':
      return saltedHash(args[0] ?? null, typeof args[1] === 'string' ? args[1] : 'SHA-256');
    case 'matches':
      return matchesHash(args[0] ?? null, args[1] ?? null);
    case 'identityServer.getProperty':
      return property(text(args[0], 'name'), args[1] ?? null, config.bootProperties);
    case 'identityServer.getProjectLocation':
    case 'identityServer.getInstallLocation':
      return config.directory;
    case 'identityServer.getWorkingLocation':
      return process.cwd();
    case 'encrypt':
    case 'decrypt':
      throw new Failure('unsupported', `openidm.${name} needs a key store, which this version does not have`);
    case 'action':
      throw new Failure('unsupported', `openidm.action on "${String(args[0])}" is not available in this version`);
    default:
      throw new Failure('unsupported', `${name} is not available here`);
  }
}

/** An environment variable, by its own name or in the form `OPENIDM_HOST`, then `boot.properties`. */
function property(name: string, fallback: Json, boot: Readonly<Record<string, string>>): Json {
  const { env } = process;
  return (
    env[name] ?? env[name.replaceAll('.', '_').toUpperCase()] ?? (Object.hasOwn(boot, name) ? boot[name]! : fallback)
  );
}

async function read(path: string, sets: Sets, lockstep: Lockstep): Promise<Json> {
  if (path.startsWith('config/')) {
    const document = lockstep.config.documents[path.slice('config/'.length)];
    return document === undefined ? null : { _id: document.id, ...document.value };
  }
  const { set, id } = sets(path);
  if (id === null) throw new Failure('bad-request', `openidm.read needs the path of one object, not "${path}"`);
  return (await set.readMany([id])).get(id)?.object ?? null;
}

async function query(path: string, parameters: Json, sets: Sets): Promise<Json> {
  const { set } = sets(path);
  if (!isJsonObject(parameters)) throw new Failure('bad-request', 'openidm.query needs a map of parameters');
  const [found] = await set.query([toQuery(parameters)]);
  if (!found!.ok) throw new Failure(found!.code, found!.message);
  const result = found!.objects.map((stored) => stored.object);
  return {
    result,
    resultCount: result.length,
    pagedResultsCookie: null,
    totalPagedResults: -1,
    remainingPagedResults: -1,
  };
}

interface Write {
  readonly set: ObjectSet;
  readonly write: ObjectWrite;
  readonly before: Json;
}

async function toWrite(
  verb: 'create' | 'update' | 'patch' | 'delete',
  args: readonly Json[],
  sets: Sets,
): Promise<Write> {
  const path = text(args[0], 'path');
  const { set, id } = sets(path);
  if (verb === 'create') {
    const { _id, ...object } = content(args[2]);
    const given =
      typeof args[1] === 'string' && args[1] !== '' ? args[1] : (id ?? (typeof _id === 'string' ? _id : null));
    return { set, write: { kind: 'create', id: given, object }, before: null };
  }
  if (id === null) throw new Failure('bad-request', `openidm.${verb} needs the path of one object, not "${path}"`);
  const stored = (await set.readMany([id])).get(id);
  if (stored === undefined) throw new Failure('not-found', `Object ${id} not found on ${set.path}`);
  const wanted = typeof args[1] === 'string' && args[1] !== '' ? args[1] : stored.rev;
  if (verb === 'delete') return { set, write: { kind: 'delete', id, rev: wanted }, before: stored.object };
  const next = verb === 'update' ? content(args[2]) : applyPatch(stored.object, args[2] ?? null);
  return {
    set,
    write: updateWrite(stored, set.traits.isTransactional ? next : { ...stored.object, ...next }, wanted),
    before: stored.object,
  };
}

function updateWrite(stored: StoredObject, next: JsonObject, rev: string | null): ObjectWrite {
  const { _id, _rev, ...object } = next;
  return { kind: 'update', id: stored.id, rev, object, changed: changedAttributes(stored.object, next) };
}

function text(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw new Failure('bad-request', `the ${what} must be a string, not ${JSON.stringify(value ?? null)}`);
}

function content(value: Json | undefined): JsonObject {
  if (isJsonObject(value ?? null)) return value as JsonObject;
  throw new Failure('bad-request', `the content must be a map, not ${JSON.stringify(value ?? null)}`);
}
