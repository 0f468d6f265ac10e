import { Failure, messageOf } from '../../base/failure.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { Lockstep } from '../lockstep.ts';
import type { Finding } from '../ownership/finding.ts';
import { rewritesOf, type Rewrite } from './rewrite.ts';
import { againFinding, restlessFindings, triedFindings } from './rewrite-findings.ts';
import { openTrialWorld, type TrialWorld } from './trial-world.ts';

export interface DeepCheckOptions {
  /** So many objects of each source. */
  readonly sample: number;
  readonly signal?: AbortSignal;
}

export interface DeepCheckResult {
  readonly findings: readonly Finding[];
  readonly tried: readonly TriedMapping[];
}

/** How far one mapping was tried. */
export interface TriedMapping {
  readonly mapping: MappingConfig;
  readonly objects: number;
  /** Objects whose own plan failed, with the first reason. */
  readonly failed: number;
  readonly firstFault: string | null;
  /** Why nothing could be tried; null: it could. */
  readonly error: string | null;
}

/** More rounds than this tell nothing new. */
const MAX_ROUNDS = 8;

/**
 * Plans each mapping on a sample of the real data, applies the plan to copies, and plans again: what would be written a second
 * time is reported with an example. Then all mappings go round until nothing is left to do; what never ends is reported, too.
 * Nothing outside is written. Deletes and unlinks are planned and not applied.
 */
export async function deepCheck(lockstep: Lockstep, options: DeepCheckOptions): Promise<DeepCheckResult> {
  const signal = options.signal ?? new AbortController().signal;
  const world = await openTrialWorld(lockstep, options.sample);
  try {
    const { again, tried } = await firstRound(world, lockstep.config.mappings, signal);
    const usable = tried.filter(({ error }) => error === null).map(({ mapping }) => mapping);
    const restless = await goRound(world, usable, signal);
    const findings = [
      ...tried.flatMap(triedFindings),
      ...again.map((rewrite) => againFinding(lockstep.config, rewrite)),
      ...restlessFindings(lockstep.config, restless, again),
    ];
    return { findings, tried };
  } finally {
    await world.close();
  }
}

interface FirstRound {
  readonly tried: readonly TriedMapping[];
  /** What the second plan of a mapping would write again. */
  readonly again: readonly Rewrite[];
}

async function firstRound(
  world: TrialWorld,
  mappings: readonly MappingConfig[],
  signal: AbortSignal,
): Promise<FirstRound> {
  const tried: TriedMapping[] = [];
  const again: Rewrite[] = [];
  for (const mapping of mappings) {
    try {
      const entries = await world.plan(mapping, signal);
      again.push(...rewritesOf(mapping, await world.plan(mapping, signal)));
      const faults = entries.filter(({ status }) => status === 'failed');
      const firstFault = faults.length === 0 ? null : `${mapping.source}/${faults[0]!.sourceId}: ${faults[0]!.message}`;
      tried.push({ mapping, objects: world.countOf(mapping), failed: faults.length, firstFault, error: null });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      tried.push({ mapping, objects: 0, failed: 0, firstFault: null, error: messageOf(error) });
    }
  }
  return { tried, again };
}

/** All mappings in turn, until a round writes nothing. Gives what the last round still wrote. */
async function goRound(
  world: TrialWorld,
  mappings: readonly MappingConfig[],
  signal: AbortSignal,
): Promise<readonly Rewrite[]> {
  // Data that goes through a chain of mappings in the wrong order moves on by one in each round.
  const rounds = Math.min(mappings.length + 1, MAX_ROUNDS);
  let last: readonly Rewrite[] = [];
  for (let round = 0; round < rounds; round++) {
    const written: Rewrite[] = [];
    for (const mapping of mappings) written.push(...rewritesOf(mapping, await world.plan(mapping, signal)));
    last = written;
    if (last.length === 0) break;
  }
  return last;
}
