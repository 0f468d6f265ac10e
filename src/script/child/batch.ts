import type { Json } from '../../base/json.ts';
import type { Program, ScriptFault } from '../../mapping/script-host.ts';
import type { RealmReach } from '../compile/analyze-script.ts';
import { MAX_VALUE_LENGTH } from '../frames.ts';
import type { BatchMessage } from '../protocol.ts';
import type { Guard } from '../realm/guard.ts';
import type { Realm } from './build-realm.ts';
import type { HostLink } from './host-link.ts';
import type { Outbox } from './outbox.ts';
import { hasFault } from './script-error.ts';

export interface Workplace {
  /** For messages about no script in particular. */
  readonly name: string;
  readonly realm: Realm;
  readonly program: Program;
  readonly link: HostLink;
  readonly outbox: Outbox;
  /** Of the scripts of the session. */
  readonly reach: RealmReach;
}

/** Works through a batch. False: the process is spoilt and has to be replaced. */
export function runBatch(place: Workplace, batch: BatchMessage): boolean {
  place.link.mode = batch.mode;
  for (let i = 0; i < batch.items.length; i++) {
    place.link.startItem(batch.first + i);
    runItem(place, batch, i);
    if (!cleanUp(place)) return false;
    if (batch.careful || place.link.calls > 0) place.outbox.flush();
    else place.outbox.flushIfDue();
  }
  place.outbox.flush();
  return place.realm.guard.isWhole() || place.realm.guard.restore();
}

function runItem({ name, realm, program, outbox }: Workplace, batch: BatchMessage, i: number): void {
  const index = batch.first + i;
  try {
    const value = program.run(batch.stage, batch.items[i] as Json, batch.mode);
    const text = realm.json.toText(value);
    if (text === null) outbox.fault(index, faultOf(name, 'result', `${realm.json.problem()} is not JSON`), null);
    else if (text.length > MAX_VALUE_LENGTH) outbox.fault(index, faultOf(name, 'result', tooLarge()), null);
    else outbox.result(index, text);
  } catch (thrown) {
    if (hasFault(thrown)) outbox.fault(index, thrown.fault, thrown.slot ?? null);
    else outbox.fault(index, faultOf(name, 'thrown', textOf(thrown)), null);
  }
}

/** What the item left behind must not meet the next one: promise jobs, globals, changed built-ins. */
function cleanUp({ realm, link, reach }: Workplace): boolean {
  realm.drain();
  return isClean(realm.guard, reach === 'none' ? link.reach : reach) || realm.guard.restore();
}

function isClean(guard: Guard, reach: RealmReach): boolean {
  if (reach === 'none') return guard.isUntouched();
  return reach === 'assign' ? guard.isIntact() : guard.isWhole();
}

function faultOf(place: string, kind: ScriptFault['kind'], message: string): ScriptFault {
  return { kind, place, file: null, line: null, column: null, message };
}

function tooLarge(): string {
  return `the result is larger than ${MAX_VALUE_LENGTH / 1024 / 1024} million characters`;
}

function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'something that cannot be shown';
  }
}
