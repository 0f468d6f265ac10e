import type { Json, JsonObject } from '../base/json.ts';
import type { FormDefinition, FormProperty, Template } from '../workflow/process-definition.ts';

/** The fields of a form with their values, under the names that OpenIDM gives. */
export function formProperties({ properties }: FormDefinition, variables: JsonObject): Json {
  return properties.filter(({ isReadable }) => isReadable).map((property) => shown(property, variables));
}

function shown(property: FormProperty, variables: JsonObject): JsonObject {
  const { id, name, type, isRequired, isReadable, isWritable, values, datePattern } = property;
  return {
    _id: id,
    id,
    name,
    type: {
      name: type,
      ...(values.length === 0 ? {} : { values: Object.fromEntries(values.map((one) => [one.id, one.name])) }),
      ...(datePattern === null ? {} : { datePattern }),
    },
    value: valueOf(property, variables),
    required: isRequired,
    readable: isReadable,
    writable: isWritable,
  };
}

function valueOf({ id, variable, expression, default: fallback }: FormProperty, variables: JsonObject): Json {
  const value = expression === null ? (variables[variable ?? id] ?? null) : attempt(expression, variables);
  return value ?? (fallback === null ? null : attempt(fallback, variables));
}

/** What cannot be told yet is shown as nothing. */
function attempt(template: Template, variables: JsonObject): Json {
  try {
    return template.evaluate(variables);
  } catch {
    return null;
  }
}
