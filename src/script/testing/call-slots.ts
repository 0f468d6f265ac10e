import type { Json, JsonObject } from '../../base/json.ts';
import type { CreateProgram } from '../../mapping/script-host.ts';

/**
 * A program for tests. Stage `call`: `item` is `{slot, variables}`; gives `{value, variables}`, the latter as the script
 * left them. Stage `every`: calls all slots with the item as `source` and gives the values.
 */
export const createProgram: CreateProgram = (payload, runtime) => ({
  run: (stage, item) => {
    if (stage === 'every') {
      const values: Json[] = [];
      for (let slot = 0; slot < Number(payload); slot++) values.push(runtime.call(slot, { source: item }));
      return values;
    }
    const { slot, variables } = item as { slot: number; variables: JsonObject };
    return { value: runtime.call(slot, variables), variables };
  },
});
