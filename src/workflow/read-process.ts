import { compileTemplate } from './expression.ts';
import type {
  EventDefinition,
  LoopDefinition,
  ProcessDefinition,
  UserTaskDefinition,
  WorkDefinition,
} from './process-definition.ts';
import { readForm, readList, readTemplate, readUserTask, type Report } from './read-user-task.ts';
import { readWork } from './read-work.ts';
import { BPMN, childOf, walk, type XmlElement } from './xml-tree.ts';

/** Elements of a flow that the engine carries out as they are meant. */
const ACTIVITIES = new Set(
  (
    'startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent task manualTask userTask scriptTask ' +
    'serviceTask sendTask businessRuleTask receiveTask subProcess transaction callActivity exclusiveGateway parallelGateway ' +
    'inclusiveGateway eventBasedGateway'
  ).split(' '),
);
/** Part of a process, and no step of it. */
const OTHERS = new Set(
  (
    'sequenceFlow association textAnnotation group laneSet documentation extensionElements dataObject dataObjectReference ' +
    'dataStoreReference ioSpecification property'
  ).split(' '),
);
const WORKS = new Set(['scriptTask', 'serviceTask', 'sendTask', 'businessRuleTask']);
/** They can take away what waits. */
const DISTURBING = new Set(
  'boundaryEvent eventBasedGateway subProcess transaction callActivity terminateEventDefinition multiInstanceLoopCharacteristics standardLoopCharacteristics cancelEventDefinition errorEventDefinition'.split(
    ' ',
  ),
);
const LISTENERS = new Set(['executionListener', 'taskListener']);

/** Reads a `process` element; what is wrong with it is reported. */
export function readProcess(element: XmlElement, root: XmlElement, report: Report): ProcessDefinition {
  const steps = stepsOf(element, report);
  const start = steps.find((step) => step.name === 'startEvent');
  checkFlows(element, steps, report);
  const named = <T>(wanted: (step: XmlElement) => boolean, read: (step: XmlElement, report: Report) => T) =>
    new Map(steps.filter(wanted).map((step): [string, T] => [idOf(step), read(step, report)]));
  const userTasks: ReadonlyMap<string, UserTaskDefinition> = named((step) => step.name === 'userTask', readUserTask);
  const works: ReadonlyMap<string, WorkDefinition> = named((step) => WORKS.has(step.name), readWork);
  const list = (name: string): readonly string[] =>
    readList(element, element.attributes.get(`activiti:${name}`), report).map(({ text }) => text.trim());
  return {
    key: idOf(element),
    name: element.attributes.get('name') ?? null,
    category: root.attributes.get('targetNamespace') ?? null,
    description: childOf(element, 'documentation')?.text.trim() ?? null,
    initiator: start?.attributes.get('activiti:initiator') ?? null,
    candidateStarterUsers: list('candidateStarterUsers'),
    candidateStarterGroups: list('candidateStarterGroups'),
    startForm: start === undefined ? { key: null, properties: [] } : readForm(start, report),
    userTasks,
    works,
    guarded: guardedSteps(element, steps),
    events: eventsOf(steps, root),
    loops: loopsOf(steps, report),
    isPlain: ![...walk(element)].some(({ name }) => DISTURBING.has(name)),
  };
}

function idOf(element: XmlElement): string {
  return element.attributes.get('id') ?? '';
}

/** Everything that is carried out, also inside sub-processes. */
function stepsOf(element: XmlElement, report: Report): readonly XmlElement[] {
  return element.children.flatMap((child) => {
    if (child.space !== BPMN || OTHERS.has(child.name)) return [];
    if (isPartOfStep(element, child)) return [];
    if (!ACTIVITIES.has(child.name)) {
      report(child, 'error', `the element "${child.name}" is not known here`, 'Take it out of the process.');
      return [];
    }
    if (idOf(child) === '') report(child, 'error', `a ${child.name} has no id`, 'Give it one.');
    for (const inner of child.children.flatMap((one) => one.children))
      if (LISTENERS.has(inner.name)) report(inner, 'warning', `a ${inner.name} is not run here`, 'Use a script task.');
    return [child, ...(isContainer(child) ? stepsOf(child, report) : [])];
  });
}

function isContainer({ name }: XmlElement): boolean {
  return name === 'subProcess' || name === 'transaction';
}

/** `incoming`, `multiInstanceLoopCharacteristics` … of the sub-process itself. */
function isPartOfStep(parent: XmlElement, child: XmlElement): boolean {
  return isContainer(parent) && /^(?:incoming|outgoing|.*LoopCharacteristics|.*Association)$/.test(child.name);
}

function checkFlows(element: XmlElement, steps: readonly XmlElement[], report: Report): void {
  const ids = new Set(steps.map(idOf));
  if (!steps.some((step) => step.name === 'startEvent') && steps.length > 0)
    report(
      element,
      'warning',
      `the process "${idOf(element)}" has no start event`,
      'It starts where nothing leads to.',
    );
  if (steps.length === 0) report(element, 'error', `the process "${idOf(element)}" has no steps`);
  for (const flow of walk(element)) {
    if (flow.space !== BPMN) continue;
    if (flow.name === 'sequenceFlow') checkFlow(flow, ids, report);
    if (/^time(?:Duration|Date|Cycle)$/.test(flow.name)) checkTimer(flow, report);
  }
}

function checkFlow(flow: XmlElement, ids: ReadonlySet<string>, report: Report): void {
  if (idOf(flow) === '') report(flow, 'error', 'a sequenceFlow has no id', 'Give it one.');
  for (const end of ['sourceRef', 'targetRef']) {
    const id = flow.attributes.get(end) ?? '';
    if (!ids.has(id)) report(flow, 'error', `the ${end} "${id}" of the flow "${idOf(flow)}" is no step of the process`);
  }
  const condition = childOf(flow, 'conditionExpression');
  if (condition === null) return;
  if (condition.attributes.has('language'))
    report(condition, 'error', 'a condition in a programming language is not run', 'Write it as ${…}.');
  readTemplate(condition, condition.text, report);
}

/** PT5M, P1Y2M, 2026-01-01T00:00:00Z, R3/PT1H */
const ISO_TIME = /^(?:R\d*\/)?(?:P[\dYMWDTHS.,]+|\d{4}-?\d\d.*)(?:\/.*)?$/;

function checkTimer(element: XmlElement, report: Report): void {
  const text = element.text.trim();
  try {
    compileTemplate(text);
  } catch (error) {
    report(element, 'error', error instanceof Error ? error.message : String(error));
    return;
  }
  if (!/[$#]\{/.test(text) && !ISO_TIME.test(text))
    report(
      element,
      'error',
      `the time "${text}" cannot be read`,
      'Write ISO 8601: PT5M, R3/PT1H, 2026-01-31T09:00:00Z.',
    );
}

/** Activities with an error boundary event, and everything inside a sub-process that has one, or an error event sub-process. */
function guardedSteps(element: XmlElement, steps: readonly XmlElement[]): ReadonlySet<string> {
  const guarded = new Set<string>();
  for (const step of steps)
    if (step.name === 'boundaryEvent' && childOf(step, 'errorEventDefinition') !== null)
      guarded.add(step.attributes.get('attachedToRef') ?? '');
  const visit = (place: XmlElement, isGuarded: boolean): void => {
    for (const child of place.children) {
      const isInner = isGuarded || guarded.has(idOf(child));
      if (isInner && idOf(child) !== '') guarded.add(idOf(child));
      visit(child, isInner || catchesErrors(place));
    }
  };
  visit(element, catchesErrors(element));
  return guarded;
}

function catchesErrors(element: XmlElement): boolean {
  return element.children.some(
    (child) =>
      child.attributes.get('triggeredByEvent') === 'true' &&
      child.children.some((inner) => inner.name === 'startEvent' && childOf(inner, 'errorEventDefinition') !== null),
  );
}

function eventsOf(steps: readonly XmlElement[], root: XmlElement): ReadonlyMap<string, EventDefinition> {
  const nameOf = (reference: string | undefined): string | null => {
    const local = reference?.slice(reference.indexOf(':') + 1);
    const found = root.children.find((child) => child.attributes.get('id') === local);
    return found?.attributes.get('name') ?? local ?? null;
  };
  const events = new Map<string, EventDefinition>();
  for (const step of steps) {
    const [message, signal] = [childOf(step, 'messageEventDefinition'), childOf(step, 'signalEventDefinition')];
    if (step.name === 'receiveTask')
      events.set(idOf(step), { event: 'message', name: nameOf(step.attributes.get('messageRef')) });
    if (!/^(?:intermediateCatch|boundary|start)Event$/.test(step.name)) continue;
    if (message !== null)
      events.set(idOf(step), { event: 'message', name: nameOf(message.attributes.get('messageRef')) });
    if (signal !== null) events.set(idOf(step), { event: 'signal', name: nameOf(signal.attributes.get('signalRef')) });
  }
  return events;
}

function loopsOf(steps: readonly XmlElement[], report: Report): ReadonlyMap<string, LoopDefinition> {
  const loops = new Map<string, LoopDefinition>();
  for (const step of steps) {
    const loop = childOf(step, 'multiInstanceLoopCharacteristics');
    const text = loop?.attributes.get('activiti:collection') ?? childText(loop, 'loopDataInputRef');
    if (loop === null || text === undefined) continue;
    const whole = /[$#]\{/.test(text) ? text : `\${${text}}`;
    const collection = readTemplate(loop, whole, report);
    const elementVariable =
      loop.attributes.get('activiti:elementVariable') ?? childName(loop, 'inputDataItem') ?? 'item';
    if (collection !== null) loops.set(idOf(step), { collection, elementVariable });
  }
  return loops;
}

function childText(element: XmlElement | null, name: string): string | undefined {
  return element === null ? undefined : childOf(element, name)?.text.trim();
}

function childName(element: XmlElement, name: string): string | undefined {
  return childOf(element, name)?.attributes.get('name');
}
