import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE, js } from '../app/config/load-fixture.ts';
import { ADMIN, openConfigTree, type ConfigTree } from './testing/open-config-tree.ts';

const FILES = {
  ...BASE,
  'conf/mine.json': { a: { b: 1 } },
  'conf/endpoint-nested.json': js('openidm.action("endpoint/inner", "go", {n: request.content.n}) + 1'),
  'conf/endpoint-inner.json': js(
    'request.content.n < 3 ? openidm.action("endpoint/nested", "go", {n: request.content.n + 1}) : 10',
  ),
  'conf/endpoint-who.json': js('context.security.authenticationId'),
  'script/answer.js': 'require("lib/base").base + add',
  'script/lib/base.js': 'exports.base = 40;',
};

let tree: ConfigTree;
beforeAll(async () => {
  tree = await openConfigTree(FILES);
});
afterAll(async () => {
  await tree[Symbol.asyncDispose]();
});

const evaluate = (source: string, more = {}, parameters = {}) =>
  tree.action('script', 'eval', { ...js(source), ...more }, parameters);

describe('script?_action=eval', () => {
  it('gives the completion value; keys of the body, globals and parameters are variables', async () => {
    expect(await evaluate('({sum: a + b, c: c, d: d})', { a: 1, globals: { b: 2, d: 4 } }, { c: 'three' })).toEqual({
      sum: 3,
      c: 'three',
      d: 4,
    });
    expect(await evaluate('var x = 1;')).toBeNull();
  });

  it('runs a file with its modules', async () => {
    const script = { type: 'text/javascript', file: 'answer.js', add: 2 };
    expect(await tree.action('script', 'eval', script)).toBe(42);
  });

  it('calls the resource tree, without access rules in its way and in the transaction of the request', async () => {
    expect(await evaluate('openidm.read("config/mine").a')).toEqual({ b: 1 });
    expect(await evaluate('openidm.read("config/nope")')).toBeNull();
    expect(await evaluate('openidm.action("endpoint/who", "x", {})')).toBe('openidm-admin');
  });

  it('a thrown code decides the status, with message and detail', async () => {
    await expect(evaluate('throw {code: 418, message: "tea", detail: {pot: 1}}')).rejects.toMatchObject({
      status: 418,
      message: 'tea',
      detail: { pot: 1 },
    });
    await expect(evaluate('openidm.delete("config/nope", null)')).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    ['throw "text"', 500, /^text$/],
    ['throw new Error("e")', 500, /^e$/],
    ['throw {code: 42, message: "odd"}', 500, /odd/],
    ['nope.x', 400, /nope is not defined/],
    ['require("fs")', 400, /module "fs"/],
    ['require("../../../etc/passwd")', 400, /./],
    ['load("nope.js")', 400, /nope\.js/],
    ['var = ;', 400, /./],
    ['while (true) {}', 400, /./],
    ['(function f() {})', 400, /./],
  ])('%s is %i', async (source, status, message) => {
    await expect(evaluate(source)).rejects.toMatchObject({ status, message: expect.stringMatching(message) });
  });

  it.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ type: 'text/javascript' }],
    [{ source: '1' }],
    [{ type: 'groovy', source: '1' }],
    [{ type: 'text/javascript', source: 1 }],
    [{ type: 'text/javascript', file: '../../etc/passwd' }],
    [{ type: 'text/javascript', file: '/etc/passwd' }],
    [{ type: 'text/javascript', file: 'nope.js' }],
    [{ type: 'text/javascript', source: '1', globals: 3 }],
    [{ type: 'text/javascript', file: 'ui/mappingDetails.js' }],
  ])('%j is a bad request', async (content) => {
    await expect(tree.action('script', 'eval', content)).rejects.toMatchObject({ status: 400 });
    await expect(tree.action('script', 'compile', content)).rejects.toMatchObject({ status: 400 });
  });

  it('names that are no variables are passed by', async () => {
    expect(await evaluate('1 + one', { 'a-b': 1, class: 2, __proto__: 3, one: 1 }, { arguments: 'x' })).toBe(2);
  });
});

describe('script?_action=compile', () => {
  it('is true, or tells the position', async () => {
    expect(await tree.action('script', 'compile', js('while (true) {}'))).toBe(true);
    await expect(tree.action('script', 'compile', js('var a;\nvar = 1;'))).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('line 2'),
      detail: { line: 2, column: expect.any(Number) },
    });
  });

  it('there is nothing else', async () => {
    await expect(tree.action('script', 'other', js('1'))).rejects.toMatchObject({ status: 400 });
    await expect(tree.action('script/x', 'eval', js('1'))).rejects.toMatchObject({ status: 404 });
    await expect(tree.read('script')).rejects.toMatchObject({ status: 501 });
  });
});

describe('the script runner', () => {
  it('scripts may call each other through the tree', async () => {
    expect(await tree.action('endpoint/nested', 'go', { n: 0 })).toBe(14);
  });

  it('each caller of one script at the same time is himself', async () => {
    const script = { type: 'text/javascript', source: 'openidm.action("endpoint/who", "x", {})', file: null };
    const all = await Promise.all(
      ['ann', 'bob', 'eve', 'joe'].map((id) =>
        tree.runner.run(
          { ...script, globals: {}, constants: {}, pointer: '' },
          {},
          {
            ...ADMIN,
            caller: { ...ADMIN.caller, id },
          },
        ),
      ),
    );
    expect(all).toEqual(['ann', 'bob', 'eve', 'joe']);
  });

  it('more scripts than are kept ready wait their turn', async () => {
    const values = await Promise.all(Array.from({ length: 7 }, (_, i) => evaluate(`${i} * 2`)));
    expect(values).toEqual(Array.from({ length: 7 }, (_, i) => i * 2));
  });

  it('a changed module counts after renewal', async () => {
    const script = { type: 'text/javascript', file: 'answer.js', add: 2 };
    expect(await tree.action('script', 'eval', script)).toBe(42);
    tree.project.write('script/lib/base.js', 'exports.base = 50; // longer');
    await tree.runner.renew();
    expect(await tree.action('script', 'eval', script)).toBe(52);
  });

  it('constants of a configured script are variables, and those of the call hide them', async () => {
    const script = { type: 'text/javascript', source: 'a + b + c', file: null, pointer: '' };
    const configured = { ...script, constants: { a: 'a1', c: 'c1' }, globals: { b: 'b1' } };
    expect(await tree.runner.run(configured, { a: 'a2' }, ADMIN)).toBe('a2b1c1');
    await expect(tree.runner.run({ ...configured, source: 'nope()' }, {}, ADMIN, 'here')).rejects.toMatchObject({
      status: 500,
      detail: { script: 'here', line: 1 },
    });
  });
});
