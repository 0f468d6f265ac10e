import type { RealmHost } from './realm.ts';

/**
 * The few Java classes that shipped scripts name; any other gives an error that says so. Rules of this folder: realm.ts.
 */

type Tree = { [name: string]: Tree | ((...args: unknown[]) => unknown) };

const RealmError = Error;
const RealmProxy = Proxy;
const RealmDate = Date;
const toPrimitive = String;
const encode = encodeURIComponent;
const ROOTS = ['java', 'javax', 'org', 'com'] as const;
const ABSENT = ['importClass', 'importPackage', 'JavaImporter', 'JavaAdapter'] as const;

/** Global names and their values. */
export function createJava(host: RealmHost, print: (text: string) => void): Readonly<Record<string, unknown>> {
  const tree = knownClasses(host, print);
  const globals: Record<string, unknown> = { Packages: packageProxy('', tree) };
  for (const root of ROOTS) globals[root] = packageProxy(root, tree[root] as Tree | undefined);
  for (const name of ABSENT) globals[name] = () => absent(name);
  return globals;
}

function knownClasses(host: RealmHost, print: (text: string) => void): Tree {
  const now = (): string => new RealmDate().toISOString();
  const formatDateTime = (date: unknown): string => new RealmDate(Number(date)).toISOString();
  const dateUtil: Tree = Object.freeze({ now, currentDateTime: now, formatDateTime });
  return {
    java: {
      lang: {
        System: {
          out: { println: (text) => print(toPrimitive(text)), print: (text) => print(toPrimitive(text)) },
          err: { println: (text) => print(toPrimitive(text)) },
          currentTimeMillis: () => RealmDate.now(),
          nanoTime: () => RealmDate.now() * 1_000_000,
        },
      },
      util: { UUID: { randomUUID: () => uuid(host) } },
      net: { URLEncoder: { encode: (text) => encode(toPrimitive(text)).replace(/%20/g, '+') } },
    },
    org: {
      forgerock: {
        openidm: { util: { DateUtil: { getDateUtil: () => dateUtil } } },
        http: { util: { Uris: { urlEncodePathElement: (text) => encode(toPrimitive(text)) } } },
        json: { resource: { ResourceException: {} } },
      },
    },
  };
}

function uuid(host: RealmHost): string {
  try {
    return host.randomUuid();
  } catch {
    throw new RealmError('no random id could be made');
  }
}

/** `java.text.SimpleDateFormat` can be named; using it is the error. */
function packageProxy(path: string, known: Tree | undefined): unknown {
  const missing = (): never => absent(path);
  // A target that can be called and constructed, so that both end in the same message.
  return new RealmProxy(function () {}, {
    get: (_target, key) => {
      if (typeof key === 'symbol') return key === Symbol.toPrimitive ? () => `[Java ${path}]` : undefined;
      const member = known !== undefined && Object.hasOwn(known, key) ? known[key] : undefined;
      if (typeof member === 'function') return member;
      return packageProxy(path === '' ? key : `${path}.${key}`, member);
    },
    apply: missing,
    construct: missing,
    set: () => false,
    defineProperty: () => false,
    getPrototypeOf: () => null,
  });
}

function absent(name: string): never {
  throw new RealmError(`${name} is not available: there is no Java here. Use JavaScript's own means or openidm.*`);
}
