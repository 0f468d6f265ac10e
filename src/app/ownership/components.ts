/**
 * The strongly connected components of a graph that have a cycle: each a set of nodes that can all reach each other, in the order
 * of `nodes`. A node alone counts only if it leads to itself.
 */
export function components<T>(nodes: readonly T[], edges: (node: T) => readonly T[]): readonly (readonly T[])[] {
  const known = new Map(nodes.map((node) => [node, edges(node)]));
  const next = (node: T): readonly T[] => known.get(node) ?? [];
  const before = new Map<T, T[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) for (const following of next(node)) before.get(following)?.push(node);
  const order = finishingOrder(nodes, next);
  const position = new Map(nodes.map((node, i) => [node, i]));
  const seen = new Set<T>();
  const found: T[][] = [];
  for (const root of order.toReversed()) {
    const members = reach(root, (node) => before.get(node) ?? [], seen);
    if (members.length > 1 || (members.length === 1 && next(root).includes(root)))
      found.push(members.toSorted((a, b) => position.get(a)! - position.get(b)!));
  }
  return found;
}

/** Each node after everything that it leads to and that was not finished before. */
function finishingOrder<T>(nodes: readonly T[], next: (node: T) => readonly T[]): readonly T[] {
  const order: T[] = [];
  const seen = new Set<T>();
  for (const start of nodes) {
    if (seen.has(start)) continue;
    seen.add(start);
    const stack = [{ node: start, left: [...next(start)] }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const following = top.left.pop();
      if (following === undefined) order.push(stack.pop()!.node);
      else if (!seen.has(following)) {
        seen.add(following);
        stack.push({ node: following, left: [...next(following)] });
      }
    }
  }
  return order;
}

/** What can be reached from a node and was not seen; notes it as seen. */
export function reach<T>(from: T, next: (node: T) => readonly T[], seen: Set<T> = new Set<T>()): T[] {
  const members: T[] = [];
  const waiting = seen.has(from) ? [] : [from];
  seen.add(from);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    members.push(node);
    for (const following of next(node))
      if (!seen.has(following)) {
        seen.add(following);
        waiting.push(following);
      }
  }
  return members;
}
