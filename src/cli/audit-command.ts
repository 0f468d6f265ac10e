import { isoTime } from '../base/clock.ts';
import { AUDIT_TOPICS, type AuditTopic, type ChainPoint } from '../model/audit.ts';
import { purge, type Retention } from '../audit/purge.ts';
import { verifyChain } from '../audit/verify-chain.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { UsageError, type Arguments, type Options } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';

/**
 * `audit verify [SEQ:HASH]` follows the hash chain; with a place noted earlier it also tells whether the chain still has it.
 * `audit purge [--older-than 90d] [--topic NAME…] [--keep-runs N]` removes what the retention of `conf/lockstep.json`, or
 * what the options say.
 */
export async function auditCommand(args: Arguments): Promise<number> {
  const [verb = ''] = args.operands;
  const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (act === undefined) throw new UsageError(`audit ${verb}: the commands are audit verify, audit purge`);
  return act(args);
}

const VERBS: Readonly<Record<string, (args: Arguments) => Promise<number>>> = { verify, purge: purgeAll };

async function verify({ operands, options }: Arguments): Promise<number> {
  const known = operands[1] === undefined ? null : placeIn(operands[1]);
  return withProject(
    options,
    async ({ repository }) => {
      const report = await verifyChain(repository.audit, known);
      const { events, pruned, faults, head } = report;
      if (options.json === true) say(JSON.stringify(report, null, 2));
      else {
        for (const { message } of faults) say(`FAULT ${message}`);
        say(
          `${events} events${pruned === 0 ? '' : `, ${pruned} more were pruned`}; the chain ends at ${head.seq}:${head.hash}`,
        );
        say(faults.length === 0 ? 'the chain is whole' : 'the chain is broken');
      }
      return faults.length === 0 ? EXIT.ok : EXIT.failed;
    },
    true,
  );
}

async function purgeAll({ options }: Arguments): Promise<number> {
  const topics = topicsOf(options);
  return withProject(options, async (lockstep) => {
    const { repository, newId, clock } = lockstep;
    const retention = retentionOf(options, lockstep);
    const nowMs = clock.nowMs();
    const result = await purge({ repository, retention, topics, nowMs, newId, userId: 'lockstep audit purge' });
    if (options.json === true) say(JSON.stringify(result));
    else {
      say(`${result.events} audit events and ${result.runs} runs removed (${isoTime(nowMs)})`);
      if (isForEver(retention))
        say('nothing has a retention: name one in conf/lockstep.json (audit.retention), or --older-than 90d');
      for (const { runId, reason } of result.keptRuns) say(`run ${runId} stays: ${WHY_KEPT[reason]}`);
    }
    return EXIT.ok;
  });
}

const WHY_KEPT = {
  active: 'it is active',
  held: 'changes of it wait for approval (lockstep approve, lockstep reject)',
  applying: 'it ended while a target was being written; the next run of its mapping looks after it',
} as const;

function isForEver({ days, topicDays, runDays, runsPerMapping }: Retention): boolean {
  const limits = [days, runDays, runsPerMapping, ...Object.values(topicDays)];
  return limits.every((limit) => limit === null);
}

/** The options replace the configured retention as a whole: what is not named is kept. */
function retentionOf(options: Options, { config }: Lockstep): Retention {
  const days = daysIn(options['older-than']);
  const runs = wholeNumber(options['keep-runs'], 'keep-runs');
  if (days === null && runs === null) return config.lockstep.audit.retention;
  const ofRuns = options.topic === undefined || options.topic.includes('recon');
  return { days, topicDays: {}, runDays: ofRuns ? days : null, runsPerMapping: runs };
}

function topicsOf({ topic }: Options): readonly AuditTopic[] {
  if (topic === undefined) return AUDIT_TOPICS;
  return topic.map((name) => {
    const known = AUDIT_TOPICS.find((one) => one === name);
    if (known === undefined) throw new UsageError(`--topic is one of ${AUDIT_TOPICS.join(', ')}, not "${name}"`);
    return known;
  });
}

function daysIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  const match = /^(\d{1,6})([dh])$/.exec(text);
  if (match === null) throw new UsageError(`--older-than takes a time such as 90d or 12h, not "${text}"`);
  return Number(match[1]) / (match[2] === 'd' ? 1 : 24);
}

function wholeNumber(text: string | undefined, name: string): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}

function placeIn(text: string): ChainPoint {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw new UsageError(`audit verify takes a place as an earlier verify printed it (SEQ:HASH), not "${text}"`);
  return { seq: Number(match[1]), hash: match[2]! };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
