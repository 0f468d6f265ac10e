import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES, readJson } from './json-document.ts';

function faultsOf(text: string | Uint8Array): readonly string[] {
  const document = readJson('conf/x.json', typeof text === 'string' ? Buffer.from(text) : text);
  return document.diagnostics.map((d) => `${d.severity} ${d.line}:${d.column} ${d.pointer}: ${d.message}`);
}

function valueOf(text: string): unknown {
  return readJson('conf/x.json', Buffer.from(text)).value;
}

describe('reading JSON', () => {
  it('gives what JSON.parse gives, and nothing to complain about', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const document = readJson('x', Buffer.from(text));
        expect(JSON.stringify(document.value)).toBe(JSON.stringify(JSON.parse(text)));
        expect(document.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts no text that JSON.parse refuses without saying so', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[]",:\'\\/*#ntu01e-. \n\u0000tru') });
    fc.assert(
      fc.property(noise, (text) => {
        const document = readJson('x', Buffer.from(text));
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(document.diagnostics.some((d) => d.severity === 'error')).toBe(!isJson);
      }),
      { numRuns: 3000 },
    );
  });

  it('knows the line and column of every value', () => {
    const document = readJson('x', Buffer.from('{\n  "a": [\n    1,\n    {"b/c": true}\n  ]\n}'));
    expect(document.locate([])).toEqual({ line: 1, column: 1 });
    expect(document.locate(['a'])).toEqual({ line: 2, column: 8 });
    expect(document.locate(['a', '1', 'b/c'])).toEqual({ line: 4, column: 13 });
    expect(document.locate(['a', '7', 'gone'])).toEqual({ line: 2, column: 8 });
  });

  it.each([
    ['{"a": 1,}', 'error 1:8 /a: a comma before }', { a: 1 }],
    ['[1, 2, ]', 'error 1:6 /1: a comma before ]', [1, 2]],
    ['{"a": 1 // why\n}', 'error 1:9 /a: JSON has no comments', { a: 1 }],
    ['/* c */ {"a": 1}', 'error 1:1 : JSON has no comments', { a: 1 }],
    ["{'a': 'x'}", 'error 1:2 /a: text in single quotes|error 1:7 /a: text in single quotes', { a: 'x' }],
    ['{a: 1}', 'error 1:2 /a: the key a is not in double quotes', { a: 1 }],
    ['{"a": 1 "b": 2}', "error 1:9 /b: expected a comma or }, found '\"'", { a: 1, b: 2 }],
    ['{"a": : {"b": 1}}', "error 1:7 /a: expected a value, found ':'", { a: { b: 1 } }],
    [
      '{"a": dead-letter-queue}',
      "error 1:7 /a: expected a value, found 'dead-letter-queue'",
      { a: 'dead-letter-queue' },
    ],
    ['{"a": True}', 'error 1:7 /a: True is not JSON', { a: true }],
    ['{"a": 007}', "error 1:7 /a: expected a value, found '007'", { a: 7 }],
    ['{"a": "x\ny"}', 'error 1:9 /a: a line break inside text', { a: 'x\ny' }],
    ['{"a": "\\x"}', 'error 1:8 /a: \\x is not an escape of JSON', { a: 'x' }],
    ['{"a": 1, "a": 2}', 'warning 1:10 /a: the key "a" is here twice; the last one counts', { a: 2 }],
    ['{"a": 1} x', "error 1:10 /a: nothing may follow the end of the value, found 'x'", { a: 1 }],
  ])('%s is read as it was meant, and reported', (text, fault, value) => {
    expect(faultsOf(text).join('|')).toBe(fault);
    expect(valueOf(text)).toEqual(value);
  });

  it.each([
    ['', 'the file is empty'],
    ['{"a": [1', 'this [ is never closed'],
    ['{"a": 1', 'this { is never closed'],
    ['{"a": [1}', 'expected ], found }'],
    ['{"a": "x', 'the text that begins here never ends'],
    ['{"a": \u0000}', 'the file has a NUL byte in it'],
  ])('%j cannot be read, and the reason is named', (text, message) => {
    expect(faultsOf(text).join('\n')).toContain(message);
    expect(valueOf(text)).toBeUndefined();
  });

  it('reports several faults of one file', () => {
    expect(faultsOf('{\'a\': 1, b: 2, "c": [1,],}')).toHaveLength(4);
  });

  it('keeps __proto__ an ordinary key', () => {
    const value = valueOf('{"__proto__": {"admin": true}}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value['admin']).toBeUndefined();
  });

  it('refuses what is nested too deep, without running out of stack', () => {
    expect(faultsOf('['.repeat(100_000)).join()).toContain('nested more than 500 levels');
    expect(faultsOf('{"a":'.repeat(100_000)).join()).toContain('nested more than 500 levels');
  });

  it('refuses a file that is too large', () => {
    expect(faultsOf(Buffer.alloc(MAX_FILE_BYTES + 1, 0x20)).join()).toContain('at most');
  });

  it('names a wrong encoding', () => {
    expect(faultsOf(Buffer.from('{"a": 1}', 'utf16le')).join()).toContain('UTF-16');
    expect(faultsOf(Buffer.from('\ufeff{"a": 1}', 'utf16le')).join()).toContain('UTF-16');
    expect(faultsOf(Buffer.from('{"a": "caf\xe9"}', 'latin1'))).toEqual([
      'error 1:11 /a: a character that is not UTF-8',
    ]);
    expect(faultsOf('\ufeff{}')).toEqual(['warning 1:1 : the file begins with a byte order mark']);
  });
});
