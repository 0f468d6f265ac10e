import { Failure } from '../base/failure.ts';

/** What a path under `repo` names. */
export type RepoPlace =
  /** `type` is the object type of the repository. `id` is `''` for the collection itself. */
  | { readonly kind: 'documents'; readonly collection: string; readonly type: string; readonly id: string }
  | { readonly kind: 'managed'; readonly collection: string; readonly type: string; readonly id: string }
  | { readonly kind: 'links'; readonly id: string };

/** How many segments name the collection where that is known: everything after them is the id, slashes and all. */
const KNOWN: readonly (readonly [prefix: readonly string[], length: number])[] = [
  [['managed'], 2],
  [['link'], 1],
  [['links'], 1],
  [['internal'], 2],
  [['synchronisation', 'deadLetterQueue'], 3],
  [['synchronisation'], 2],
  [['scheduler'], 2],
  [['cluster'], 2],
  [['ui'], 2],
  [['config'], 1],
  [['relationships'], 1],
];

const MAX_SEGMENTS = 8;
const MAX_LENGTH = 256;

/** One object. In a collection that is not known the last segment is the id. */
export function objectPlace(path: string): RepoPlace {
  const segments = path.split('/');
  const known = knownLength(segments);
  const length = known ?? segments.length - 1;
  const id = segments.slice(length).join('/');
  if (segments.length < length || length === 0 || (known !== null && id === ''))
    throw new Failure(
      'not-found',
      `repo/${path} is no object: query a collection with _queryFilter=true, or name an object as repo/<collection>/<id>`,
    );
  return placeOf(segments.slice(0, length).join('/'), id);
}

/** A collection: what is queried, and what new objects are put into. */
export function collectionPlace(path: string): RepoPlace {
  const segments = path.split('/');
  const known = knownLength(segments);
  if (path === '' || (known !== null && known !== segments.length))
    throw new Failure('not-found', `repo/${path} is no collection`);
  return placeOf(path, '');
}

/** Where `create` puts an object: the id may be given, and belongs after what the path has behind the collection. */
export function newPlace(
  path: string,
  newId: string | null,
): { readonly place: RepoPlace; readonly id: string | null } {
  const known = knownLength(path.split('/'));
  if (newId === null || known === null || known === path.split('/').length)
    return { place: collectionPlace(path), id: newId };
  const place = objectPlace(`${path}/${newId}`);
  return { place, id: place.id };
}

/** Whether ids in this collection may have slashes: not where the last segment of a path is taken for the id. */
export function takesSlashes(collection: string): boolean {
  return knownLength(collection.split('/')) !== null;
}

function knownLength(segments: readonly string[]): number | null {
  const found = KNOWN.find(([prefix]) => prefix.every((segment, i) => segments[i] === segment));
  return found?.[1] ?? null;
}

function placeOf(collection: string, id: string): RepoPlace {
  checkCollection(collection);
  if (collection === 'link' || collection === 'links') return { kind: 'links', id };
  const [first, second] = collection.split('/');
  if (first === 'managed') return { kind: 'managed', collection, type: second!, id };
  return { kind: 'documents', collection, type: documentType(collection), id };
}

/** Names of managed types have no slash, so that the two never meet. */
function documentType(collection: string): string {
  return `repo/${collection}`;
}

function checkCollection(collection: string): void {
  const segments = collection.split('/');
  const isUsable = segments.every((segment) => segment !== '' && segment.isWellFormed() && !hasControl(segment));
  if (isUsable && segments.length <= MAX_SEGMENTS && collection.length <= MAX_LENGTH) return;
  throw new Failure(
    'bad-request',
    `${JSON.stringify(`repo/${collection.slice(0, MAX_LENGTH)}`)} is no name of a collection: at most ${MAX_SEGMENTS} segments ` +
      `and ${MAX_LENGTH} characters, no empty segment, no control characters`,
  );
}

function hasControl(text: string): boolean {
  return [...text].some((letter) => letter < ' ' || letter === '\u007f');
}
