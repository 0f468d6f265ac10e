/** Names that mean something in every script: never variables that a request could give. */
const TAKEN: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  ...(
    'openidm identityServer logger print println java javax org com Packages load exports module require arguments this ' +
    'global undefined'
  ).split(' '),
]);

const MAX_NAMES = 500;

/** Names in a script's text that could be variables given to it from outside. */
export function freeNames(code: string): readonly string[] {
  const names = new Set(code.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
  return [...names].filter((name) => !TAKEN.has(name)).slice(0, MAX_NAMES);
}
