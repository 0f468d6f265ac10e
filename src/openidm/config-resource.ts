import { createHash } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { ProjectHolder } from '../app/project-holder.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import { answerOf, type Resource } from '../resource/resource.ts';
import { configFiles, type ConfigFile, type ConfigFiles } from './config-files.ts';
import { splitConfigId } from './config-id.ts';
import type { ConfigCheck } from './config-judge.ts';
import { queryInMemory } from './config-query.ts';
import { shownFile, type ConfigChange } from './config-shown.ts';
import { configWriter } from './config-writer.ts';

export interface ConfigResourceOptions {
  readonly lockstep: Lockstep;
  readonly holder: ProjectHolder;
  readonly checks: readonly ConfigCheck[];
  /** Told after each write. */
  readonly record: (change: ConfigChange, context: RequestContext) => Promise<void>;
}

/**
 * `config`: the files of `conf` (specification §13). Reads give what stands in the file, before substitution; secrets are
 * marked `{"$secret": true}`, and a write that sends the mark back keeps the secret. The revision is one of the file.
 */
export function configResource(options: ConfigResourceOptions): Resource {
  const files = configFiles(options.lockstep.config.directory);
  const writer = configWriter({ ...options, files });
  return {
    read: async (_request, id, context) => {
      if (id === '') return answerOf('', { configurations: await configurations(files) });
      return inForce(options.lockstep, id, context) ?? shownFile(await readFile(files, id));
    },
    query: async (request, id) => {
      if (id !== '') throw new Failure('not-found', `Resource 'config/${id}' is no collection`);
      return queryInMemory(await readAll(files), request);
    },
    create: (request, id, context) => {
      const given = request.newId ?? textOf(request.content['_id']);
      const whole = [id, given].filter((one) => one !== null && one !== '').join('/');
      return writer.create(whole, request.content, context);
    },
    update: (request, id, context) => writer.update(id, request.content, request.rev, context),
    patch: (request, id, context) => writer.patch(id, refuseTransform(request.operations), request.rev, context),
    delete: (request, id, context) => writer.remove(id, request.rev, context),
  };
}

/** Scripts work with the values in force. What connectors are given is not for them either. */
function inForce({ config }: Lockstep, id: string, { caller }: RequestContext): StoredObject | null {
  if (caller.isExternal || id.startsWith('provisioner.') || !Object.hasOwn(config.documents, id)) return null;
  return answerOf(id, config.documents[id]!.value);
}

async function readFile(files: ConfigFiles, id: string): Promise<ConfigFile> {
  const file = await files.read(id);
  if (file === null) throw new Failure('not-found', `No configuration exists for id ${id.slice(0, 200)}`);
  return file;
}

async function readAll(files: ConfigFiles): Promise<readonly StoredObject[]> {
  const all: StoredObject[] = [];
  for (const { id } of await files.list()) {
    const file = await files.read(id);
    if (file !== null && isJsonObject(file.document.value)) all.push(shownFile(file));
  }
  return all;
}

async function configurations(files: ConfigFiles): Promise<Json> {
  return (await files.list()).map(({ id }) => {
    const { factory } = splitConfigId(id);
    return { _id: id, pid: factory === null ? id : `${factory}.${instanceUuid(id)}`, factoryPid: factory };
  });
}

/** The same for the same id, on every machine. */
function instanceUuid(id: string): string {
  const hex = createHash('sha256').update(id).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function refuseTransform(operations: Json): Json {
  const list = Array.isArray(operations) ? operations : [];
  if (list.some((one) => isJsonObject(one) && one['operation'] === 'transform'))
    throw new Failure(
      'unsupported',
      'the patch operation "transform" is not available: read the configuration, change it, and send it with PUT',
    );
  return operations;
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
