import type { Diagnostic } from '../base/diagnostic.ts';
import type { ProcessDefinition } from './process-definition.ts';
import { readProcess } from './read-process.ts';
import type { Report } from './read-user-task.ts';
import { BPMN, readXml, walk } from './xml-tree.ts';

/** What a BPMN file came to: the processes without errors, and everything that is wrong. */
export interface ReadFile {
  readonly processes: readonly ProcessDefinition[];
  readonly faults: readonly Diagnostic[];
}

/** `file` names it in messages. A process with an error is left out; warnings let it be. */
export function readBpmn(xml: string, file: string): ReadFile {
  const read = readXml(xml);
  if (!read.ok) {
    const { line, column, message } = read.fault;
    return { processes: [], faults: [{ severity: 'error', file, pointer: '', line, column, message }] };
  }
  const { root } = read;
  const faults: Diagnostic[] = [];
  const reportTo =
    (found: Diagnostic[]): Report =>
    ({ line, column }, severity, message, hint) =>
      void found.push({ severity, file, pointer: '', line, column, message, ...(hint === undefined ? {} : { hint }) });
  const report = reportTo(faults);
  if (root.space !== BPMN || root.name !== 'definitions') {
    report(root, 'error', `the file is not BPMN 2.0: it begins with "${root.name}"`, `The namespace is ${BPMN}.`);
    return { processes: [], faults };
  }
  const all = root.children.filter((child) => child.space === BPMN && child.name === 'process');
  if (all.length === 0) report(root, 'error', 'the file has no process');
  const processes = all.flatMap((element) => {
    if (element.attributes.get('isExecutable') === 'false') return [];
    const own: Diagnostic[] = [];
    const process = readProcess(element, root, reportTo(own));
    if (process.key === '') reportTo(own)(element, 'error', 'a process has no id', 'Its id is what starts it: _key.');
    faults.push(...own);
    return own.some(({ severity }) => severity === 'error') ? [] : [process];
  });
  checkIds([...walk(root)], report);
  return { processes: faults.some((one) => one.message.endsWith(TWICE)) ? [] : processes, faults };
}

const TWICE = 'is given twice';

function checkIds(
  elements: readonly { readonly attributes: ReadonlyMap<string, string>; readonly space: string }[],
  report: Report,
): void {
  const seen = new Set<string>();
  for (const element of elements) {
    const id = element.space === BPMN ? element.attributes.get('id') : undefined;
    if (id === undefined) continue;
    if (seen.has(id)) report(element as never, 'error', `the id "${id}" ${TWICE}`, 'Ids are unique in a file.');
    seen.add(id);
  }
}
