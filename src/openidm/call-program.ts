import type { Json, JsonObject } from '../base/json.ts';
import type { CreateProgram } from '../mapping/script-host.ts';

/** Runs in the script host. One script; an item is its variables, the result its completion value. */
export const createProgram: CreateProgram = (_payload: Json, runtime) => ({
  run: (_stage, item) => runtime.call(0, item as JsonObject),
});
