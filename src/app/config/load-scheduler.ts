import type { SchedulerSettings } from '../../schedule/scheduler.ts';
import { entries, member, report, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';

const DEFAULTS: SchedulerSettings = { threadCount: 10, executePersistentSchedules: true };
const MAX_THREADS = 1000;

/** What has an effect in each section, and then what is accepted without one. */
const KNOWN: Readonly<Record<string, readonly [effective: readonly string[], others: readonly string[]]>> = {
  threadPool: [['threadCount'], ['class', 'threadPriority', 'threadsInheritContextClassLoaderOfInitializingThread']],
  scheduler: [
    ['executePersistentSchedules'],
    [
      'instanceId',
      'instanceName',
      'instanceTimeout',
      'instanceRecoveryTimeout',
      'instanceCheckInInterval',
      'instanceCheckInOffset',
    ],
  ],
};

/** `conf/scheduler.json` (specification §11.6). Numbers and truth values may be texts. */
export function loadScheduler(root: JsonNode | null, findings: Findings): SchedulerSettings {
  if (root === null) return DEFAULTS;
  for (const [section, [effective, others]] of Object.entries(KNOWN))
    for (const [key, node] of entries(member(root, section)))
      if (!effective.includes(key) && !others.includes(key))
        report(
          findings,
          'warning',
          node,
          `the key "${key}" is not known and has no effect`,
          didYouMean(key, effective),
        );
  const threads = member(member(root, 'threadPool'), 'threadCount');
  const executes = member(member(root, 'scheduler'), 'executePersistentSchedules');
  return {
    threadCount: readCount(threads, findings) ?? DEFAULTS.threadCount,
    executePersistentSchedules: readFlag(executes, findings) ?? DEFAULTS.executePersistentSchedules,
  };
}

function readCount(node: JsonNode, findings: Findings): number | null {
  const { value } = node;
  if (value === undefined || value === null) return null;
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MAX_THREADS) return count;
  report(findings, 'error', node, `this is no number of jobs that are carried out at once: 1 to ${MAX_THREADS}`);
  return null;
}

function readFlag(node: JsonNode, findings: Findings): boolean | null {
  const { value } = node;
  if (value === undefined || value === null) return null;
  if (value === true || value === false) return value;
  if (value === 'true' || value === 'false') return value === 'true';
  report(findings, 'error', node, 'this is neither true nor false');
  return null;
}
