import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { endUnits, marksOf, readInstance, tryCommit, waitsOf } from './instance-store.ts';
import { takeStep, withVariables } from './instance-steps.ts';
import type { Wait } from './process-run.ts';
import { docOf, INSTANCE_TYPE, type Actor, type InstanceDoc } from './records.ts';
import { goOn, noInstance, type Parts } from './workflow-parts.ts';

export interface Announcement {
  readonly instanceId: string | null;
  readonly variables: JsonObject;
  readonly actor: Actor;
}

/** Tells instances that something has happened; see `WorkflowService.announce`. */
export async function announce(
  parts: Parts,
  event: { readonly kind: 'message' | 'signal'; readonly name: string },
  { instanceId, variables, actor }: Announcement,
): Promise<number> {
  const { surroundings, deployments } = parts;
  const ids = instanceId === null ? await allInstances(parts) : [instanceId];
  const isMeant = (wait: Wait): boolean =>
    wait.kind === 'event' && wait.event === event.kind && wait.name === event.name;
  let count = 0;
  for (const id of ids) {
    const stored = await readInstance(surroundings.repository, id);
    if (stored === null || !waitsOf(stored).some(isMeant)) continue;
    const stepped = await takeStep(surroundings, deployments, id, {
      input: (run) => {
        const wait = run.waits.find(isMeant);
        return wait === undefined ? null : { kind: 'done', executionId: wait.executionId };
      },
      variables: (present) => withVariables(present, variables),
      change: { actor },
    });
    if (stepped === null) continue;
    count++;
    if (!stepped.run.isOver) await goOn(parts, id, stepped.doc);
  }
  return count;
}

async function allInstances({ surroundings: { repository } }: Parts): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after: Json = null; ;) {
    const page = await repository.objects.pageIds(INSTANCE_TYPE, after, 1000);
    ids.push(...page.rows);
    after = page.next;
    if (after === null) return ids;
  }
}

/** Takes a failed instance up again; see `WorkflowService.retry`. */
export async function retry(parts: Parts, id: string, actor: Actor): Promise<void> {
  const { repository } = parts.surroundings;
  for (;;) {
    const stored = await readInstance(repository, id);
    if (stored === null) throw noInstance(id);
    const { rev, doc } = stored.row;
    if (doc.status !== 'failed') throw new Failure('conflict', `the process instance ${id} has not failed`);
    const again: InstanceDoc = {
      ...doc,
      status: 'active',
      failure: null,
      actor,
      ...marksOf('active', waitsOf(stored)),
    };
    const object = { kind: 'update', type: INSTANCE_TYPE, id, rev, doc: docOf(again) } as const;
    if (await tryCommit(repository, { units: [{ object }] })) return goOn(parts, id, again);
  }
}

/** Ends an instance; see `WorkflowService.cancel`. */
export async function cancel({ surroundings }: Parts, id: string, reason: string | null): Promise<void> {
  const { repository, clock } = surroundings;
  for (;;) {
    const stored = await readInstance(repository, id);
    if (stored === null) throw noInstance(id);
    const end = { status: 'deleted', reason, ended: null, nowMs: clock.nowMs() } as const;
    if (await tryCommit(repository, { units: endUnits(stored, stored.row.doc, end) })) return;
  }
}
