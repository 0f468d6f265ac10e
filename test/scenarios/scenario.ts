import type { JsonObject } from '../../src/base/json.ts';

/** One world, the entries of a run over it, and the world after it. `hr` → `managed/user`, correlated by `key`. */
export interface Scenario {
  readonly is: string;
  readonly source?: string;
  readonly target?: string;
  readonly links?: string;
  readonly mapping?: JsonObject;
  readonly entries: readonly string[];
  readonly after?: string;
  readonly linksAfter?: string;
}

export const BASE: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  correlateEmptyTargetSet: true,
  correlationQuery: {
    type: 'text/javascript',
    file: 'ui/correlateTreeToQueryFilter.js',
    mapping: 'm',
    expressionTree: { all: ['key'] },
  },
  properties: [
    { source: 'key', target: 'key' },
    { source: 'name', target: 'name' },
  ],
};

export const policy = (situation: string, action: string): JsonObject => ({ policies: [{ situation, action }] });
export const INVALID: JsonObject = { sourceCondition: '/source/status eq "on"' };
