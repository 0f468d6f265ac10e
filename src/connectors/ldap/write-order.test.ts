import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder, writeOrder, type WritePlace } from './write-order.ts';

const at = (path: string, ...keys: string[]): WritePlace => {
  const names = path.split(',');
  return { keys, paths: [names.map((_, i) => names.slice(i).join(','))] };
};

describe('the order of writes', () => {
  it.each<[string, WritePlace[], number[][]]>([
    ['others do not wait', [at('a,x'), at('b,x'), at('c,y')], [[], [], []]],
    ['the same entry waits', [at('a,x'), at('a,x'), at('a,x')], [[], [0], [1]]],
    ['what is below waits for what is above', [at('x'), at('a,x'), at('b,a,x')], [[], [0], [0, 1]]],
    ['what is above waits for what is below', [at('b,a,x'), at('c,x'), at('x')], [[], [], [0, 1]]],
    ['the same id waits', [at('a', 'id'), at('b', 'id')], [[], [0]]],
  ])('%s', (_, places, expected) => {
    expect(writeOrder(places).map((before) => before.toSorted())).toEqual(expected);
  });

  it('keeps related writes apart and in order, whatever they are', async () => {
    const name = fc
      .array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 })
      .map((parts) => [...parts, 'x'].join(','));
    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 12 }), async (names) => {
        const running = new Set<number>();
        const done: number[] = [];
        const isRelated = (a: string, b: string): boolean => a === b || a.endsWith(`,${b}`) || b.endsWith(`,${a}`);
        await inOrder(writeOrder(names.map((one) => at(one))), async (i) => {
          for (const k of running) if (isRelated(names[i]!, names[k]!)) throw new Error(`${i} beside ${k}`);
          for (let k = 0; k < i; k++)
            if (isRelated(names[i]!, names[k]!) && !done.includes(k)) throw new Error(`${i} before ${k}`);
          running.add(i);
          await new Promise((resolve) => setImmediate(resolve));
          running.delete(i);
          done.push(i);
        });
        return done.length === names.length;
      }),
    );
  });
});
