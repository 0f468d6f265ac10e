import type { Clock } from '../base/clock.ts';
import type { JsonObject, Json } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { NewId } from '../base/uuid.ts';
import type { CommitBatch, Repository } from '../model/repository.ts';
import type { WorkDefinition } from './process-definition.ts';
import type { Actor } from './records.ts';

/** What workflows need of the world. */
export interface WorkflowSurroundings {
  readonly repository: Repository;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** Runs a script task, and actions on the resource tree. Throws `Failure` if that fails. */
  perform(work: WorkRequest): Promise<WorkResult>;
  /** Keeps other processes from an instance while its work is done. Rejects with `Failure('locked')`. */
  hold(name: string): Promise<Hold>;
}

export interface Hold {
  readonly fence: NonNullable<CommitBatch['fence']>;
  release(): Promise<void>;
}

/** One script or action of one process, to be run now. */
export interface WorkRequest {
  readonly work: WorkDefinition;
  /** Those of the process, and over them those of the activity. */
  readonly variables: JsonObject;
  readonly actor: Actor;
  readonly execution: ExecutionFacts;
  readonly signal: AbortSignal;
}

/** What scripts can ask `execution` for. */
export interface ExecutionFacts {
  readonly id: string;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly processDefinitionKey: string;
  readonly processBusinessKey: string | null;
  readonly currentActivityId: string;
  readonly currentActivityName: string | null;
}

export interface WorkResult {
  /** Variables with new values. */
  readonly set: JsonObject;
  readonly removed: readonly string[];
  /** The completion value of the script, or what the action gave. */
  readonly value: Json;
}
