import { Failure, messageOf } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { ProcessDefinition } from './process-definition.ts';
import { withFarTimers } from './far-timers.ts';

/** A process as the engine runs it. Read once, used for every instance; it is never changed. */
export interface ProcessProgram {
  readonly definition: ProcessDefinition;
  readonly source: ProgramSource;
}

/** The flow as the engine keeps it. */
export interface ProgramSource {
  readonly id?: string;
}

/** An activity that asks for work outside of the engine, and how the engine is told what came of it. */
export type AskForWork = (content: ActivityContent, done: WorkDone) => void;
export type WorkDone = (error: Error | null, output?: Json) => void;

/** What the engine says about the activity that it is at. */
export interface ActivityContent {
  readonly id: string;
  readonly executionId: string;
  readonly type: string;
  readonly index?: number;
  readonly loopCardinality?: number;
  readonly loopOutput?: readonly unknown[];
  readonly parent?: ParentContent & { readonly path?: readonly ParentContent[] };
  readonly [name: string]: unknown;
}

interface ParentContent {
  readonly id: string;
  readonly executionId?: string;
}

const WORKS = new Set(['bpmn:ServiceTask', 'bpmn:SendTask', 'bpmn:BusinessRuleTask']);

/** Throws `Failure('bad-configuration')` for a flow that the engine does not take. */
export async function compileProcess(xml: string, definition: ProcessDefinition): Promise<ProcessProgram> {
  try {
    const { Engine } = await import('bpmn-engine');
    const engine = new Engine({
      name: definition.key,
      source: xml,
      extendFn: (element) => extend(element, definition),
    });
    const [loaded] = await engine.getDefinitions();
    const source = loaded?.environment.options['source'] as ProgramSource;
    withFarTimers(source);
    return { definition, source };
  } catch (error) {
    throw new Failure('bad-configuration', `the process "${definition.key}" cannot be run: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

interface BpmnElement {
  readonly id?: string;
  readonly $type?: string;
  isExecutable?: boolean;
  implementation?: string;
  loopCharacteristics?: { behaviour: Record<string, unknown> };
}

function extend(given: unknown, { key, loops }: ProcessDefinition): Record<string, unknown> {
  const element = given as BpmnElement;
  if (element.$type === 'bpmn:Process') element.isExecutable = element.id === key;
  const loop = loops.get(element.id ?? '');
  if (loop !== undefined && element.loopCharacteristics !== undefined)
    Object.assign(element.loopCharacteristics.behaviour, {
      collection: loop.collection.text,
      elementVariable: loop.elementVariable,
    });
  if (!WORKS.has(element.$type ?? '')) return {};
  delete element.implementation;
  return { Service: OutsideWork };
}

interface Activity {
  readonly environment: { readonly services: { readonly work?: AskForWork } };
}

function OutsideWork(activity: Activity): unknown {
  return {
    type: 'lockstep:work',
    execute: ({ content }: { readonly content: ActivityContent }, done: WorkDone) =>
      activity.environment.services.work?.(content, done),
  };
}
