import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { RunReads } from '../model/repository.ts';
import { isMappingMeant } from './named-audit-query.ts';
import { purgeRuns, type RunPurge } from './purge.ts';

type Parameters = JsonObject;

/**
 * `_action=command&commandId=purge-by-…` on `repo/audit/recon` (specification §1.9, §12.6): removes runs with their entries
 * and answers how many.
 */
export async function auditCommand(
  { repository }: { readonly repository: { readonly runs: RunReads } },
  topic: string,
  parameters: Parameters,
): Promise<Json> {
  if (topic !== 'recon') throw new Failure('unsupported', 'commands are for audit/recon only');
  const { removed } = await purgeRuns(repository.runs, purgeOf(parameters));
  return removed.length;
}

function purgeOf(parameters: Parameters): RunPurge {
  const { commandId, includeMapping, excludeMapping } = parameters;
  const isNamed: RunPurge['isMeant'] = ({ mapping }) => isMappingMeant(mapping, includeMapping, excludeMapping);
  switch (commandId) {
    case 'purge-by-recon-expired':
      return { endedBeforeMs: timeIn(parameters, 'timestamp'), keepPerMapping: null, isMeant: isNamed };
    case 'purge-by-recon-number-of':
      return { endedBeforeMs: null, keepPerMapping: numberIn(parameters, 'numberOf'), isMeant: isNamed };
    case 'purge-by-recon-ids-to-keep': {
      const ids = new Set(idsIn(parameters, 'reconIds'));
      return { endedBeforeMs: null, keepPerMapping: 0, isMeant: (run) => isNamed(run) && !ids.has(run.id) };
    }
    default:
      throw new Failure(
        'bad-request',
        `there is no command ${JSON.stringify(commandId ?? null)}; audit/recon has purge-by-recon-expired, ` +
          'purge-by-recon-number-of and purge-by-recon-ids-to-keep',
      );
  }
}

function timeIn(parameters: Parameters, name: string): number {
  const ms = Date.parse(String(parameters[name] ?? ''));
  if (Number.isNaN(ms))
    throw new Failure('bad-request', `the command requires '${name}', a time like 2014-09-08T08:57:47Z`);
  return ms;
}

function numberIn(parameters: Parameters, name: string): number {
  const text = String(parameters[name] ?? '');
  if (!/^\d{1,9}$/.test(text)) throw new Failure('bad-request', `the command requires '${name}', a whole number`);
  return Number(text);
}

function idsIn(parameters: Parameters, name: string): readonly string[] {
  const value = parameters[name];
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'string' && value !== '') return value.split(',').map((id) => id.trim().replace(/^'|'$/g, ''));
  throw new Failure('bad-request', `the command requires '${name}', the runs to keep`);
}
