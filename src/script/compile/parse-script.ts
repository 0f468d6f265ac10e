import * as acorn from 'acorn';

export interface ParsedScript {
  /** The text that was parsed: the script's own, or the same in parentheses. */
  readonly text: string;
  /** Characters before the script's own text on its first line: 1 for the parenthesis. */
  readonly leading: number;
  readonly program: acorn.Program;
  readonly forEachLoops: readonly ForEachLoop[];
}

/** `for each (x in list)`, which the old Rhino engine knew: it visits values instead of names. */
export interface ForEachLoop {
  readonly node: acorn.ForInStatement;
  /** Where the word `each` starts. */
  readonly eachAt: number;
}

export interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const MAX_LENGTH = 2 * 1024 * 1024;

/**
 * Parses a script as a sloppy-mode program in which `return` is tolerated. A text such as `{'_queryFilter': '…'}` is no
 * statement; it is taken as the object that its author meant.
 */
export function parseScript(text: string, options: { readonly isModule: boolean }): ParsedScript | SyntaxFault {
  if (text.length > MAX_LENGTH)
    return { line: 1, column: 1, message: `the script is longer than ${MAX_LENGTH} characters` };
  const first = tryParse(text);
  if ('program' in first || options.isModule || !text.trimStart().startsWith('{')) return first;
  const inner = text.trimEnd().replace(/;+$/, '');
  const second = tryParse(`(${inner})`);
  return 'program' in second ? { ...second, leading: 1 } : first;
}

/** The internals of acorn's parser that the `for each` extension touches. */
interface ParserInternals {
  input: string;
  readonly start: number;
  readonly end: number;
  parseForStatement(node: acorn.Node): acorn.Node;
}

function tryParse(text: string): ParsedScript | SyntaxFault {
  const forEachLoops: ForEachLoop[] = [];
  try {
    const program = parserWithForEach(forEachLoops).parse(text, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowReturnOutsideFunction: true,
      allowHashBang: true,
    });
    return { text, leading: 0, program, forEachLoops };
  } catch (thrown) {
    return syntaxFaultOf(thrown);
  }
}

function parserWithForEach(found: ForEachLoop[]): typeof acorn.Parser {
  const Base = acorn.Parser as unknown as new (...args: never[]) => ParserInternals;
  class ForEachParser extends Base {
    override parseForStatement(node: acorn.Node): acorn.Node {
      const word = /^\s+each(?=\s*\()/.exec(this.input.slice(this.end, this.end + 200));
      if (word === null) return super.parseForStatement(node);
      const eachAt = this.end + word[0].length - 'each'.length;
      this.input = `${this.input.slice(0, eachAt)}    ${this.input.slice(eachAt + 4)}`;
      const loop = super.parseForStatement(node) as acorn.ForInStatement;
      if (loop.type === 'ForInStatement') found.push({ node: loop, eachAt });
      else throw Object.assign(new SyntaxError('`for each` needs `in`'), { pos: eachAt });
      return loop;
    }
  }
  return ForEachParser as unknown as typeof acorn.Parser;
}

function syntaxFaultOf(thrown: unknown): SyntaxFault {
  if (thrown instanceof RangeError) return { line: 1, column: 1, message: 'the script is nested too deeply' };
  if (!(thrown instanceof SyntaxError)) throw thrown;
  const { loc } = thrown as SyntaxError & { readonly loc?: { readonly line: number; readonly column: number } };
  return {
    line: loc?.line ?? 1,
    column: (loc?.column ?? 0) + 1,
    message: thrown.message.replace(/ \(\d+:\d+\)$/, ''),
  };
}
