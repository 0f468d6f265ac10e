const FEWEST_WRITES = 500;
const MOST_WRITES = 20_000;
const OBJECTS_PER_WRITE = 4;

/**
 * How many writes to collect for a file that every batch rewrites as a whole: batches that grow with the file (four for
 * a whole file of changes) keep the cost linear in its size.
 */
export function rewriteSize(objectCount: number): number {
  return Math.min(MOST_WRITES, Math.max(FEWEST_WRITES, Math.ceil(objectCount / OBJECTS_PER_WRITE)));
}
