import vm from 'node:vm';

/** A regular expression of a configuration that cannot stop the process, whatever it is given. */
export interface LimitedPattern {
  /** It may take exponential time on some values, so that each match runs under the limit. */
  readonly isRisky: boolean;
  /** `too-slow`: it did not come to an end within the limit. */
  test(value: string): boolean | 'too-slow';
}

export const PATTERN_LIMIT_MS = 250;
/** Steps that are surely done within the limit. */
const HARMLESS_STEPS = 1e7;

/** Throws `SyntaxError` for what is no regular expression. A global or sticky one has a memory, so these flags are dropped. */
export function limitedPattern(source: string, flags = ''): LimitedPattern {
  const pattern = new RegExp(source, flags.replaceAll(/[gy]/g, ''));
  const { isRisky, repetitions, choices } = assessPattern(source);
  const isHarmless = ({ length }: string): boolean =>
    !isRisky && (length + 1) ** (repetitions + 1) * 2 ** choices <= HARMLESS_STEPS;
  return { isRisky, test: (value) => (isHarmless(value) ? pattern.test(value) : testWithin(pattern, value)) };
}

const script = new vm.Script('pattern.test(value)');
let realm: vm.Context | null = null;

/** The watchdog of `node:vm` interrupts matching, too. */
function testWithin(pattern: RegExp, value: string): boolean | 'too-slow' {
  realm ??= vm.createContext(Object.assign(Object.create(null) as object, { pattern: null, value: '' }));
  Object.assign(realm, { pattern, value });
  try {
    return script.runInContext(realm, { timeout: PATTERN_LIMIT_MS }) === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'too-slow';
    throw error;
  } finally {
    Object.assign(realm, { pattern: null, value: '' });
  }
}

interface Group {
  readonly isLookaround: boolean;
  /** It matches texts of different lengths, or in different ways. */
  varies: boolean;
}

interface Assessment {
  readonly isRisky: boolean;
  readonly repetitions: number;
  /** Places where one of two ways is taken. */
  readonly choices: number;
}

const TOKEN = /\\(?:(?<reference>[1-9]|k<)|[^])|\[(?:\\[^]|[^\]\\])*\]|\((?<look>\?<?[=!])?|\)|\||[^]/g;
const QUANTIFIER = /^(?:(?<sign>[*+?])|\{(?<least>\d+)(?<comma>,(?<most>\d*))?\})/;

/**
 * Looks for what makes matching exponential: a repeated group in which something varies, references back, and lookarounds in
 * which something varies. Of the rest it counts what the time grows with.
 */
function assessPattern(source: string): Assessment {
  const open: Group[] = [{ isLookaround: false, varies: false }];
  let [isRisky, repetitions, choices] = [false, 0, 0];
  for (const { 0: token, index, groups } of source.matchAll(TOKEN)) {
    if (token.startsWith('(')) {
      open.push({ isLookaround: groups?.['look'] !== undefined, varies: false });
      continue;
    }
    const { isRepeated, varies } = quantifierOf(source.slice(index + token.length, index + token.length + 30));
    const inner = token === ')' && open.length > 1 ? open.pop()! : null;
    isRisky ||= groups?.['reference'] !== undefined;
    isRisky ||= inner?.varies === true && (isRepeated || inner.isLookaround);
    open.at(-1)!.varies ||= varies || token === '|' || inner?.varies === true;
    if (varies && isRepeated) repetitions++;
    else if (varies || token === '|') choices++;
  }
  return { isRisky, repetitions, choices };
}

/** What stands behind a piece of a pattern: whether the piece may come more than once, and in different numbers. */
function quantifierOf(rest: string): { readonly isRepeated: boolean; readonly varies: boolean } {
  const match = QUANTIFIER.exec(rest);
  if (match === null) return { isRepeated: false, varies: false };
  const { sign, least, comma, most } = match.groups!;
  if (sign !== undefined) return { isRepeated: sign !== '?', varies: true };
  const limit = comma === undefined ? Number(least) : most === '' ? Infinity : Number(most);
  return { isRepeated: limit > 1, varies: limit !== Number(least) };
}
