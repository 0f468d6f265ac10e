import { isoTime } from '../base/clock.ts';
import { fromJson } from '../recon/progress.ts';
import { OUTCOMES } from '../sync/planned-change.ts';
import type { Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';
import { summaryJson } from './render-summary.ts';
import { table } from './table.ts';

export async function runsCommand({ operands, options }: Arguments): Promise<number> {
  return withProject(
    options,
    async (lockstep) => {
      const [name] = operands;
      const mapping = name === undefined ? {} : { mapping: name };
      const records = await lockstep.repository.runs.list({ ...mapping, limit: Number(options.limit ?? 20) });
      // A mapping that has been removed may still have runs; any other unknown name is a mistake.
      if (name !== undefined && records.length === 0) lockstep.mappingConfig(name);
      if (options.json === true) {
        process.stdout.write(
          `${JSON.stringify(
            records.map((record) => summaryJson({ record, progress: fromJson(record.progress) })),
            null,
            2,
          )}\n`,
        );
        return EXIT.ok;
      }
      const rows = records.map((record) => {
        const { counts } = fromJson(record.progress);
        const told = OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
          (outcome) => `${counts[outcome]} ${outcome}`,
        );
        return [isoTime(record.startedMs), record.mapping, record.state, told.join(', '), record.id];
      });
      for (const line of rows.length === 0
        ? ['no runs yet']
        : table(['started', 'mapping', 'state', 'entries', 'run'], rows))
        process.stdout.write(`${line}\n`);
      return EXIT.ok;
    },
    true,
  );
}
