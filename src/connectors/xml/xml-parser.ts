import type { SaxesTagNS } from 'saxes';
import { Failure } from '../../base/failure.ts';
import { setOwn, type Json } from '../../base/json.ts';
import { NAME, UID, type NativeObject } from '../../connector/object-type.ts';
import { newSaxesParser } from './saxes-parser.ts';
import { ICF_NAMESPACE, RI_NAMESPACE, ROOT } from './xml-names.ts';

/** An object element of the file, with its place. Positions count UTF-16 units of the text. */
export interface XmlObject {
  /** Local name of the element, e.g. `__ACCOUNT__`. */
  readonly nativeType: string;
  /** `__UID__`, or else `__NAME__`. */
  readonly id: string | null;
  /** What stands in `__UID__`; null where the name is the id. */
  readonly uid: string | null;
  /** Null: the element is there, but empty. */
  readonly native: NativeObject;
  readonly line: number;
  /** Begins with the white space before the element. */
  readonly start: number;
  readonly end: number;
  /** Why this is no object; null if it is one. */
  readonly problem: string | null;
}

/** What is known when the document was read to its end. */
export interface XmlFrame {
  /** Where the last child of the root ends: the place for new objects. */
  readonly lastChildEnd: number;
  readonly rootIsSelfClosing: boolean;
  /** Prefix by namespace, as the root declares them. */
  readonly prefixes: ReadonlyMap<string, string>;
}

const MAX_DEPTH = 64;
/** For one text, one tag, and one object as a whole. */
const MAX_UNITS = 16 * 1024 * 1024;

/** Reads the text of a data file, piece by piece. Objects come out through `onObject` in their order. */
export class XmlParser {
  readonly #parser = newSaxesParser();
  readonly #shownPath: string;
  readonly #onObject: (object: XmlObject) => void;
  readonly #prefixes = new Map<string, string>();
  #depth = 0;
  #lastChildEnd = 0;
  #rootIsSelfClosing = false;
  #lastEventAt = 0;
  /** Of the object that is being read. */
  #line = 0;
  #native: NativeObject = {};
  #problem: string | null = null;
  #attribute = '';
  #text = '';

  constructor(shownPath: string, onObject: (object: XmlObject) => void) {
    this.#shownPath = shownPath;
    this.#onObject = onObject;
    const parser = this.#parser;
    parser.on('error', (error) => {
      throw this.#failure(error.message.replace(/^(\d+:\d+: )?/, ''));
    });
    parser.on('doctype', () => {
      throw this.#failure('a DOCTYPE is not accepted, as it may declare entities; remove it');
    });
    parser.on('opentag', (tag) => this.#open(tag));
    parser.on('text', (text) => this.#addText(text));
    parser.on('cdata', (text) => this.#addText(text));
    parser.on('closetag', (tag) => this.#close(tag));
    // saxes tells of a comment when it has read `--`, before the `>`.
    parser.on('comment', () => this.#endMarkup(1));
    parser.on('processinginstruction', () => this.#endMarkup(0));
  }

  write(text: string): void {
    this.#parser.write(text);
    if (this.#parser.position - this.#lastEventAt > MAX_UNITS)
      throw this.#failure(`a tag or text of more than ${MAX_UNITS} characters`);
  }

  /** Throws if the document is not complete. */
  end(): XmlFrame {
    this.#parser.close();
    return {
      lastChildEnd: this.#lastChildEnd,
      rootIsSelfClosing: this.#rootIsSelfClosing,
      prefixes: this.#prefixes,
    };
  }

  #open(tag: SaxesTagNS): void {
    this.#lastEventAt = this.#parser.position;
    this.#depth++;
    if (this.#depth > MAX_DEPTH) throw this.#failure(`elements are nested more than ${MAX_DEPTH} deep`);
    if (this.#depth === 1) this.#openRoot(tag);
    else if (this.#depth === 2) this.#openObject();
    else if (this.#depth === 3) {
      this.#attribute = tag.local;
      this.#text = '';
    } else this.#problem ??= `element ${this.#attribute} has elements inside`;
  }

  #openRoot(tag: SaxesTagNS): void {
    if (tag.local !== ROOT || tag.uri !== ICF_NAMESPACE)
      throw this.#failure(`the root element is ${tag.name}, not icf:${ROOT} of ${ICF_NAMESPACE}`);
    for (const [prefix, uri] of Object.entries(tag.ns)) this.#prefixes.set(uri, prefix);
    this.#rootIsSelfClosing = tag.isSelfClosing;
    this.#lastChildEnd = this.#parser.position;
  }

  #openObject(): void {
    this.#line = this.#parser.line;
    this.#native = {};
    this.#problem = null;
  }

  #addText(text: string): void {
    this.#lastEventAt = this.#parser.position;
    if (this.#depth === 3) this.#text += text;
    else if (this.#depth === 2 && text.trim() !== '') this.#problem ??= 'text outside of its elements';
    if (this.#text.length > MAX_UNITS) throw this.#failure(`a text of more than ${MAX_UNITS} characters`);
  }

  #close(tag: SaxesTagNS): void {
    this.#lastEventAt = this.#parser.position;
    if (this.#depth === 3) this.#addValue(tag);
    if (this.#depth === 2) this.#finishObject(tag);
    this.#depth--;
    this.#endMarkup(0);
  }

  #addValue(tag: SaxesTagNS): void {
    if (tag.uri !== ICF_NAMESPACE && tag.uri !== RI_NAMESPACE)
      this.#problem ??= `element ${tag.name} is of an unknown namespace`;
    const before = (Object.hasOwn(this.#native, tag.local) ? this.#native[tag.local] : null) ?? null;
    if (this.#text === '') this.#addEmpty(tag.local);
    else if (Array.isArray(before)) before.push(this.#text);
    else setOwn(this.#native, tag.local, before === null ? this.#text : [before, this.#text]);
  }

  /** An empty element has no value, but it keeps its place when the object is written again. */
  #addEmpty(name: string): void {
    if (name !== UID && name !== NAME && !Object.hasOwn(this.#native, name)) setOwn(this.#native, name, null);
  }

  #finishObject({ local }: SaxesTagNS): void {
    const { [UID]: uid, [NAME]: name, ...others } = this.#native;
    const id = uid ?? name ?? null;
    this.#problem ??= problemOf(uid, name);
    this.#onObject({
      nativeType: local,
      id: typeof id === 'string' ? id : null,
      uid: typeof uid === 'string' ? uid : null,
      native: name === undefined ? others : { [NAME]: name, ...others },
      line: this.#line,
      start: this.#lastChildEnd,
      end: this.#parser.position,
      problem: this.#problem,
    });
  }

  #endMarkup(unread: number): void {
    this.#lastEventAt = this.#parser.position;
    if (this.#depth === 1) this.#lastChildEnd = this.#parser.position + unread;
  }

  #failure(problem: string): Failure {
    const { line, column } = this.#parser;
    return new Failure(
      'incomplete-read',
      `${this.#shownPath}:${line}:${column + 1}: ${problem}; correct the document or write it again completely`,
    );
  }
}

function problemOf(uid: Json | undefined, name: Json | undefined): string | null {
  if (name === undefined) return `it has no ${NAME}`;
  if (typeof name !== 'string') return `it has more than one ${NAME}`;
  return uid === undefined || typeof uid === 'string' ? null : `it has more than one ${UID}`;
}
