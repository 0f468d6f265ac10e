import type * as acorn from 'acorn';
import type { Edits } from './edits.ts';
import { savedName, VALUE } from './hidden-names.ts';

/**
 * Makes the completion value of a program (the value of the statement evaluated last, as `eval` would give it) the
 * return value of a function with the same body. The usual script ends in an expression: it becomes `return expression`.
 * Where control flow decides, each value is noted in a hidden variable, by the rules of ECMA-262 (UpdateEmpty): compound
 * statements start from undefined, declarations and blocks leave the value alone, `finally` restores it.
 *
 * Adds no line break, except one at the very end. Gives the names of the hidden variables it used.
 */
export function rewriteCompletion(text: string, program: acorn.Program, edits: Edits): readonly string[] {
  const state: State = { text, edits, hidden: [] };
  const body = program.body as acorn.Statement[];
  const directives = body.findIndex((statement) => !isDirective(statement));
  const split = directives < 0 ? body.length : directives;
  const isSure = rewriteTail(state, body.slice(split));
  const last = body[split - 1];
  if (!isSure && last !== undefined && isDirective(last)) noteDirective(state, last);
  if (state.hidden.length > 0) edits.close(text.length, `\nreturn ${VALUE}`);
  return state.hidden;
}

interface State {
  readonly text: string;
  readonly edits: Edits;
  readonly hidden: string[];
}

/** Statements after which the program ends. True when one of them certainly decides the value. */
function rewriteTail(state: State, list: readonly acorn.Statement[]): boolean {
  let isLast = true;
  for (let i = list.length - 1; i >= 0; i--) {
    const statement = list[i]!;
    if (isInert(statement)) continue;
    if (isLast ? rewriteLast(state, statement) : noteStatement(state, statement, false)) return true;
    isLast = false;
  }
  return false;
}

/** A statement after which nothing else runs: its value can be returned on the spot. */
function rewriteLast(state: State, statement: acorn.Statement): boolean {
  switch (statement.type) {
    case 'ExpressionStatement':
      state.edits.open(statement.start, 'return ');
      return true;
    case 'BlockStatement':
      return rewriteTail(state, statement.body);
    case 'IfStatement':
      rewriteLast(state, statement.consequent);
      if (statement.alternate) rewriteLast(state, statement.alternate);
      return true;
    case 'TryStatement':
      rewriteLastTry(state, statement);
      return true;
    default:
      return noteStatement(state, statement, false);
  }
}

/** What the block noted before it threw does not count; what `finally` evaluates never does. */
function rewriteLastTry(state: State, statement: acorn.TryStatement): void {
  rewriteTail(state, statement.block.body);
  if (!statement.handler) return;
  if (state.hidden.length > 0) state.edits.open(statement.handler.body.start + 1, `${VALUE}=void 0;`);
  rewriteTail(state, statement.handler.body.body);
}

/** Notes the value of a statement in the hidden variable. `mayBreak`: something around it can be left by `break`. */
function noteStatement(state: State, statement: acorn.Statement, mayBreak: boolean): boolean {
  switch (statement.type) {
    case 'ExpressionStatement':
      use(state, VALUE);
      state.edits.open(statement.expression.start, `${VALUE}=(`);
      state.edits.close(statement.expression.end, ')');
      return true;
    case 'BlockStatement':
      return noteList(state, statement.body, mayBreak);
    case 'LabeledStatement':
      return noteLabeled(state, statement, mayBreak);
    case 'IfStatement':
    case 'TryStatement':
    case 'WithStatement':
    case 'SwitchStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      noteCompound(state, statement, statement, mayBreak);
      return true;
    default:
      return false;
  }
}

function noteList(state: State, list: readonly acorn.Statement[], mayBreak: boolean): boolean {
  let isSure = false;
  for (let i = list.length - 1; i >= 0; i--) {
    if (isSure && !mayBreak) return true;
    isSure = noteStatement(state, list[i]!, mayBreak) || isSure;
  }
  return isSure;
}

/** A label must stay next to its loop, so the reset goes before the label. */
function noteLabeled(state: State, statement: acorn.LabeledStatement, mayBreak: boolean): boolean {
  let body: acorn.Statement = statement.body;
  while (body.type === 'LabeledStatement') body = body.body;
  if (isCompound(body)) {
    noteCompound(state, body, statement, true);
    return true;
  }
  const isSure = noteStatement(state, body, true);
  return isSure && !mayBreak && body.type === 'ExpressionStatement';
}

type Compound = acorn.IfStatement | acorn.TryStatement | acorn.WithStatement | acorn.SwitchStatement | Loop;
type Loop =
  | acorn.ForStatement
  | acorn.ForInStatement
  | acorn.ForOfStatement
  | acorn.WhileStatement
  | acorn.DoWhileStatement;

function noteCompound(state: State, statement: Compound, outermost: acorn.Statement, mayBreak: boolean): void {
  use(state, VALUE);
  state.edits.open(outermost.start, `{${VALUE}=void 0;`);
  if (statement.type === 'IfStatement') {
    noteStatement(state, statement.consequent, mayBreak);
    if (statement.alternate) noteStatement(state, statement.alternate, mayBreak);
  } else if (statement.type === 'TryStatement') noteTry(state, statement, mayBreak);
  else if (statement.type === 'WithStatement') noteStatement(state, statement.body, mayBreak);
  else if (statement.type === 'SwitchStatement')
    for (const one of statement.cases) noteList(state, one.consequent, true);
  else noteStatement(state, statement.body, true);
  state.edits.close(outermost.end, '}');
}

function noteTry(state: State, statement: acorn.TryStatement, mayBreak: boolean): void {
  noteList(state, statement.block.body, mayBreak);
  if (statement.handler) {
    state.edits.open(statement.handler.body.start + 1, `${VALUE}=void 0;`);
    noteList(state, statement.handler.body.body, mayBreak);
  }
  if (!statement.finalizer) return;
  const saved = savedName(state.hidden.length);
  use(state, saved);
  state.edits.open(statement.finalizer.start + 1, `${saved}=${VALUE};${VALUE}=void 0;`);
  noteList(state, statement.finalizer.body, mayBreak);
  state.edits.close(statement.finalizer.end - 1, `;${VALUE}=${saved};`);
}

function noteDirective(state: State, statement: acorn.ExpressionStatement): void {
  use(state, VALUE);
  const raw = state.text.slice(statement.expression.start, statement.expression.end);
  state.edits.close(statement.end, `;${VALUE}=${raw};`);
}

function use(state: State, name: string): void {
  if (!state.hidden.includes(name)) state.hidden.push(name);
}

function isCompound(statement: acorn.Statement): statement is Compound {
  return /^(If|Try|With|Switch|For|ForIn|ForOf|While|DoWhile)Statement$/.test(statement.type);
}

/** Does nothing when it is reached. */
function isInert(statement: acorn.Statement): boolean {
  return statement.type === 'FunctionDeclaration' || statement.type === 'EmptyStatement';
}

function isDirective(statement: acorn.Statement): statement is acorn.ExpressionStatement {
  return statement.type === 'ExpressionStatement' && typeof statement.directive === 'string';
}
