import { compileTemplate } from './expression.ts';
import type { FormDefinition, FormProperty, Template, UserTaskDefinition } from './process-definition.ts';
import { childOf, extensionsOf, walk, type XmlElement } from './xml-tree.ts';

/** Reports a fault of an element and goes on. */
export type Report = (element: XmlElement, severity: 'error' | 'warning', message: string, hint?: string) => void;

/** Who does a user task, with what form (Activiti's attributes, and the potential owners of BPMN itself). */
export function readUserTask(element: XmlElement, report: Report): UserTaskDefinition {
  const text = (name: string): Template | null =>
    readTemplate(element, element.attributes.get(`activiti:${name}`), report);
  const list = (name: string): readonly Template[] =>
    readList(element, element.attributes.get(`activiti:${name}`), report);
  const documentation = childOf(element, 'documentation')?.text.trim();
  const owners = potentialOwners(element, report);
  return {
    id: element.attributes.get('id') ?? '',
    name: readTemplate(element, element.attributes.get('name'), report),
    description: readTemplate(element, documentation, report),
    assignee: text('assignee') ?? humanPerformer(element, report),
    owner: text('owner'),
    candidateUsers: [...list('candidateUsers'), ...owners.users],
    candidateGroups: [...list('candidateGroups'), ...owners.groups],
    priority: text('priority'),
    dueDate: text('dueDate'),
    category: text('category'),
    form: readForm(element, report),
  };
}

export function readTemplate(element: XmlElement, text: string | undefined, report: Report): Template | null {
  if (text === undefined || text.trim() === '') return null;
  try {
    return { text, evaluate: compileTemplate(text.trim()) };
  } catch (error) {
    report(element, 'error', error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** Separated by commas that are not inside an expression. */
export function readList(element: XmlElement, text: string | undefined, report: Report): readonly Template[] {
  const parts = (text ?? '').match(/(?:[$#]\{[^}]*\}|[^,])+/g) ?? [];
  return parts.map((part) => readTemplate(element, part, report)).filter((one) => one !== null);
}

export function readForm(element: XmlElement, report: Report): FormDefinition {
  const properties = extensionsOf(element, 'formProperty').map((one) => readProperty(one, report));
  return {
    key: element.attributes.get('activiti:formKey') ?? null,
    properties: properties.filter((one) => one !== null),
  };
}

function readProperty(element: XmlElement, report: Report): FormProperty | null {
  const { attributes } = element;
  const id = attributes.get('id');
  if (id === undefined || id === '') {
    report(element, 'error', 'a form property has no id', 'Give it the name of the variable.');
    return null;
  }
  const flag = (name: string, fallback: boolean): boolean => {
    const value = attributes.get(name);
    return value === undefined ? fallback : value === 'true';
  };
  return {
    id,
    name: attributes.get('name') ?? null,
    type: attributes.get('type') ?? 'string',
    isRequired: flag('required', false),
    isReadable: flag('readable', true),
    isWritable: flag('writable', true) && flag('writeable', true),
    variable: attributes.get('variable') ?? null,
    expression: readTemplate(element, attributes.get('expression'), report),
    default: readTemplate(element, attributes.get('default'), report),
    datePattern: attributes.get('datePattern') ?? null,
    values: element.children
      .filter((child) => child.name === 'value')
      .map((child) => ({ id: child.attributes.get('id') ?? '', name: child.attributes.get('name') ?? '' })),
  };
}

/** `user(kermit), group(managers)`; a bare name is a group. */
function potentialOwners(
  element: XmlElement,
  report: Report,
): { readonly users: readonly Template[]; readonly groups: readonly Template[] } {
  const users: Template[] = [];
  const groups: Template[] = [];
  for (const owner of element.children.filter((child) => child.name === 'potentialOwner'))
    for (const part of readList(owner, expressionIn(owner), report)) {
      const named = /^\s*(user|group)\s*\((.*)\)\s*$/s.exec(part.text);
      const template = named === null ? part : readTemplate(owner, named[2], report);
      if (template !== null) (named?.[1] === 'user' ? users : groups).push(template);
    }
  return { users, groups };
}

function humanPerformer(element: XmlElement, report: Report): Template | null {
  const performer = element.children.find((child) => child.name === 'humanPerformer');
  return performer === undefined ? null : readTemplate(performer, expressionIn(performer), report);
}

function expressionIn(element: XmlElement): string | undefined {
  for (const inner of walk(element)) if (inner.name === 'formalExpression') return inner.text;
  return undefined;
}
