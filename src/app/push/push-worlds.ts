import { readOnly } from '../../connector/read-only.ts';
import type { OpenMapping } from '../../mapping/open-mapping.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { World } from '../../sync/world.ts';
import type { ProjectConfig } from '../config/project-config.ts';
import type { Lockstep, Pin } from '../lockstep.ts';
import { openScripts } from '../run-mapping.ts';
import { worldOver } from '../world-over.ts';

/** Mappings that are kept open for pushes, so that a single change does not have to open one. */
export interface PushWorlds {
  /** The world of one push. The mapping is the one that is configured when it begins. */
  use<T>(mapping: string, purpose: PushPurpose, work: (world: World) => Promise<T>): Promise<T>;
  /** Scripts have changed: what begins from now on uses them. */
  renew(): void;
  close(): Promise<void>;
}

export interface PushPurpose {
  readonly pushId: string;
  readonly reconId: string | null;
  readonly context: RequestContext;
  readonly oldSources: NonNullable<World['oldSources']>;
}

/** The open mappings of one configuration. */
interface Generation {
  readonly config: ProjectConfig;
  readonly pin: Pin;
  readonly open: Map<string, Promise<OpenMapping>>;
  users: number;
  isRetired: boolean;
}

export function openPushWorlds(lockstep: Lockstep): PushWorlds {
  let present: Generation | null = null;
  const retire = async (generation: Generation | null): Promise<void> => {
    if (generation === null) return;
    generation.isRetired = true;
    if (generation.users === 0) await closeGeneration(generation);
  };
  const current = (): Generation => {
    if (present?.config === lockstep.config) return present;
    void retire(present);
    present = { config: lockstep.config, pin: lockstep.pin(), open: new Map(), users: 0, isRetired: false };
    return present;
  };
  return {
    use: async (name, purpose, work) => {
      const generation = current();
      generation.users++;
      try {
        return await work(worldOf(lockstep, generation.pin, await openedMapping(lockstep, generation, name), purpose));
      } finally {
        generation.users--;
        if (generation.isRetired && generation.users === 0) await closeGeneration(generation);
      }
    },
    renew: () => {
      void retire(present);
      present = null;
    },
    close: async () => {
      await retire(present);
      present = null;
    },
  };
}

async function closeGeneration({ open, pin }: Generation): Promise<void> {
  const mappings = [...open.values()];
  open.clear();
  for (const mapping of mappings) await mapping.then((opened) => opened.close()).catch(() => {});
  await pin.release();
}

function openedMapping(lockstep: Lockstep, { open, pin }: Generation, name: string): Promise<OpenMapping> {
  const found = open.get(name);
  if (found !== undefined) return found;
  const compiled = lockstep.compile(lockstep.mappingConfig(name), pin);
  const opening = openScripts(lockstep, pin, compiled, async () => ({
    ok: false,
    error: { code: 500, message: 'nobody asked for it' },
  }));
  open.set(name, opening);
  opening.catch(() => open.delete(name));
  return opening;
}

function worldOf(lockstep: Lockstep, pin: Pin, opened: OpenMapping, purpose: PushPurpose): World {
  const { repository } = lockstep;
  const { pushId, reconId, context, oldSources } = purpose;
  const { compiled } = opened;
  const source = readOnly(lockstep.objectSet(compiled.source, repository, pin));
  const target = lockstep.objectSet(compiled.target, repository, pin, context);
  const mapping = opened.answeredBy(lockstep.calls(context, repository, pin));
  const sides = { pin, mapping, source, target, repository };
  return {
    ...worldOver(lockstep, sides, { mode: 'live', runId: pushId, reconId }),
    oldSources,
    skipsCorrelation: false,
    isTracing: false,
  };
}
