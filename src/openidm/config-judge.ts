import type { Diagnostic } from '../base/diagnostic.ts';
import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { silentLog } from '../base/log.ts';
import { checkScripts } from '../app/check-scripts.ts';
import type { ConfOverlay } from '../app/config/conf-directory.ts';
import type { ProjectHolder } from '../app/project-holder.ts';

/** Finds faults in one configuration that the loader of projects knows nothing about. Diagnostics name `file`. */
export type ConfigCheck = (id: string, value: JsonObject, file: string) => readonly Diagnostic[];

export interface Candidate {
  readonly id: string;
  /** Of the file in `conf`. */
  readonly name: string;
  /** Null: the file is to be removed. */
  readonly value: JsonObject | null;
  readonly bytes: Uint8Array | null;
}

/**
 * Reads the whole project as it would be with the candidate, scripts included. Refuses with `bad-request` and all
 * diagnostics in `detail` when the candidate has an error, or causes one elsewhere. Errors that other files have already
 * do not count, so that a broken project can be mended file by file.
 */
export async function judge(
  holder: ProjectHolder,
  checks: readonly ConfigCheck[],
  candidate: Candidate,
): Promise<void> {
  const { id, name, value, bytes } = candidate;
  const file = `conf/${name}`;
  const own = value === null ? [] : checks.flatMap((check) => check(id, value, file));
  const whole = [...(await diagnose(holder, new Map([[name, bytes]]))), ...own];
  if (!whole.some(isError)) return;
  const known = new Set((await diagnose(holder, new Map())).filter((one) => one.file !== file).map(identity));
  const counting = whole.filter((one) => isError(one) && !known.has(identity(one)));
  if (counting.length === 0) return;
  const shown = whole.filter((one) => counting.includes(one) || (one.file === file && !isError(one)));
  throw new Failure('bad-request', headline(file, counting), {
    detail: { diagnostics: shown.map((one) => ({ ...one }) as unknown as Json) },
  });
}

async function diagnose(holder: ProjectHolder, overlay: ConfOverlay): Promise<readonly Diagnostic[]> {
  const { config, diagnostics } = await holder.tryOut(overlay);
  return config === null ? diagnostics : [...diagnostics, ...(await checkScripts(config, silentLog))];
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

/** Without the position, which a change elsewhere in the file moves. */
function identity({ file, pointer, message }: Diagnostic): string {
  return JSON.stringify([file, pointer, message]);
}

function headline(file: string, errors: readonly Diagnostic[]): string {
  const [first] = errors;
  const where = `${first!.file}${first!.pointer === '' ? '' : ` ${first!.pointer}`}`;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more, see detail)`;
  return `${file} is not changed, since the project would have errors: ${where}: ${first!.message}${more}`;
}
