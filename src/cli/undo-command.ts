import { entryJson } from '../app/entry-json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { undoRun, type UndoOptions } from '../app/undo/undo.ts';
import { Failure } from '../base/failure.ts';
import type { RunEntry } from '../model/run.ts';
import type { ReconResult } from '../recon/recon.ts';
import { UsageError, type Arguments, type Options } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';
import { overridesOf } from './overrides.ts';
import { exitCode } from './recon-commands.ts';
import { entryLines } from './render-entry.ts';
import { renderSummary, summaryJson } from './render-summary.ts';

/** Lines that are shown one by one; the rest is counted. `--json` has them all. */
const SHOWN_ENTRIES = 200;

/** `lockstep undo RUN [--plan]`: takes back what a run did, or shows what that would come to. */
export async function undoCommand({ operands, options }: Arguments): Promise<number> {
  const [wanted, ...more] = operands;
  if (wanted === undefined || more.length > 0)
    throw new UsageError('undo takes the id of one run, see "lockstep runs"');
  const isPlan = options.plan === true;
  return withProject(
    options,
    async (lockstep) => {
      const runId = await findRun(lockstep, wanted);
      const result = await showUndo(lockstep, runId, options, isPlan);
      if (isPlan) return result.record.state === 'SUCCESS' ? EXIT.ok : EXIT.failed;
      return exitCode(result);
    },
    isPlan,
  );
}

/** How far back a run is looked for by the beginning of its id. */
const LATEST = 1000;

async function findRun({ repository }: Lockstep, wanted: string): Promise<string> {
  if ((await repository.runs.read(wanted)) !== null) return wanted;
  const matching = (await repository.runs.list({ limit: LATEST })).filter(({ id }) => id.startsWith(wanted));
  if (matching.length === 1) return matching[0]!.id;
  if (matching.length === 0) throw new Failure('not-found', `no run ${wanted}; "lockstep runs" lists them`);
  const ids = matching.map(({ id }) => id).join(', ');
  throw new Failure('bad-request', `name one of the runs that begin with ${wanted}: ${ids}`);
}

async function showUndo(lockstep: Lockstep, runId: string, options: Options, isPlan: boolean): Promise<ReconResult> {
  const entries: RunEntry[] = [];
  let count = 0;
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  process.once('SIGINT', cancel);
  process.once('SIGTERM', cancel);
  const { guard } = overridesOf(options);
  const undo: UndoOptions = {
    mode: isPlan ? 'plan' : 'live',
    signal: abort.signal,
    initiatedBy: 'cli',
    ...(guard === undefined ? {} : { overrides: { guard } }),
    onEntry: (entry) => {
      if (options.json === true) entries.push(entry);
      else if (++count <= SHOWN_ENTRIES) process.stdout.write(entryLines(entry));
    },
  };
  try {
    const result = await undoRun(lockstep, runId, undo);
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ undoes: runId, entries: entries.map(entryJson), summary: summaryJson(result) })}\n`
        : `${count > SHOWN_ENTRIES ? `  … and ${count - SHOWN_ENTRIES} more (--json shows all)\n` : ''}${renderSummary(result, isPlan ? 'plan' : 'run')}`,
    );
    return result;
  } finally {
    process.removeListener('SIGINT', cancel);
    process.removeListener('SIGTERM', cancel);
  }
}
