import { SaxesParser } from 'saxes';

/** An element of a BPMN file with its place. */
export interface XmlElement {
  /** Without a prefix. */
  readonly name: string;
  /** Namespace. */
  readonly space: string;
  /** Attributes by name; those of an extension as `activiti:name`, those of ours as `lockstep:name`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Everything between the tags that is no element. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

export interface XmlFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type ReadXml =
  | { readonly ok: true; readonly root: XmlElement }
  | { readonly ok: false; readonly fault: XmlFault };

export const BPMN = 'http://www.omg.org/spec/BPMN/20100524/MODEL';
/** What engines of this family call their extensions; all are read alike. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'http://activiti.org/bpmn': 'activiti',
  'http://flowable.org/bpmn': 'activiti',
  'http://camunda.org/schema/1.0/bpmn': 'activiti',
  'https://lockstep/bpmn': 'lockstep',
};
export const ACTIVITI = 'http://activiti.org/bpmn';

const MAX_ELEMENTS = 20_000;
const MAX_DEPTH = 100;

type Growing = Omit<XmlElement, 'children' | 'text'> & { children: XmlElement[]; text: string };

/** Reads an XML text into elements. Document types are refused, so that no entity can grow without end. */
export function readXml(xml: string): ReadXml {
  const reading = { open: [] as Growing[], root: null as XmlElement | null, count: 0, start: { line: 1, column: 1 } };
  const parser = new SaxesParser({ xmlns: true, position: true });
  const refuse = (message: string): never => {
    throw new RefusedXml({ line: parser.line, column: parser.column + 1, message });
  };
  parser.on('error', (error) => refuse(error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '')));
  parser.on('doctype', () => refuse('a document type is not allowed'));
  parser.on('opentagstart', () => {
    reading.start = { line: parser.line, column: parser.column + 1 };
  });
  parser.on('opentag', (tag) => {
    if (++reading.count > MAX_ELEMENTS) refuse(`it has more than ${MAX_ELEMENTS} elements`);
    if (reading.open.length >= MAX_DEPTH) refuse(`elements are nested more than ${MAX_DEPTH} deep`);
    const { local: name, uri: space, attributes } = tag;
    const element: Growing = {
      name,
      space: EXTENSIONS[space] === 'activiti' ? ACTIVITI : space,
      attributes: new Map(Object.values(attributes).map((one) => [attributeName(one), one.value])),
      children: [],
      text: '',
      ...reading.start,
    };
    reading.open.at(-1)?.children.push(element);
    reading.root ??= element;
    reading.open.push(element);
  });
  parser.on('closetag', () => void reading.open.pop());
  const addText = (text: string): void => {
    const element = reading.open.at(-1);
    if (element !== undefined) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  try {
    parser.write(xml.replace(/^\uFEFF/, '')).close();
  } catch (thrown) {
    if (thrown instanceof RefusedXml) return { ok: false, fault: thrown.fault };
    throw thrown;
  }
  if (reading.root === null) return { ok: false, fault: { line: 1, column: 1, message: 'it has no element' } };
  return { ok: true, root: reading.root };
}

function attributeName({ uri, local }: { readonly uri: string; readonly local: string }): string {
  const extension = EXTENSIONS[uri];
  return extension === undefined ? local : `${extension}:${local}`;
}

class RefusedXml extends Error {
  readonly fault: XmlFault;
  constructor(fault: XmlFault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** The first child of this name in the namespace of BPMN, or of an extension if that is said. */
export function childOf(element: XmlElement, name: string, space = BPMN): XmlElement | null {
  return element.children.find((child) => child.name === name && child.space === space) ?? null;
}

/** What is inside `extensionElements`, by name, of any extension. */
export function extensionsOf(element: XmlElement, name: string): readonly XmlElement[] {
  const inner = childOf(element, 'extensionElements');
  return inner?.children.filter((child) => child.name === name && child.space !== BPMN) ?? [];
}

/** The element and everything below it, in the order of the text. */
export function* walk(element: XmlElement): Iterable<XmlElement> {
  yield element;
  for (const child of element.children) yield* walk(child);
}
