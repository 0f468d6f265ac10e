import type { Json } from '../base/json.ts';
import type { Expression } from './expression.ts';

/** What a BPMN file says about one process, apart from its flow, which the engine reads for itself. */
export interface ProcessDefinition {
  /** Id of the process element: what `_key` names. */
  readonly key: string;
  readonly name: string | null;
  /** Target namespace of the file. */
  readonly category: string | null;
  readonly description: string | null;
  /** Variable that gets the name of the user who starts it. */
  readonly initiator: string | null;
  readonly candidateStarterUsers: readonly string[];
  readonly candidateStarterGroups: readonly string[];
  readonly startForm: FormDefinition;
  readonly userTasks: ReadonlyMap<string, UserTaskDefinition>;
  /** Script tasks, and service tasks with what they do. */
  readonly works: ReadonlyMap<string, WorkDefinition>;
  /** Activities whose errors a boundary event, or an event sub-process around them, catches. */
  readonly guarded: ReadonlySet<string>;
  /** Messages and signals that are waited for, by the step that waits. */
  readonly events: ReadonlyMap<string, EventDefinition>;
  /** List and name of the element for activities that are carried out once for each element. */
  readonly loops: ReadonlyMap<string, LoopDefinition>;
  /** Nothing in it can take away what waits: what the engine said last is what is true. */
  readonly isPlain: boolean;
}

/** A text with `${…}` in it, ready to be evaluated. */
export interface Template {
  readonly text: string;
  readonly evaluate: Expression;
}

export interface FormDefinition {
  readonly key: string | null;
  readonly properties: readonly FormProperty[];
}

/** A field of a form, under the names that OpenIDM gives. */
export interface FormProperty {
  readonly id: string;
  readonly name: string | null;
  readonly type: string;
  readonly isRequired: boolean;
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** The process variable, if it is not called as the field. */
  readonly variable: string | null;
  readonly expression: Template | null;
  readonly default: Template | null;
  readonly datePattern: string | null;
  readonly values: readonly { readonly id: string; readonly name: string }[];
}

export interface UserTaskDefinition {
  readonly id: string;
  readonly name: Template | null;
  readonly description: Template | null;
  readonly assignee: Template | null;
  readonly owner: Template | null;
  readonly candidateUsers: readonly Template[];
  readonly candidateGroups: readonly Template[];
  readonly priority: Template | null;
  readonly dueDate: Template | null;
  readonly category: Template | null;
  readonly form: FormDefinition;
}

/** What a script task or service task does. */
export type WorkDefinition = {
  readonly id: string;
  readonly name: string | null;
  /** Variable that gets what comes out. */
  readonly resultVariable: string | null;
} & (
  | { readonly kind: 'script'; readonly language: string; readonly code: string; readonly line: number }
  | {
      readonly kind: 'action';
      readonly path: Template;
      readonly action: Template;
      readonly parameters: readonly NamedTemplate[];
      /** Members of the content; null: no content. */
      readonly content: readonly NamedTemplate[] | null;
    }
  /** It cannot be carried out here; `message` says why and what to do. */
  | { readonly kind: 'unsupported'; readonly message: string }
);

export interface NamedTemplate {
  readonly name: string;
  readonly value: Template;
}

export interface EventDefinition {
  readonly event: 'message' | 'signal';
  /** Of the message or signal; null: it has none. */
  readonly name: string | null;
}

export interface LoopDefinition {
  readonly collection: Template;
  readonly elementVariable: string;
}

/** Values of templates that must be text or nothing. */
export function textValue(value: Json): string | null {
  if (value === null || value === '') return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
