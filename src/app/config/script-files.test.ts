import { describe, expect, it } from 'vitest';
import { MAX_SCRIPT_BYTES, openScriptFiles } from './script-files.ts';
import { tempProject } from './temp-project.ts';

describe('script files', () => {
  it('are searched in script/ first, then in the project directory', () => {
    using project = tempProject({ 'script/a.js': '1', 'a.js': '2', 'other/b.js': '3' });
    const scripts = openScriptFiles(project.directory);
    expect(scripts.find('a.js')).toEqual({ kind: 'file', file: 'script/a.js', code: '1' });
    expect(scripts.find('script/a.js')).toEqual({ kind: 'file', file: 'script/a.js', code: '1' });
    expect(scripts.find('other/b.js')).toEqual({ kind: 'file', file: 'other/b.js', code: '3' });
    expect(scripts.find(`${project.directory}/other/b.js`)).toMatchObject({ kind: 'file', file: 'other/b.js' });
    expect(scripts.find('c.js').kind).toBe('missing');
    expect(scripts.find('script').kind).toBe('missing');
  });

  it.each(['../x.js', 'script/../../x.js', '/etc/passwd', '..', 'a/../../x'])(
    '%s does not leave the project',
    (name) => {
      using project = tempProject({});
      expect(openScriptFiles(project.directory).find(name).kind).toBe('outside');
    },
  );

  it('are read again when they change', () => {
    using project = tempProject({ 'script/a.js': '1' });
    const scripts = openScriptFiles(project.directory);
    scripts.find('a.js');
    project.write('script/a.js', '22');
    expect(scripts.find('a.js')).toMatchObject({ code: '22' });
  });

  it('that OpenIDM ships are known, and give way to the project’s own', () => {
    using project = tempProject({ 'script/roles/defaultMapping.js': 'mine' });
    const scripts = openScriptFiles(project.directory);
    expect(scripts.find('compensate.js')).toEqual({ kind: 'builtIn', name: 'compensate.js' });
    expect(scripts.find('bin/defaults/script/ui/correlateTreeToQueryFilter.js').kind).toBe('builtIn');
    expect(scripts.find('roles/defaultMapping.js')).toMatchObject({ kind: 'file', code: 'mine' });
  });

  it('have a largest size', () => {
    using project = tempProject({ 'script/a.js': ' '.repeat(MAX_SCRIPT_BYTES + 1) });
    expect(openScriptFiles(project.directory).find('a.js').kind).toBe('unreadable');
  });

  it('find their modules as require names them', () => {
    using project = tempProject({ 'script/lib/x.js': 'x', 'script/ui/y.js': 'y', 'script/lib/z/index.js': 'z' });
    const { resolveModule } = openScriptFiles(project.directory);
    expect(resolveModule('lib/x', null)).toEqual({ file: 'script/lib/x.js', code: 'x' });
    expect(resolveModule('x', null)?.code).toBe('x');
    expect(resolveModule('./y', 'script/ui/z.js')?.code).toBe('y');
    expect(resolveModule('../lib/x.js', 'script/ui/z.js')?.code).toBe('x');
    expect(resolveModule('lib/z', null)?.code).toBe('z');
    expect(resolveModule('./lib/x', null)?.code).toBe('x');
    expect(resolveModule('../../../etc/passwd', 'script/a.js')).toBeNull();
    expect(resolveModule('/etc/passwd', null)).toBeNull();
    expect(resolveModule('fs', null)).toBeNull();
  });
});
