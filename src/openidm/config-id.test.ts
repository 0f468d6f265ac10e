import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { classify } from '../app/config/conf-directory.ts';
import { configFileName } from './config-id.ts';

describe('configuration ids', () => {
  it.each([
    ['sync', 'sync.json'],
    ['repo.jdbc', 'repo.jdbc.json'],
    ['schedule/recon', 'schedule-recon.json'],
    ['provisioner.openicf/ldap', 'provisioner.openicf-ldap.json'],
    ['endpoint/my-echo_2', 'endpoint-my-echo_2.json'],
    ['ui/themeconfig', 'ui-themeconfig.json'],
  ])('%s is the file %s', (id, name) => {
    expect(configFileName(id)).toBe(name);
    expect(classify(name).id).toBe(id);
  });

  it.each([
    '',
    '..',
    '../sync',
    'a/../b',
    'a/b/c',
    '/sync',
    'sync/',
    'a//b',
    'C:\\x',
    'a\\b',
    'a:b',
    'a\0b',
    '.hidden',
    'a/.hidden',
    'a..b',
    'trailing.',
    'a/trailing.',
    'nul',
    'CON.x',
    'a/aux',
    'with space',
    'a-b',
    '%2e%2e',
    'x'.repeat(101),
    'a\u2028b',
    '\ud800',
    '-a',
    '__proto__',
    'constructor',
    '~',
    'sync.json/..',
  ])('%j is refused', (id) => {
    expect(() => configFileName(id)).toThrow(expect.objectContaining({ code: 'bad-request', status: 400 }));
  });

  it('whatever is accepted is one file directly in the folder', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('..', '.', 'a', '\\', 'a/b', '-'),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('/', '', '-', '.'), (parts, by) => {
        const id = parts.join(by);
        let name: string;
        try {
          name = configFileName(id);
        } catch {
          return;
        }
        expect(path.dirname(path.resolve('/p/conf', name))).toBe('/p/conf');
        expect(path.win32.basename(name)).toBe(name);
        expect(classify(name).id).toBe(id);
      }),
    );
  });
});
