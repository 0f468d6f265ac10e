import type { Json, JsonObject } from '../base/json.ts';
import { compileTemplate, isTemplate, type Expression } from './expression.ts';
import type { ProcessDefinition } from './process-definition.ts';
import type { ActivityContent } from './process-program.ts';

/** What the engine asks for the value of an expression. */
export interface EngineExpressions {
  resolveExpression(template: unknown, message: { readonly content?: ActivityContent }): unknown;
  isExpression(text: string): boolean;
  hasExpression(text: string): boolean;
}

/** Evaluates the expressions of a flow over the variables of the process and those of the activity. */
export function expressionsOver(definition: ProcessDefinition, variables: () => JsonObject): EngineExpressions {
  const compiled = new Map<string, Expression>();
  return {
    resolveExpression: (template, { content }) => {
      if (typeof template !== 'string') return template;
      const text = template.trim();
      const known = compiled.get(text) ?? compileTemplate(text);
      compiled.set(text, known);
      return decided(
        known({ ...variables(), ...(content === undefined ? {} : localsOf(definition, content, variables())) }),
      );
    },
    isExpression: isTemplate,
    hasExpression: isTemplate,
  };
}

/** Conditions may come from forms, which know only texts. */
function decided(value: Json): Json {
  return value === 'false' ? false : value === 'true' ? true : value;
}

/** The variables of one activity: its element of a loop, `loopCounter`, and the same of sub-processes around it. */
export function localsOf(
  { loops }: Pick<ProcessDefinition, 'loops'>,
  content: ActivityContent,
  variables: JsonObject = {},
): JsonObject {
  const locals: JsonObject = {};
  const { parent } = content;
  for (const around of parent === undefined ? [] : [...(parent.path ?? []).toReversed(), parent]) {
    const loop = loops.get(around.id);
    const index = Number(/_(\d+)$/.exec(around.executionId ?? '')?.[1]);
    if (loop === undefined || Number.isNaN(index)) continue;
    const list = loop.collection.evaluate({ ...variables, ...locals });
    locals[loop.elementVariable] = Array.isArray(list) ? (list[index] ?? null) : null;
  }
  if (typeof content.index === 'number') locals['loopCounter'] = content.index;
  if (typeof content.loopCardinality === 'number') locals['nrOfInstances'] = content.loopCardinality;
  if (content.loopOutput !== undefined)
    locals['nrOfCompletedInstances'] = content.loopOutput.filter((one) => one !== undefined).length;
  const own = loops.get(content.id);
  if (own !== undefined && own.elementVariable in content)
    locals[own.elementVariable] = content[own.elementVariable] as Json;
  return locals;
}
