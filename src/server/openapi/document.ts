import { setOwn, type JsonObject } from '../../base/json.ts';
import { describedPaths, undescribedPath } from './described-paths.ts';
import type { OperationDescriptor, PathDescriptor } from './descriptor.ts';
import { findPaths } from './find-operation.ts';
import { openSchemaBook } from './json-schema.ts';
import { managedPaths, type ManagedSchema } from './managed-schema.ts';
import { methodOperation, METHOD_OF, type DescribedMethod } from './operation-object.ts';
import { errorShape } from './shapes.ts';
import { systemPaths } from './system-paths.ts';

export interface DocumentOptions {
  readonly version: string;
  /** Of the server, without a path. */
  readonly url: string;
  /** Where the router has something mounted; what nobody described is described in general terms. */
  readonly prefixes: readonly string[];
  readonly managed: readonly ManagedSchema[];
  /** Replace or add to the built-in ones. */
  readonly extra: readonly PathDescriptor[];
}

/** Everything that is described: built in, of the project, and added. */
export function allDescriptors({
  prefixes,
  managed,
  extra,
}: Pick<DocumentOptions, 'prefixes' | 'managed' | 'extra'>): readonly PathDescriptor[] {
  const known = new Map<string, PathDescriptor>();
  for (const one of [...describedPaths(), ...managed.flatMap(managedPaths), ...extra]) known.set(one.path, one);
  for (const prefix of prefixes)
    if (!isDescribed(prefix, [...known.values()])) for (const one of undescribedPath(prefix)) known.set(one.path, one);
  return [...known.values()];
}

/** A prefix is described if it or anything below it is. */
export function isDescribed(prefix: string, descriptors: readonly PathDescriptor[]): boolean {
  return descriptors.some(({ path }) => path.startsWith(`${prefix}/`)) || findPaths(descriptors, prefix).length > 0;
}

/** The OpenAPI 3.1 document of a server. Only what is mounted is in it. */
export function openApiDocument(options: DocumentOptions): JsonObject {
  const book = openSchemaBook();
  const paths: JsonObject = systemPaths(book);
  for (const descriptor of allDescriptors(options)) {
    if (!isServed(descriptor.path, options.prefixes)) continue;
    setOwn(paths, `/openidm/${descriptor.path}`, pathItem(descriptor));
  }
  book.refer(errorShape);
  return {
    openapi: '3.1.0',
    info: { title: 'Lockstep', version: options.version, description: DESCRIPTION },
    servers: [{ url: options.url }],
    security: SECURITY,
    paths,
    components: { schemas: book.schemas, securitySchemes: SECURITY_SCHEMES, responses: RESPONSES },
  };

  function pathItem(descriptor: PathDescriptor): JsonObject {
    const item: JsonObject = {};
    const byMethod = Map.groupBy(descriptor.operations, ({ verb }: OperationDescriptor) => METHOD_OF[verb]);
    for (const [method, operations] of byMethod as Map<DescribedMethod, OperationDescriptor[]>)
      item[method] = methodOperation({ descriptor, method, operations, book });
    return item;
  }
}

/** Whether a template stands at or below something that is mounted, or is so open that it covers it. */
function isServed(template: string, prefixes: readonly string[]): boolean {
  const given = template.split('/');
  const isOpen = given[given.length - 1]!.startsWith('{');
  return prefixes.some((prefix) => {
    const wanted = prefix.split('/');
    if (wanted.length > given.length && !isOpen) return false;
    return given.slice(0, wanted.length).every((segment, at) => segment === wanted[at] || segment.startsWith('{'));
  });
}

const DESCRIPTION = [
  'Identity synchronization. The resource tree is under /openidm; every object has _id and, where revisions are kept, _rev.',
  'POST with _action=create is the same as without _action. Parameters whose names begin with _ are understood in any case.',
].join(' ');

/** A cookie alone lets reads through only; the header tells that no other site has sent the rest. */
const SECURITY = [{ basic: [] }, { bearer: [] }, { user: [], password: [] }, { session: [] }];

const SECURITY_SCHEMES: JsonObject = {
  basic: { type: 'http', scheme: 'basic' },
  bearer: { type: 'http', scheme: 'bearer' },
  user: { type: 'apiKey', in: 'header', name: 'X-OpenIDM-Username' },
  password: { type: 'apiKey', in: 'header', name: 'X-OpenIDM-Password' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'session-jwt',
    description:
      'Set by a log-in with user and password. All but reads need the header X-Requested-With, too, with any value.',
  },
};

const RESPONSES: JsonObject = {
  Failed: {
    description: 'The request failed.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
};
