import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { ConfigFault, Connector, ConnectorConfig, ConnectorKind } from '../../connector/contract.ts';
import { compileObjectType, NAME } from '../../connector/object-type.ts';
import type { ObjectSet, ObjectWrite } from '../../model/object-set.ts';
import { MemorySet } from './memory-set.ts';

/**
 * Objects in memory, for tests and experiments. `configurationProperties`:
 * `objects`      initial objects by object type, as mappings see them: `{ "account": [ { "_id": "1", "mail": "…" } ] }`
 * `idAttribute`  native name of the attribute that is the id (default: `__NAME__`, where the type has it)
 */
export const memoryConnector: ConnectorKind = {
  connectorNames: ['memory'],
  knownProperties: ['objects'],
  check: (config) => [...checkObjects(config)],
  create: (config) => new MemoryConnector(config),
};

class MemoryConnector implements Connector {
  readonly name: string;
  readonly #config: ConnectorConfig;
  readonly #sets = new Map<string, MemorySet>();

  constructor(config: ConnectorConfig) {
    this.name = config.name;
    this.#config = config;
  }

  test(): Promise<void> {
    return Promise.resolve();
  }

  objectSet(type: string): ObjectSet {
    const set = this.#sets.get(type) ?? this.#build(type);
    this.#sets.set(type, set);
    return set;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #build(type: string): MemorySet {
    const config = Object.hasOwn(this.#config.objectTypes, type) ? this.#config.objectTypes[type] : undefined;
    if (config === undefined) throw new Failure('not-found', `system/${this.name} has no object type ${type}`);
    const { idAttribute } = this.#config.configurationProperties;
    const set = new MemorySet(
      `system/${this.name}/${type}`,
      compileObjectType(config),
      typeof idAttribute === 'string' ? idAttribute : NAME,
    );
    const initial = initialObjects(this.#config, type);
    // Nothing in a memory set waits for anything: the writes are done when `write` returns.
    void set.write(initial.map(creation));
    if (set.size !== initial.length)
      throw new Failure('bad-configuration', `system/${this.name}: not all initial objects of ${type} could be stored`);
    return set;
  }
}

function creation(object: JsonObject): ObjectWrite {
  const { _id: id, ...attributes } = object;
  return { kind: 'create', id: typeof id === 'string' ? id : null, object: attributes };
}

function initialObjects(config: ConnectorConfig, type: string): readonly JsonObject[] {
  const { objects } = config.configurationProperties;
  const list = isJsonObject(objects) && Object.hasOwn(objects, type) ? objects[type] : [];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function* checkObjects(config: ConnectorConfig): Iterable<ConfigFault> {
  const objects: Json | undefined = config.configurationProperties['objects'];
  if (objects === undefined) return;
  const pointer = '/configurationProperties/objects';
  if (!isJsonObject(objects)) {
    yield { severity: 'error', pointer, message: 'objects must be an object: object type → list of objects' };
    return;
  }
  for (const [type, list] of Object.entries(objects)) {
    if (!Object.hasOwn(config.objectTypes, type))
      yield { severity: 'error', pointer: `${pointer}/${type}`, message: `there is no object type ${type}` };
    if (!Array.isArray(list) || !list.every(isJsonObject))
      yield { severity: 'error', pointer: `${pointer}/${type}`, message: 'must be a list of objects' };
  }
}
