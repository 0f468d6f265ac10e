import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { applyPatch } from '../base/patch.ts';
import { MAX_FILE_BYTES } from '../app/config/json-document.ts';
import type { ProjectHolder } from '../app/project-holder.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import { answerOf } from '../resource/resource.ts';
import type { ConfigFile, ConfigFiles } from './config-files.ts';
import { refuseFixedChange } from './config-fixed.ts';
import { configFileName } from './config-id.ts';
import { judge, type ConfigCheck } from './config-judge.ts';
import { withoutSecrets, withStoredSecrets } from './config-secrets.ts';
import { changedMembers, shownFile, type ConfigChange } from './config-shown.ts';

export interface ConfigWriterOptions {
  readonly files: ConfigFiles;
  readonly holder: ProjectHolder;
  readonly checks: readonly ConfigCheck[];
  readonly record: (change: ConfigChange, context: RequestContext) => Promise<void>;
}

/**
 * Changes files of `conf`: one writer at a time, the whole project judged before, the file replaced as a whole, the new
 * configuration in force afterwards. Answers what a read would. A `rev` that is not that of the file: `revision`.
 */
export interface ConfigWriter {
  create(id: string, content: JsonObject, context: RequestContext): Promise<StoredObject>;
  update(id: string, content: JsonObject, rev: string | null, context: RequestContext): Promise<StoredObject>;
  patch(id: string, operations: Json, rev: string | null, context: RequestContext): Promise<StoredObject>;
  remove(id: string, rev: string | null, context: RequestContext): Promise<StoredObject>;
}

export function configWriter(options: ConfigWriterOptions): ConfigWriter {
  const { files, holder } = options;
  const inTurn = <T>(context: RequestContext, work: () => Promise<T>): Promise<T> =>
    context.mode === 'plan' ? work() : holder.change(work);
  return {
    create: (id, content, context) => inTurn(context, () => create(options, id, content, context)),
    update: (id, content, rev, context) =>
      inTurn(context, async () => {
        const file = await present(files, id, rev);
        return replace(
          options,
          file,
          'UPDATE',
          withStoredSecrets(plain(content), file.document.value ?? null),
          context,
        );
      }),
    patch: (id, operations, rev, context) =>
      inTurn(context, async () => {
        const file = await present(files, id, rev);
        const { _id, ...shown } = shownFile(file).object;
        const next = withStoredSecrets(plain(applyPatch(shown, operations)), file.document.value ?? null);
        return replace(options, file, 'PATCH', next, context);
      }),
    remove: (id, rev, context) => inTurn(context, () => remove(options, id, rev, context)),
  };
}

async function create(
  { files, holder, checks, record }: ConfigWriterOptions,
  id: string,
  content: JsonObject,
  context: RequestContext,
): Promise<StoredObject> {
  const name = configFileName(id);
  if ((await files.read(id)) !== null) throw new Failure('exists', `The configuration ${id} exists already`);
  const value = withStoredSecrets(plain(content), null);
  refuseFixedChange(id, null, value);
  const bytes = bytesOf(name, value);
  await judge(holder, checks, { id, name, value, bytes });
  if (context.mode === 'plan') return answerOf(id, withoutSecrets(value));
  await files.create(name, bytes);
  return finished({ files, record }, 'CREATE', id, null, context);
}

async function replace(
  { files, holder, checks, record }: ConfigWriterOptions,
  file: ConfigFile,
  operation: 'UPDATE' | 'PATCH',
  value: JsonObject,
  context: RequestContext,
): Promise<StoredObject> {
  const { id, name } = file;
  if (deepEqual(file.document.value, value)) return shownFile(file);
  refuseFixedChange(id, file.document.value ?? null, value);
  const bytes = bytesOf(name, value);
  await judge(holder, checks, { id, name, value, bytes });
  if (context.mode === 'plan') return answerOf(id, withoutSecrets(value), file.rev);
  await files.replace(file, bytes);
  return finished({ files, record }, operation, id, file, context);
}

async function remove(
  { files, holder, checks, record }: ConfigWriterOptions,
  id: string,
  rev: string | null,
  context: RequestContext,
): Promise<StoredObject> {
  const file = await present(files, id, rev);
  const before = markedValue(file);
  await judge(holder, checks, { id, name: file.name, value: null, bytes: null });
  const answer = answerOf(id, before ?? {}, file.rev);
  if (context.mode === 'plan') return answer;
  await files.remove(file);
  const changedFields = changedMembers(before ?? undefined, undefined);
  await record(
    { operation: 'DELETE', objectId: `config/${id}`, before, after: null, revision: null, changedFields },
    context,
  );
  return answer;
}

async function finished(
  { files, record }: Pick<ConfigWriterOptions, 'files' | 'record'>,
  operation: ConfigChange['operation'],
  id: string,
  old: ConfigFile | null,
  context: RequestContext,
): Promise<StoredObject> {
  const file = await present(files, id, null);
  const [before, after] = [old === null ? null : markedValue(old), markedValue(file)];
  const changedFields = changedMembers(old?.document.value, file.document.value);
  await record({ operation, objectId: `config/${id}`, before, after, revision: file.rev, changedFields }, context);
  return shownFile(file);
}

async function present(files: ConfigFiles, id: string, rev: string | null): Promise<ConfigFile> {
  const file = await files.read(id);
  if (file === null) throw new Failure('not-found', `No configuration exists for id ${id.slice(0, 200)}`);
  if (rev !== null && rev !== file.rev)
    throw new Failure('revision', `config/${id} has the revision ${file.rev}, not ${rev.slice(0, 100)}: read it again`);
  return file;
}

function markedValue({ document }: ConfigFile): JsonObject | null {
  return isJsonObject(document.value) ? withoutSecrets(document.value) : null;
}

function plain({ _id, _rev, ...content }: JsonObject): JsonObject {
  return content;
}

function bytesOf(name: string, value: JsonObject): Uint8Array {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8');
  if (bytes.length <= MAX_FILE_BYTES) return bytes;
  throw new Failure('bad-request', `conf/${name} would have ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are read`);
}
