import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyControls, anyEntry, anyId, anyRequest, anyResponse } from '../testing/arbitrary-message.ts';
import { failureOf } from '../testing/failure-of.ts';
import { copyEntry } from './copy-entry.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeMessage, type ServerResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse, type EntryValues, type ResponseValues } from './encode-response.ts';
import { LdapEntry } from './ldap-entry.ts';
import type { LdapValue } from './message.ts';

const RUNS = { numRuns: 500 };

describe('what was encoded comes back', () => {
  it('requests', () => {
    fc.assert(
      fc.property(anyId, anyRequest, anyControls, (id, operation, controls) => {
        expect(decodeRequest(encodeRequest(id, operation, controls))).toEqual({ id, operation, controls });
      }),
      RUNS,
    );
  });

  it('answers', () => {
    fc.assert(
      fc.property(anyId, anyResponse, (id, values) => {
        const decoded = decodeMessage(encodeResponse(id, values));
        expect(decoded.id).toBe(id);
        expect(plain(decoded.response)).toEqual(expected(values));
      }),
      RUNS,
    );
  });

  it('a copy of an entry is the entry, in memory of its own', () => {
    fc.assert(
      fc.property(anyEntry, (values) => {
        const message = encodeResponse(1, values);
        const copy = copyEntry(decodeMessage(message).response as LdapEntry);
        message.fill(0);
        expect(plain(copy)).toEqual(expected(values));
      }),
      RUNS,
    );
  });
});

describe('known messages', () => {
  it('an anonymous login', () => {
    const bind = { kind: 'bind', dn: '', authentication: { kind: 'simple', password: '' } } as const;
    expect(encodeRequest(1, bind, []).toString('hex')).toBe('300c020101600702010304008000');
  });

  it('unbind and abandon are primitive', () => {
    expect(encodeRequest(5, { kind: 'unbind' }, []).toString('hex')).toBe('30050201054200');
    expect(encodeRequest(6, { kind: 'abandon', messageId: 5 }, []).toString('hex')).toBe('3006020106500105');
    expect(encodeRequest(6, { kind: 'delete', dn: 'cn=a' }, []).toString('hex')).toBe('30090201064a04636e3d61');
  });

  it('parts that a later version of LDAP adds are passed over', () => {
    const message = Buffer.from('3012020101650b0a010004000400850278788500', 'hex');
    expect(decodeMessage(message).response).toMatchObject({ kind: 'result', operation: 'search', code: 0 });
  });

  it('an unknown operation is told as such', () => {
    expect(decodeMessage(Buffer.from('30050201017e00', 'hex')).response).toEqual({ kind: 'unknown', tag: 0x7e });
  });
});

describe('values of entries', () => {
  const entryOf = (...values: readonly LdapValue[]): LdapEntry =>
    decodeMessage(encodeResponse(1, { kind: 'entry', dn: 'cn=a', attributes: [{ name: 'jpegPhoto', values }] }))
      .response as LdapEntry;

  it('are bytes; text only for who asks for it', () => {
    const entry = entryOf(Buffer.from([0xff, 0xd8]), 'a');
    expect(
      entry
        .attribute('JPEGPHOTO')!
        .values()
        .map((value) => value.toString('hex')),
    ).toEqual(['ffd8', '61']);
    expect(() => entry.texts('jpegphoto')).toThrow('attribute jpegPhoto has a value that is not UTF-8 text');
  });

  it('keep a byte order mark, U+FFFD, and emptiness', () => {
    expect(entryOf('\u{FEFF}a', '\u{FFFD}', '').texts('jpegPhoto')).toEqual(['\u{FEFF}a', '\u{FFFD}', '']);
  });

  it('may be none', () => {
    const entry = entryOf();
    expect([
      entry.attribute('jpegPhoto')!.count,
      entry.text('jpegPhoto'),
      entry.text('mail'),
      entry.texts('mail'),
    ]).toEqual([0, null, null, []]);
  });

  it('a group of 100,000 members is read', () => {
    const members = Array.from({ length: 100_000 }, (_, i) => `uid=user${i},ou=people,dc=example,dc=org`);
    expect(entryOf(...members).texts('jpegPhoto')).toEqual(members);
  });
});

describe('hostile bytes', () => {
  const anyMessage = fc.oneof(
    fc.tuple(anyId, anyResponse).map(([id, values]) => encodeResponse(id, values)),
    fc.tuple(anyId, anyRequest, anyControls).map(([id, operation, controls]) => encodeRequest(id, operation, controls)),
  );
  const changes = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 5 });

  it('a changed message is read or refused, and what is read can be looked at', () => {
    fc.assert(
      fc.property(anyMessage, changes, fc.option(fc.nat({ max: 400 })), (message, edits, length) => {
        for (const [at, byte] of edits) if (at < message.length) message[at] = byte;
        const bytes = message.subarray(0, length ?? message.length);
        expect([null, 'corrupt']).toContain(failureOf(() => plain(decodeMessage(bytes).response)));
        expect([null, 'corrupt']).toContain(failureOf(() => decodeRequest(bytes)));
      }),
      { numRuns: 5000 },
    );
  });

  it('a filter that is nested endlessly is refused', () => {
    let filter: Buffer = Buffer.from('870161', 'hex');
    for (let depth = 0; depth < 5000; depth++) filter = wrapped(0xa2, filter);
    const head = Buffer.from('04000a01020a0100020100020100010100', 'hex');
    const operation = wrapped(0x63, Buffer.concat([head, filter, Buffer.from('3000', 'hex')]));
    const message = wrapped(0x30, Buffer.concat([Buffer.from('020101', 'hex'), operation]));
    expect(() => decodeRequest(message)).toThrow('nested too deeply');
  });
});

function wrapped(tag: number, contents: Buffer): Buffer {
  const length = Buffer.alloc(5);
  length[0] = 0x84;
  length.writeUInt32BE(contents.length, 1);
  return Buffer.concat([Buffer.from([tag]), length, contents]);
}

function plain(response: ServerResponse): unknown {
  if (!(response instanceof LdapEntry)) return response;
  const attributes = response.attributes.map((attribute) => ({ name: attribute.name, values: attribute.values() }));
  return { kind: 'entry', dn: response.dn, attributes, controls: response.controls };
}

function expected(values: ResponseValues): unknown {
  if (values.kind === 'entry') return expectedEntry(values);
  return values;
}

function expectedEntry({ attributes, ...rest }: EntryValues): unknown {
  return {
    ...rest,
    attributes: attributes.map(({ name, values }) => ({
      name,
      values: values.map((value) => Buffer.from(value as string)),
    })),
  };
}
