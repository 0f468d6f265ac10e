import { approve, findHeldRun, heldRuns, reject } from '../app/held.ts';
import type { ChangeClass } from '../model/run.ts';
import { UsageError, type Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';
import { entryJson, harmless } from '../app/entry-json.ts';
import { secretsOf } from '../app/secrets.ts';
import { entryLines } from './render-entry.ts';

export async function heldCommand({ operands, options }: Arguments): Promise<number> {
  return withProject(
    options,
    async (lockstep) => {
      const runs = (await heldRuns(lockstep)).filter(
        ({ record }) => operands[0] === undefined || record.id.startsWith(operands[0]),
      );
      const limit = Number(options.limit ?? 100);
      for (const { record, count, classes } of runs) {
        const isSecret = secretsOf(lockstep.config);
        const stored = await lockstep.repository.runs.entries(record.id, { status: 'held', limit });
        const entries = stored.map((entry) => harmless(entry, isSecret));
        if (options.json === true) {
          process.stdout.write(
            `${JSON.stringify({ runId: record.id, mapping: record.mapping, count, classes, entries: entries.map((entry) => entryJson(entry)) })}\n`,
          );
          continue;
        }
        process.stdout.write(`run ${record.id} of ${record.mapping}: ${count} held\n`);
        for (const { changeClass, count: held, reason } of classes)
          process.stdout.write(`  ${held} ${changeClass}: ${reason}\n`);
        const told = new Set(classes.map(({ reason }) => reason));
        for (const entry of entries)
          process.stdout.write(entryLines(told.has(entry.message ?? '') ? { ...entry, message: null } : entry));
        if (count > entries.length) process.stdout.write(`  … and ${count - entries.length} more (--limit N)\n`);
      }
      if (runs.length === 0 && options.json !== true) process.stdout.write('nothing is held\n');
      return EXIT.ok;
    },
    true,
  );
}

const CLASSES: readonly ChangeClass[] = ['delete', 'unlink', 'ambiguousDelete'];

export async function approveCommand({ operands, options }: Arguments): Promise<number> {
  const only = CLASSES.find((name) => name === options.class) ?? null;
  if (options.class !== undefined && only === null) throw new UsageError(`--class is one of ${CLASSES.join(', ')}`);
  return withProject(options, async (lockstep) => {
    const held = await findHeldRun(lockstep, operands[0] ?? null);
    const carried = await approve(lockstep, held, only);
    const [done, skipped, failed] = (['done', 'skipped', 'failed'] as const).map(
      (status) => carried.filter((one) => one.status === status).length,
    );
    const isSecret = secretsOf(lockstep.config);
    const entries = carried.map(({ entry, status, message }) => harmless({ ...entry, status, message }, isSecret));
    if (options.json === true)
      writeJson({ runId: held.record.id, done, skipped, failed, entries: entries.map((entry) => entryJson(entry)) });
    else {
      for (const entry of entries) if (entry.status !== 'done') process.stdout.write(entryLines(entry));
      process.stdout.write(`run ${held.record.id}: ${done} carried out, ${skipped} left alone, ${failed} failed\n`);
    }
    return failed === 0 ? EXIT.ok : EXIT.failed;
  });
}

export async function rejectCommand({ operands, options }: Arguments): Promise<number> {
  return withProject(options, async (lockstep) => {
    const held = await findHeldRun(lockstep, operands[0] ?? null);
    const count = await reject(lockstep, held, options.reason ?? 'rejected on the command line');
    if (options.json === true) writeJson({ runId: held.record.id, rejected: count });
    else process.stdout.write(`run ${held.record.id}: ${count} rejected\n`);
    return EXIT.ok;
  });
}

function writeJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
