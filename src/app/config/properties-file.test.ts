import { expect, it } from 'vitest';
import { parseProperties } from './properties-file.ts';

it('reads every form of the format', () => {
  const text = [
    '# comment = no',
    '! neither',
    'plain=value',
    '  spaced : a value ',
    'blank a value',
    'empty=',
    'alone',
    'long=one,\\',
    '     two,\\',
    '     three',
    'path=C:\\\\dir\\tx',
    'key\\ with\\=signs=1',
    'unicode=\\u00e9\\u4e2d',
    'even=ends\\\\',
    'next=1',
    'equals=a=b:c',
    'odd=\\u12',
    'twice=1',
    'twice=2',
  ].join('\r\n');
  expect({ ...parseProperties(text) }).toEqual({
    plain: 'value',
    spaced: 'a value ',
    blank: 'a value',
    empty: '',
    alone: '',
    long: 'one,two,three',
    path: 'C:\\dir\tx',
    'key with=signs': '1',
    unicode: 'é中',
    even: 'ends\\',
    next: '1',
    equals: 'a=b:c',
    odd: 'u12',
    twice: '2',
  });
});

it('takes __proto__ for a name like any other', () => {
  expect(Object.keys(parseProperties('__proto__=1\nx=2'))).toEqual(['__proto__', 'x']);
});
