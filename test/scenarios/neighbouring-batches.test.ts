import { describe, expect, it } from 'vitest';
import { openEngine } from './engine.ts';
import { objects, showEntry, showObjects } from './notation.ts';

describe('two source objects, in neighbouring batches, that write one target under different qualifiers', () => {
  it.each(['d', 'g', 'j'])('both are applied: %s sees what a wrote', async (other) => {
    await using engine = await openEngine({
      mappings: [
        {
          name: 'm',
          source: 'system/hr/account',
          target: 'managed/user',
          linkQualifiers: ['A', 'B'],
          policies: [{ situation: 'ABSENT', action: 'IGNORE' }],
          properties: [
            { source: 'name', target: 'name', condition: '/linkQualifier eq "A"' },
            { source: 'mail', target: 'mail', condition: '/linkQualifier eq "B"' },
          ],
        },
      ],
      memory: {
        hr: objects(
          'abcdefghijkl'
            .split('')
            .map((id) => `${id}(name=n${id},mail=m${id})`)
            .join(' '),
        ),
      },
      managed: { user: objects('t(name=old)') },
      links: { m: `a:A-t ${other}:B-t` },
    });
    const { entries } = await engine.run('m');
    const written = entries.filter((entry) => entry.action === 'UPDATE').map(showEntry);
    expect(written).toEqual(['a:A>t CONFIRMED UPDATE done', `${other}:B>t CONFIRMED UPDATE done`]);
    expect(showObjects(await engine.objects('managed/user'))).toBe(`t(mail=m${other},name=na)`);
  });
});
