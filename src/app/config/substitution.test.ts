import { describe, expect, it } from 'vitest';
import type { Json } from '../../base/json.ts';
import { readJson } from './json-document.ts';
import type { Findings } from './json-node.ts';
import { propertyResolver } from './property-resolver.ts';
import { substitute } from './substitution.ts';

const SECRETS = { LOCKSTEP_ADMIN_PASSWORD: 'hunter2', OPENIDM_ADMIN_PASSWORD: 'hunter2', LOCKSTEP_KEY_A_B: 'hunter2' };

const resolve = propertyResolver({
  env: { 'exact.name': 'env', LDAP_HOST: 'ldap1', HOME: '/root', BOTH: 'env', ...SECRETS },
  boot: {
    'boot.only': 'b',
    BOTH: 'boot',
    nested: '<&{boot.only}>',
    loop: '&{loop}',
    secret: 'hunter2',
    sly: 'x&{LOCKSTEP_ADMIN_PASSWORD}',
  },
  projectDirectory: '/project',
  workingDirectory: '/work',
});

function run(value: Json, dollar = true): { readonly value: Json; readonly findings: Findings } {
  const findings: Findings = [];
  const document = readJson('conf/x.json', Buffer.from(JSON.stringify(value)));
  return { ...substitute(document, value, { resolve, dollar, unresolved: 'error' }, findings), findings };
}

describe('property substitution', () => {
  it.each([
    ['&{exact.name}', 'env'],
    ['ldap://&{ldap.host}:389', 'ldap://ldap1:389'],
    ['${HOME}/data', '/root/data'],
    ['&{BOTH}', 'env'],
    ['&{boot.only}', 'b'],
    ['&{nested}', '<b>'],
    ['&{launcher.project.location}/data/hr.csv', '/project/data/hr.csv'],
    ['&{idm.instance.dir}', '/project'],
    ['&{launcher.working.location}/audit', '/project/audit'],
    ['&{launcher.install.location}', '/work'],
    ['&{openidm.port.https}', '8443'],
    ['${nothing} ${unquoted:_resource} &{ } &', '${nothing} ${unquoted:_resource} &{ } &'],
  ])('%s becomes %s', (text, expected) => {
    const { value, findings } = run({ a: [text] });
    expect(value).toEqual({ a: [expected] });
    expect(findings).toEqual([]);
  });

  it('leaves ${…} in the text of a script alone, and puts &{…} in', () => {
    const script = { type: 'text/javascript', source: '`${HOME}` + "&{boot.only}"' };
    expect(run({ x: script }).value).toEqual({ x: { ...script, source: '`${HOME}` + "b"' } });
  });

  it('replaces the source of a mapping, which is no script', () => {
    expect(run({ source: 'system/${HOME}' }).value).toEqual({ source: 'system//root' });
  });

  it('reports every &{…} without a value, with what to do', () => {
    const { findings } = run({ a: '&{no.such}', b: ['&{nor.this} &{that}'] });
    expect(findings.map((d) => `${d.pointer} ${d.message}`)).toEqual([
      '/a the property no.such has no value',
      '/b/0 the property nor.this has no value',
      '/b/0 the property that has no value',
    ]);
    expect(findings[0]!.hint).toContain('NO_SUCH');
  });

  it.each([
    ['&{LOCKSTEP_ADMIN_PASSWORD}', 'LOCKSTEP_ADMIN_PASSWORD'],
    ['&{OPENIDM_ADMIN_PASSWORD}', 'OPENIDM_ADMIN_PASSWORD'],
    ['&{openidm.admin.password}', 'openidm.admin.password'],
    ['&{lockstep.key.a-b}', 'lockstep.key.a-b'],
    ['${LOCKSTEP_KEY_A_B}', 'LOCKSTEP_KEY_A_B'],
    ['&{sly}', 'LOCKSTEP_ADMIN_PASSWORD'],
  ])('refuses %s, a secret of the server', (text, name) => {
    const { value, findings } = run({ a: text });
    expect(JSON.stringify(value)).not.toContain('hunter2');
    const message = `the property ${name} is not available to configuration`;
    expect(findings).toMatchObject([{ severity: 'error', pointer: '/a', message }]);
  });

  it('ends when a property refers to itself', () => {
    expect(run('&{loop}').findings.map((d) => d.message)).toEqual(['the property loop refers to itself']);
  });
});
