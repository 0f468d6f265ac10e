import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { encodeResponse } from '../codec/encode-response.ts';
import { anyResponse } from '../testing/arbitrary-message.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { openTo } from '../testing/open-to.ts';

const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(0, 2, 3, 9), anyResponse).map(([id, one]) => encodeResponse(id, one)),
  },
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
);
const edits = fc.array(fc.tuple(fc.nat({ max: 500 }), fc.nat({ max: 255 })), { maxLength: 4 });

it('whatever a server sends, and however it is cut, every call ends, and ends as a Failure or with an answer', async () => {
  let reply: readonly Buffer[] = [];
  const server = await startFakeServer(({ operation }, { socket }) => {
    if (operation.kind !== 'compare') return;
    for (const part of reply) socket.write(part);
    socket.end();
  });
  const property = fc.asyncProperty(
    fc.array(piece, { maxLength: 6 }),
    edits,
    fc.nat({ max: 300 }),
    async (parts, changes, cut) => {
      const bytes = Buffer.concat(parts);
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
      reply = [bytes.subarray(0, cut), bytes.subarray(cut)];
      const connection = await openTo(server);
      const outcomes = await Promise.allSettled([
        (async () => {
          for await (const items of connection.search({ base: '' })) for (const item of items) look(item);
        })(),
        connection.compare('cn=a', 'cn', 'a'),
      ]);
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(reasons.filter((reason) => !(reason instanceof Failure))).toEqual([]);
      connection.close();
    },
  );
  await fc.assert(property, { numRuns: 400 });
  await server.dispose();
});

function look(item: object): void {
  if (!('attributes' in item)) return;
  for (const attribute of item.attributes as { values(): readonly Buffer[] }[]) attribute.values();
}
