import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { addressFault } from '../../resource/addressable.ts';
import { allParameters, readParameters } from './parameters.ts';
import { formatResourcePath, readResourcePath } from './resource-path.ts';

const segment = fc
  .string({ minLength: 1, unit: 'binary' })
  .filter(
    (text) => text.isWellFormed() && !text.includes('\0') && !text.split('/').some((part) => /^\.\.?$/.test(part)),
  );

describe('readResourcePath', () => {
  it('reads every id that was encoded', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const { path, parent, last } = readResourcePath(`/${formatResourcePath(segments)}`);
        expect(path).toBe(segments.join('/'));
        expect(last).toBe(segments.at(-1));
        expect(parent).toBe(segments.slice(0, -1).join('/'));
      }),
    );
  });

  it('never lets a dot segment through, and fails only with a failure', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '%2E',
      '%2f',
      '/',
      'a',
      '%',
      '%61',
      '%c3%a9',
      '%00',
      '\xe9',
      '\xc3\xa9',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const read = attempt(() => readResourcePath(pieces.join('')));
        if (read === null) return;
        expect(read.path.split('/').filter((one) => one === '.' || one === '..')).toEqual([]);
        expect(read.path).not.toContain('\0');
      }),
    );
  });

  it('reads exactly the ids that may be given to objects', () => {
    const piece = fc.constantFrom('.', '..', '/', '//', '\0', '\ud800', '\udc00', 'a', '%', 'é', '😀', ' ', '?', '#');
    const id = fc.oneof(
      fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join('')),
      fc.string({ minLength: 1, unit: 'binary' }),
    );
    fc.assert(
      fc.property(id, (one) => {
        const read = attempt(() => readResourcePath(`/managed/user/${encoded(one)}`));
        expect(read?.path === `managed/user/${one}`).toBe(addressFault(one) === null);
      }),
    );
  });

  it('understands letters that came unencoded', () => {
    expect(readResourcePath(`/managed/user/${Buffer.from('bjørn').toString('latin1')}`).path).toBe(
      'managed/user/bjørn',
    );
  });
});

describe('readParameters', () => {
  it('gives back what a form would send', () => {
    const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.startsWith('_'));
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme' })), (parameters) => {
        const sent = new URLSearchParams(Object.entries(parameters)).toString();
        expect(allParameters(readParameters(sent))).toEqual({ ...parameters });
      }),
    );
  });

  it.each([
    ['', {}],
    ['&&a', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1+2%2B3', { a: '1 2+3' }],
    ['_PAGESIZE=1&_QueryFilter=true', { _pageSize: '1', _queryFilter: 'true' }],
    ['_fields=a&_fields=b,c', { _fields: 'a,b,c' }],
    ['_unknown=1', { _unknown: '1' }],
    ['A=1&a=2', { A: '1', a: '2' }],
  ])('reads %j', (text, parameters) => {
    expect(allParameters(readParameters(text))).toEqual(parameters);
  });

  it.each(['a=1&a=1', '_action=a&_ACTION=b', 'a=%', 'a=%ff', '__proto__=1&__proto__=2'])('refuses %j', (text) => {
    expect(() => readParameters(text)).toThrow(/Multiple values|percent-encoded/);
  });

  it('keeps odd names from touching anything', () => {
    const read = readParameters('__proto__=x&constructor=y');
    expect(Object.entries(read.additional)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(read.additional)).toBe(Object.prototype);
  });
});

function encoded(id: string): string {
  return id.isWellFormed() ? encodeURIComponent(id) : '%ed%a0%80';
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'bad-request') return null;
    throw thrown;
  }
}
