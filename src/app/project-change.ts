import { deepEqual, type Json, type JsonObject } from '../base/json.ts';
import type { ProjectConfig } from './config/project-config.ts';

/** What is different between two readings of a project. Names of what was added, changed or removed. */
export interface ProjectChange {
  readonly before: ProjectConfig;
  readonly after: ProjectConfig;
  readonly mappings: readonly string[];
  /** By the name under `system`. */
  readonly connectors: readonly string[];
  readonly managed: readonly string[];
  /** By the name under `endpoint`. */
  readonly endpoints: readonly string[];
  /** Ids of all configuration files that differ, those of the above included. */
  readonly documents: readonly string[];
  /** `conf/boot/boot.properties` differs. */
  readonly bootProperties: boolean;
  /** Something under `script/` differs. */
  readonly scripts: boolean;
}

/** Null: nothing is different. */
export function projectChange(
  before: ProjectConfig,
  after: ProjectConfig,
  hasNewScripts: boolean,
): ProjectChange | null {
  const documents = changedKeys(valuesById(before), valuesById(after));
  const [old, now] = [parts(before), parts(after)];
  const change: ProjectChange = {
    before,
    after,
    mappings: changedKeys(old.mappings, now.mappings),
    connectors: changedKeys(old.connectors, now.connectors),
    managed: changedKeys(old.managed, now.managed),
    endpoints: documents.filter((id) => id.startsWith('endpoint/')).map((id) => id.slice('endpoint/'.length)),
    documents,
    bootProperties: !deepEqual(before.bootProperties as JsonObject, after.bootProperties as JsonObject),
    scripts: hasNewScripts,
  };
  const lists = [change.mappings, change.connectors, change.managed, documents];
  return lists.some((list) => list.length > 0) || change.bootProperties || hasNewScripts ? change : null;
}

function valuesById(config: ProjectConfig): ReadonlyMap<string, Json> {
  return new Map(Object.values(config.documents).map(({ id, value }) => [id, value]));
}

/** What other files add to it counts too: limits, indexed attributes. Where it stands in its file does not. */
function parts(config: ProjectConfig): Record<'mappings' | 'connectors' | 'managed', ReadonlyMap<string, Json>> {
  const { mappings, connectors, managed } = config;
  return {
    mappings: new Map(mappings.map(({ name, raw, guard }) => [name, [raw, { ...guard }] as unknown as Json])),
    connectors: new Map(connectors.map(({ name, raw }) => [name, raw])),
    managed: new Map(managed.map(({ name, raw, searchable }) => [name, [raw, [...searchable]]])),
  };
}

function changedKeys(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): readonly string[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((key) => !deepEqual(before.get(key), after.get(key)));
}
