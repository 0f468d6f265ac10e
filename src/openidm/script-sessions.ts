import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { HostCallHandler, ItemResult, ScriptMode, ScriptSession, ScriptSource } from '../mapping/script-host.ts';

/** The scripts that are ready to run, one session each; the longest unused gives way to a new one. */
export interface ScriptSessions {
  call(source: ScriptSource, variables: Json, options: CallOptions): Promise<ItemResult>;
  /** Sessions opened before are not used for later calls: files that scripts load may have changed. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly mode: ScriptMode;
  readonly answer: HostCallHandler;
  readonly signal?: AbortSignal;
  /** Default `call`: see `call-program.ts`. */
  readonly stage?: 'call' | 'callLive';
}

/** A session that works has a process of its own, of some 100 MiB. Calls beyond wait, but for those that a script makes. */
const MAX_SESSIONS = 6;

interface Entry {
  readonly session: Promise<ScriptSession>;
  users: number;
}

interface State {
  readonly lockstep: Lockstep;
  /** In the order of their last use. */
  readonly entries: Map<string, Entry>;
  readonly limit: number;
  readonly waiting: (() => void)[];
  isClosed: boolean;
}

/** Set while a host call of a script of ours is answered. */
const inside = new AsyncLocalStorage<true>();

export function openScriptSessions(lockstep: Lockstep, limit = MAX_SESSIONS): ScriptSessions {
  const state: State = { lockstep, entries: new Map(), limit, waiting: [], isClosed: false };
  return {
    call: (source, variables, options) => call(state, source, variables, options),
    renew: () => closeAll(state),
    close: () => {
      state.isClosed = true;
      return closeAll(state);
    },
  };
}

async function call(
  state: State,
  source: ScriptSource,
  variables: Json,
  { mode, answer, signal, stage = 'call' }: CallOptions,
): Promise<ItemResult> {
  const key = keyOf(source);
  const fault = state.entries.has(key) ? undefined : state.lockstep.scripts.check([source])[0];
  if (fault !== undefined) return { ok: false, fault };
  const entry = await take(state, key, source);
  try {
    const session = await entry.session;
    const nested: HostCallHandler = (one, aborted) => inside.run(true, () => answer(one, aborted));
    const [result] = await session.run(stage, [variables], mode, signal, nested);
    return result!;
  } finally {
    await release(state, entry);
  }
}

async function take(state: State, key: string, source: ScriptSource): Promise<Entry> {
  for (;;) {
    if (state.isClosed) throw new Failure('canceled', `${source.label}: the scripts are closed`);
    const known = state.entries.get(key);
    if (known !== undefined || (await hasRoom(state))) {
      const entry = known ?? state.entries.get(key) ?? { session: open(state.lockstep, source), users: 0 };
      entry.users++;
      state.entries.delete(key);
      state.entries.set(key, entry);
      return entry;
    }
    await new Promise<void>((resolve) => state.waiting.push(resolve));
  }
}

/** Makes room if it can. A script that waits for this call must not wait for itself. */
async function hasRoom(state: State): Promise<boolean> {
  if (state.entries.size < state.limit) return true;
  const idle = [...state.entries].find(([, entry]) => entry.users === 0);
  if (idle === undefined) return inside.getStore() === true;
  state.entries.delete(idle[0]);
  await end(idle[1]);
  return true;
}

async function release(state: State, entry: Entry): Promise<void> {
  entry.users--;
  const isCurrent = [...state.entries.values()].includes(entry);
  if (entry.users === 0 && (!isCurrent || state.entries.size > state.limit)) {
    for (const [key, one] of state.entries) if (one === entry) state.entries.delete(key);
    await end(entry);
  }
  state.waiting.shift()?.();
}

/** Those in use are closed by their last user. */
async function closeAll(state: State): Promise<void> {
  const entries = [...state.entries.values()];
  state.entries.clear();
  for (const wake of state.waiting.splice(0)) wake();
  for (const entry of entries) if (entry.users === 0 || state.isClosed) await end(entry);
}

async function end(entry: Entry): Promise<void> {
  const session = await entry.session.catch(() => null);
  await session?.close();
}

function open({ scripts, config, files }: Lockstep, source: ScriptSource): Promise<ScriptSession> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return scripts.open({
    name: source.label,
    programUrl: new URL(`./call-program.${extension}`, import.meta.url).href,
    payload: null,
    scripts: [source],
    limits: config.lockstep.scripts,
    resolveModule: (request, fromFile) => files.resolveModule(request, fromFile),
    answer: () => Promise.reject(new Failure('internal', `${source.label}: nobody answers`)),
  });
}

function keyOf(source: ScriptSource): string {
  const { label, code, file, type, variables } = source;
  return createHash('sha256')
    .update(JSON.stringify([label, type, file, variables, code]))
    .digest('base64url');
}
