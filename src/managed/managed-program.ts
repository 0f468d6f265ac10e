import { setOwn, type Json, type JsonObject } from '../base/json.ts';
import type { CreateProgram, ProgramRuntime } from '../mapping/script-host.ts';
import type { ManagedHook } from './managed-config.ts';
import type { ManagedItem, ManagedPayload, ManagedStage, PropertySlots } from './managed-stages.ts';

type Stage = (item: ManagedItem) => Json;

/** What happens to one managed object at each stage. Runs inside the script host; a script that throws ends its object's stage. */
export const createProgram: CreateProgram = (json, runtime) => {
  const stages = compileStages(json as unknown as ManagedPayload, runtime);
  return { run: (stage, item) => stages[stage as ManagedStage](item as unknown as ManagedItem) };
};

function compileStages(payload: ManagedPayload, runtime: ProgramRuntime): Readonly<Record<ManagedStage, Stage>> {
  const hook = (name: ManagedHook) => compileHook(payload, runtime, name);
  const retrieve = (item: ManagedItem): void => {
    for (const property of payload.properties) compute(runtime, property, 'onRetrieve', item);
    hook('onRetrieve')(item);
  };
  const change = (name: 'onCreate' | 'onUpdate'): Stage => {
    const before = hook(name);
    return (item) => {
      before(item);
      prepare(payload, runtime, item);
      return item.object;
    };
  };
  return {
    create: change('onCreate'),
    update: change('onUpdate'),
    store: changing(hook('onStore')),
    delete: silent(hook('onDelete')),
    retrieve: changing(retrieve),
    read: changing((item) => {
      retrieve(item);
      hook('onRead')(item);
    }),
    query: changing(hook('onQueryResult')),
    postCreate: silent(hook('postCreate')),
    postUpdate: silent(hook('postUpdate')),
    postDelete: silent(hook('postDelete')),
    sync: silent(synced(payload, runtime)),
    action: (item) => {
      const slot = payload.actions[item.action ?? ''];
      if (slot === undefined) return null;
      const { resourceName } = item;
      return runtime.call(slot, { ...item.variables, ...variables(item), resourcePath: resourceName });
    },
  };
}

function changing(step: (item: ManagedItem) => void): Stage {
  return (item) => {
    step(item);
    return item.object;
  };
}

function silent(step: (item: ManagedItem) => void): Stage {
  return (item) => {
    step(item);
    return null;
  };
}

function compileHook(payload: ManagedPayload, runtime: ProgramRuntime, name: ManagedHook): (item: ManagedItem) => void {
  const slot = payload.hooks[name];
  if (slot === null) return () => {};
  return (item) => void runtime.call(slot, variables(item));
}

function synced(payload: ManagedPayload, runtime: ProgramRuntime): (item: ManagedItem) => void {
  const slot = payload.hooks.onSync;
  if (slot === null) return () => {};
  return (item) => void runtime.call(slot, { ...variables(item), ...item.variables });
}

/** `newObject` and `value` are the object itself: changing either is the same. */
function variables(item: ManagedItem): Record<string, unknown> {
  const { object, oldObject, request, resourceName, context } = item;
  return { object, newObject: object, value: object, oldObject, request, resourceName, context };
}

/** Steps 4 and 5 of §2.4 as far as scripts have a part in them. */
function prepare(payload: ManagedPayload, runtime: ProgramRuntime, item: ManagedItem): void {
  for (const property of payload.properties) if (property.isVirtual) compute(runtime, property, 'onRetrieve', item);
  for (const property of payload.properties)
    if (property.onValidate !== null) runtime.call(property.onValidate, propertyVariables(property, item));
  compileHook(payload, runtime, 'onValidate')(item);
  for (const property of payload.properties) compute(runtime, property, 'onStore', item);
}

/** The result of the script becomes the value; a property that is not there stays so if the script gives nothing. */
function compute(
  runtime: ProgramRuntime,
  property: PropertySlots,
  hook: 'onRetrieve' | 'onStore',
  item: ManagedItem,
): void {
  const slot = property[hook];
  const { object } = item;
  if (slot === null || object === null) return;
  const value = runtime.call(slot, propertyVariables(property, item));
  if (value !== null || Object.hasOwn(object, property.name)) setOwn(object, property.name, value);
}

function propertyVariables({ name }: PropertySlots, item: ManagedItem): Record<string, unknown> {
  const object: JsonObject = item.object ?? {};
  const property = Object.hasOwn(object, name) ? object[name]! : null;
  return { ...variables(item), property, propertyName: name };
}
