import type { NamedTemplate, WorkDefinition } from './process-definition.ts';
import { readTemplate, type Report } from './read-user-task.ts';
import { childOf, extensionsOf, type XmlElement } from './xml-tree.ts';

const JAVASCRIPT = /^(?:js|javascript|ecmascript|(?:text|application)\/(?:javascript|ecmascript))$/i;

/** What a script, service, send or business rule task does; what cannot be done here is told, and told again when it is reached. */
export function readWork(element: XmlElement, report: Report): WorkDefinition {
  const { attributes } = element;
  const common = {
    id: attributes.get('id') ?? '',
    name: attributes.get('name') ?? null,
    resultVariable: attributes.get('activiti:resultVariable') ?? attributes.get('activiti:resultVariableName') ?? null,
  };
  const unsupported = (message: string, hint: string): WorkDefinition => {
    report(element, 'warning', `${message}: the process stops with a failure when it gets there`, hint);
    return { ...common, kind: 'unsupported', message: `${message}. ${hint}` };
  };
  if (element.name === 'scriptTask') return readScript(element, common, unsupported);
  const [action] = extensionsOf(element, 'action');
  if (action !== undefined) return readAction(action, common, report);
  const way = ['class', 'delegateExpression', 'expression', 'type'].find((name) => attributes.has(`activiti:${name}`));
  const found = way === undefined ? 'nothing that it does' : `activiti:${way}="${attributes.get(`activiti:${way}`)}"`;
  return unsupported(
    `the ${element.name} "${common.id}" has ${found}, which cannot be run here`,
    'Make it a script task in JavaScript, or give it a lockstep:action.',
  );
}

type Common = Pick<WorkDefinition, 'id' | 'name' | 'resultVariable'>;

function readScript(
  element: XmlElement,
  common: Common,
  unsupported: (message: string, hint: string) => WorkDefinition,
): WorkDefinition {
  const language = element.attributes.get('scriptFormat') ?? 'javascript';
  const script = childOf(element, 'script');
  if (!JAVASCRIPT.test(language))
    return unsupported(
      `the script task "${common.id}" is written in ${language}, which cannot be run here`,
      'Write it in JavaScript, with scriptFormat="javascript".',
    );
  return { ...common, kind: 'script', language, code: script?.text ?? '', line: script?.line ?? element.line };
}

function readAction(element: XmlElement, common: Common, report: Report): WorkDefinition {
  const path = readTemplate(element, element.attributes.get('path'), report);
  const action = readTemplate(element, element.attributes.get('action'), report);
  if (path === null || action === null) {
    const message = `the lockstep:action of "${common.id}" needs "path" and "action"`;
    report(element, 'error', message, 'Such as path="sync" action="performAction".');
    return { ...common, kind: 'unsupported', message };
  }
  const named = (name: string): readonly NamedTemplate[] =>
    element.children
      .filter((child) => child.name === name)
      .map((child) => {
        const text = child.attributes.get('value') ?? child.text;
        const value = readTemplate(child, text, report) ?? { text: '', evaluate: () => '' };
        return { name: child.attributes.get('name') ?? '', value };
      });
  const content = named('content');
  return {
    ...common,
    resultVariable: element.attributes.get('resultVariable') ?? common.resultVariable,
    kind: 'action',
    path,
    action,
    parameters: named('parameter'),
    content: content.length === 0 ? null : content,
  };
}
