import { isGuardHolding } from '../app/run-summary.ts';
import { runMapping } from '../app/run-mapping.ts';
import { startRun } from '../app/runs.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { RunEntry } from '../model/run.ts';
import type { ReconResult } from '../recon/recon.ts';
import { UsageError, type Arguments, type Options } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';
import { overridesOf } from './overrides.ts';
import { progressBar } from './progress-bar.ts';
import { entryJson } from '../app/entry-json.ts';
import { entryLines } from './render-entry.ts';
import { renderSummary, summaryJson } from './render-summary.ts';

export async function planCommand(args: Arguments): Promise<number> {
  return withProject(
    args.options,
    async (lockstep) => {
      const mapping = lockstep.mappingConfig(mappingName(args));
      const { record } = await showPlan(lockstep, mapping, args.options);
      return record.state === 'SUCCESS' ? EXIT.ok : EXIT.failed;
    },
    true,
  );
}

/** A run shows what it does while it does it; the plan and the run are the same code. */
export async function reconCommand(args: Arguments): Promise<number> {
  return withProject(args.options, async (lockstep) =>
    exitCode(await showRun(lockstep, lockstep.mappingConfig(mappingName(args)), args.options)),
  );
}

function mappingName({ command, operands }: Arguments): string {
  const [name, ...more] = operands;
  if (name === undefined || more.length > 0) throw new UsageError(`${command} takes the name of one mapping`);
  return name;
}

/** Lines of a plan that are shown one by one; the rest is counted. `--json` has them all. */
const SHOWN_ENTRIES = 200;

export async function showPlan(
  lockstep: Lockstep,
  mapping: MappingConfig,
  options: Options,
  shown = SHOWN_ENTRIES,
): Promise<ReconResult> {
  const out = entryPrinter(options.json === true, mapping, shown);
  const result = await runMapping(lockstep, mapping, {
    mode: 'plan',
    overrides: overridesOf(options),
    onEntry: out.print,
  });
  out.end(result, 'plan');
  return result;
}

export async function showRun(
  lockstep: Lockstep,
  mapping: MappingConfig,
  options: Options,
  shown = SHOWN_ENTRIES,
): Promise<ReconResult> {
  const out = entryPrinter(options.json === true, mapping, shown);
  const bar = progressBar(process.stderr, options.json !== true);
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  process.once('SIGINT', cancel);
  process.once('SIGTERM', cancel);
  try {
    const result = await startRun(lockstep, mapping, {
      overrides: overridesOf(options),
      signal: abort.signal,
      onEntry: (entry) => bar.aside(() => out.print(entry)),
      onProgress: bar.show,
      onInterrupted: (message) => process.stderr.write(`${mapping.name}: ${message}\n`),
    });
    bar.end();
    out.end(result, 'run');
    return result;
  } finally {
    bar.end();
    process.removeListener('SIGINT', cancel);
    process.removeListener('SIGTERM', cancel);
  }
}

interface EntryPrinter {
  print(entry: RunEntry): void;
  end(result: ReconResult, kind: 'plan' | 'run'): void;
}

function entryPrinter(isJson: boolean, mapping: MappingConfig, shown: number): EntryPrinter {
  if (isJson) return jsonPrinter(mapping);
  let count = 0;
  process.stdout.write(`${mapping.name}: ${mapping.source} → ${mapping.target}\n`);
  return {
    print: (entry) => {
      if (++count <= shown) process.stdout.write(entryLines(entry));
    },
    end: (result, kind) => {
      if (count > shown && shown > 0) process.stdout.write(`  … and ${count - shown} more (--json shows all)\n`);
      process.stdout.write(renderSummary(result, kind));
    },
  };
}

/** One JSON document: `{"mapping": …, "entries": [...], "summary": {...}}`, written as it comes. */
function jsonPrinter(mapping: MappingConfig): EntryPrinter {
  let separator = '';
  process.stdout.write(`{"mapping":${JSON.stringify(mapping.name)},"entries":[`);
  return {
    print: (entry) => {
      process.stdout.write(`${separator}\n${JSON.stringify(entryJson(entry))}`);
      separator = ',';
    },
    end: (result) => {
      process.stdout.write(`\n],"summary":${JSON.stringify(summaryJson(result))}}\n`);
    },
  };
}

export function exitCode({ record, progress }: ReconResult): number {
  if (record.state !== 'SUCCESS') return EXIT.failed;
  if (isGuardHolding(progress)) return EXIT.held;
  return progress.counts.failed > 0 ? EXIT.failed : EXIT.ok;
}
