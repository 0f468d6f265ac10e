import vm from 'node:vm';
import type { ScriptFault, ScriptReads, ScriptSource } from '../../mapping/script-host.ts';
import type { Json } from '../../base/json.ts';
import { analyzeScript, type RealmReach } from './analyze-script.ts';
import { rewriteCompletion } from './completion.ts';
import { applyEdits, columnShifts, Edits, originalColumn, type ColumnShift } from './edits.ts';
import { VALUES_OF } from './hidden-names.ts';
import { scriptReads } from './script-reads.ts';
import { parseScript, type ForEachLoop, type ParsedScript, type SyntaxFault } from './parse-script.ts';

/** A script ready for the child process, which needs no parser of its own. */
export interface PreparedScript {
  readonly label: string;
  readonly file: string | null;
  /** Body of a function whose return value is the script's completion value. */
  readonly body: string;
  /** Parameters of that function, in the order: place, constants, hidden. */
  readonly variables: readonly string[];
  readonly constants: Readonly<Record<string, Json>>;
  readonly hidden: readonly string[];
  readonly mayMutate: boolean;
  readonly reach: RealmReach;
  readonly usesEval: boolean;
}

export interface Prepared {
  readonly script: PreparedScript;
  readonly reads: ScriptReads | null;
  /** From the position that the engine reports to the position in the script's own text. */
  locate(line: number, column: number): { readonly line: number; readonly column: number };
}

export function prepareScript(source: ScriptSource): Prepared | ScriptFault {
  if (!/^(text|application)\/(javascript|ecmascript)$|^js$|^javascript$/i.test(source.type)) return unsupported(source);
  const parsed = parseScript(source.code, { isModule: false });
  if (!('program' in parsed)) return syntaxFault(source, parsed);
  const traits = analyzeScript(parsed.program);
  if (traits.dynamicImport !== null) return importFault(source, parsed, traits.dynamicImport.start);
  const edits = new Edits();
  const hidden = [...rewriteCompletion(parsed.text, parsed.program, edits)];
  if (rewriteForEach(parsed.text, parsed.forEachLoops, edits)) hidden.push(VALUES_OF);
  const sorted = edits.sorted();
  const script: PreparedScript = {
    label: source.label,
    file: source.file,
    body: applyEdits(parsed.text, sorted),
    ...parametersOf(source, [...hidden, ...traits.implicitNames], traits.lexicalNames),
    mayMutate: traits.mayMutate,
    reach: traits.reach,
    usesEval: traits.usesEval,
  };
  const fault = engineFault(source, script);
  if (fault !== null) return fault;
  const shifts = columnShifts(parsed.text, sorted);
  const isApart = traits.reach === 'none' && !traits.usesEval;
  const reads = isApart ? scriptReads(parsed.program, script.variables, Object.keys(script.constants)) : null;
  return { script, reads, locate: (line, column) => locate(parsed, shifts, line, column) };
}

/** `for each (x in list)` → `for (x of lockstep$values(list))`. True when there was one. */
export function rewriteForEach(text: string, loops: readonly ForEachLoop[], edits: Edits): boolean {
  for (const { node, eachAt } of loops) {
    const inAt = node.left.end + text.slice(node.left.end, node.right.start).search(/\bin\b/);
    edits.replace(eachAt, eachAt + 'each'.length, '');
    edits.replace(inAt, inAt + 'in'.length, 'of');
    edits.open(node.right.start, `${VALUES_OF}(`);
    edits.close(node.right.end, ')');
  }
  return loops.length > 0;
}

type Parameters = Pick<PreparedScript, 'variables' | 'constants' | 'hidden'>;

/**
 * Each name once; a variable of the place hides a constant of the same name, and what the script declares itself hides
 * both. Names that are no identifiers are left out.
 */
function parametersOf(source: ScriptSource, hidden: readonly string[], declared: readonly string[]): Parameters {
  const taken = new Set(declared);
  const take = (name: string): boolean => !taken.has(name) && isVariableName(name) && taken.add(name) !== null;
  const variables = source.variables.filter(take);
  const constants = Object.entries(source.constants).filter(([name]) => take(name));
  return {
    variables,
    constants: Object.fromEntries(constants),
    hidden: [...hidden, 'require', 'load'].filter(take),
  };
}

function isVariableName(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && !RESERVED.has(name);
}

/** Also the words that only strict scripts reserve. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);

/** Acorn and V8 agree, but V8 has the last word. Nothing is run. */
function engineFault(source: ScriptSource, script: PreparedScript): ScriptFault | null {
  try {
    vm.compileFunction(script.body, [...script.variables, ...Object.keys(script.constants), ...script.hidden]);
    return null;
  } catch (thrown) {
    return syntaxFault(source, { line: 1, column: 1, message: (thrown as Error).message });
  }
}

function locate(
  parsed: ParsedScript,
  shifts: readonly ColumnShift[],
  line: number,
  column: number,
): { line: number; column: number } {
  const at = originalColumn(shifts, line, column);
  return { line, column: line === 1 ? Math.max(1, at - parsed.leading) : at };
}

function importFault(source: ScriptSource, parsed: ParsedScript, at: number): ScriptFault {
  const before = parsed.text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return syntaxFault(source, { line, column, message: '`import()` is not available in scripts: use `require`' });
}

function syntaxFault(source: ScriptSource, fault: SyntaxFault): ScriptFault {
  return { kind: 'syntax', place: source.label, file: source.file, ...fault };
}

function unsupported(source: ScriptSource): ScriptFault {
  const where = source.file === null ? 'inline script' : `file ${source.file}`;
  return {
    kind: 'unsupported',
    place: source.label,
    file: source.file,
    line: null,
    column: null,
    message: `${where} is of type "${source.type}", which cannot be run here: translate it to text/javascript`,
  };
}
