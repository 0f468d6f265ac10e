import type { Json } from '../base/json.ts';
import type { ScriptFault, ScriptMode } from '../mapping/script-host.ts';
import type { RealmReach } from './compile/analyze-script.ts';
import type { PreparedScript } from './compile/prepare-script.ts';

/** Payload of the `O` frame. */
export interface OpenMessage {
  readonly name: string;
  readonly programUrl: string;
  readonly payload: Json;
  /** A script that cannot be used is the fault that each call of it ends in. */
  readonly slots: readonly SlotMessage[];
  readonly limits: ChildLimits;
}

export type SlotMessage =
  | { readonly ok: true; readonly script: PreparedScript }
  | { readonly ok: false; readonly fault: ScriptFault };

export interface ChildLimits {
  readonly timeoutMs: number;
  readonly hostCallMs: number;
}

/** Payload of the `B` frame. `items` are parsed inside the scripts' realm. */
export interface BatchMessage {
  readonly stage: string;
  readonly mode: ScriptMode;
  /** Send each result and each start of a script at once, so that a culprit is known exactly. */
  readonly careful: boolean;
  /** Index of the first item within the whole run. */
  readonly first: number;
  readonly items: readonly Json[];
}

/** Payload of the `C` frame. */
export interface CallMessage {
  readonly item: number;
  readonly name: string;
  readonly args: readonly Json[];
  readonly mode: ScriptMode;
}

/** Payload of the `Q` frame. */
export interface ModuleMessage {
  readonly request: string;
  readonly from: string | null;
  readonly purpose: 'require' | 'load';
}

/** Payload of the `A` frame that answers a `Q`. */
export type ModuleAnswer =
  | { readonly ok: true; readonly file: string; readonly code: string; readonly reach: RealmReach }
  | { readonly ok: false; readonly message: string };

/** One element of the `R` frame. `slot` is set when line and column are those of the rewritten text. */
export type ResultMessage = readonly [index: number, value: Json, fault?: ScriptFault, slot?: number | null];

/** Calls after which an object must not be worked on a second time. An action may do anything. */
const READING_CALLS: ReadonlySet<string> = new Set([
  'openidm.read',
  'openidm.query',
  'openidm.encrypt',
  'openidm.decrypt',
  'openidm.hash',
  'openidm.matches',
  'identityServer.getProperty',
  'identityServer.getWorkingLocation',
  'identityServer.getProjectLocation',
  'identityServer.getInstallLocation',
]);

export function isWritingCall(name: string): boolean {
  return !READING_CALLS.has(name);
}
