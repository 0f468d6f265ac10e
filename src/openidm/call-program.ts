import type { Json, JsonObject } from '../base/json.ts';
import type { CreateProgram } from '../mapping/script-host.ts';

/**
 * Runs in the script host. One script; an item is its variables, the result its completion value. At the stage `callLive` also
 * the variables as the script has left them: `{value, variables}`.
 */
export const createProgram: CreateProgram = (_payload: Json, runtime) => ({
  run: (stage, item) => {
    const value = runtime.call(0, item as JsonObject);
    return stage === 'callLive' ? { value, variables: item } : value;
  },
});
