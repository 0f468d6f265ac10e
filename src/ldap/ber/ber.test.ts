import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../testing/failure-of.ts';
import { BerReader } from './ber-reader.ts';
import { encodeBer } from './ber-writer.ts';

describe('numbers', () => {
  it.each([
    [0, '020100'],
    [1, '020101'],
    [127, '02017f'],
    [128, '02020080'],
    [256, '02020100'],
    [-1, '0201ff'],
    [-128, '020180'],
    [-129, '0202ff7f'],
    [2 ** 31 - 1, '02047fffffff'],
    [-(2 ** 31), '020480000000'],
    [2 ** 48, '020701000000000000'],
  ])('%d is %s', (number, hex) => {
    expect(encodeBer((writer) => writer.integer(number)).toString('hex')).toBe(hex);
    expect(new BerReader(Buffer.from(hex, 'hex')).integer()).toBe(number);
  });

  it('all safe ones come back', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        expect(new BerReader(encodeBer((writer) => writer.integer(number))).integer()).toBe(number);
      }),
    );
  });

  it.each(['0200', '0208010203040506070809', '02077fffffffffffff', '0201', '0301ff', '02820001'])(
    '%s is none',
    (hex) => {
      expect(() => new BerReader(Buffer.from(hex, 'hex')).integer()).toThrow(/what is not LDAP/);
    },
  );
});

describe('lengths', () => {
  it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 16_777_216])(
    '%d bytes come back, by the shortest length',
    (size) => {
      const value = Buffer.alloc(size, 7);
      const encoded = encodeBer((writer) => {
        const start = writer.open();
        writer.octets(value);
        writer.close(start);
      });
      const reader = new BerReader(encoded);
      reader.enter();
      expect(reader.octets().equals(value)).toBe(true);
      const bytesOfLength = size < 128 ? 1 : 1 + Math.ceil(Math.log2(size + 1) / 8);
      expect(reader.position - size - (encoded.length - reader.end)).toBeGreaterThan(bytesOfLength);
    },
  );

  it('with leading zeros are taken, as Active Directory writes them', () => {
    expect(new BerReader(Buffer.from('0484000000026869', 'hex')).text()).toBe('hi');
  });

  it.each([
    ['0480', 'an indefinite length'],
    ['0485000000000168', 'an endless length'],
    ['0482', 'a length is cut off'],
    ['04', 'a length is missing'],
    ['0403aabb', 'does not fit'],
    ['0484ffffffff', 'does not fit'],
  ])('%s is refused: %s', (hex, why) => {
    expect(() => new BerReader(Buffer.from(hex, 'hex')).octets()).toThrow(why);
  });

  it('of an element never reach beyond the one around it', () => {
    const reader = new BerReader(Buffer.from('30040404aabbccdd', 'hex'));
    reader.enter();
    expect(() => reader.octets()).toThrow('does not fit');
  });
});

it('an element that is passed over is behind', () => {
  const reader = new BerReader(Buffer.from('05000403616263020107', 'hex'));
  reader.skip();
  reader.skip();
  expect(reader.integer()).toBe(7);
});

it('any bytes are read, or refused; nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 6 }), (bytes, which) => {
      const reader = new BerReader(Buffer.from(bytes));
      const reads = [
        () => reader.integer(),
        () => reader.text(),
        () => reader.boolean(),
        () => reader.skip(),
        () => reader.enter(),
        () => reader.octets(),
        () => reader.enumerated(),
      ];
      expect([null, 'corrupt']).toContain(failureOf(reads[which]!));
      expect(reader.position).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2000 },
  );
});
