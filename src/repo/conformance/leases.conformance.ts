import { expect, test } from 'vitest';
import { type Context, create, rowsById } from './conformance-context.ts';

export function leaseClaims(context: Context): void {
  test('one owner at a time; tokens only grow', async () => {
    const { leases } = context.repo;
    const first = await leases.acquire('run', 'node1', 1000);
    expect(first).not.toBeNull();
    expect(await leases.acquire('run', 'node2', 1000)).toBeNull();
    expect(await leases.holder('run')).toBe('node1');
    await leases.release('run', first!);
    expect(await leases.holder('run')).toBeNull();
    const second = await leases.acquire('run', 'node2', 1000);
    expect(second).toBeGreaterThan(first!);
    await leases.release('run', first!);
    expect(await leases.holder('run')).toBe('node2');
    expect(await leases.renew('run', first!, 1000)).toBe(false);
    expect(await leases.acquire('another', 'node1', 1000)).not.toBeNull();
  });

  test('a lease runs out unless it is renewed, and is then taken over', async () => {
    const { leases } = context.repo;
    const first = (await leases.acquire('run', 'node1', 1000))!;
    context.nowMs += 999;
    expect(await leases.acquire('run', 'node2', 1000)).toBeNull();
    expect(await leases.renew('run', first, 1000)).toBe(true);
    context.nowMs += 999;
    expect(await leases.acquire('run', 'node2', 1000)).toBeNull();
    context.nowMs += 1;
    expect(await leases.holder('run')).toBeNull();
    const second = await leases.acquire('run', 'node2', 1000);
    expect(second).toBeGreaterThan(first);
    expect(await leases.renew('run', first, 1000)).toBe(false);
  });

  test('a dead owner is displaced, a new start of the same owner gets a new token', async () => {
    const { leases } = context.repo;
    const first = (await leases.acquire('run', 'node1', 1000))!;
    expect(await leases.acquire('run', 'node2', 1000, 'node3')).toBeNull();
    const second = await leases.acquire('run', 'node2', 1000, 'node1');
    expect(second).toBeGreaterThan(first);
    expect(await leases.acquire('run', 'node2', 1000)).toBeGreaterThan(second!);
  });

  test('a commit is refused once its lease was taken over or released', async () => {
    const { leases } = context.repo;
    const first = (await leases.acquire('run', 'node1', 1000))!;
    const units = (id: string) => [{ object: create(id, {}) }];
    await context.repo.commit({ units: units('a'), fence: { name: 'run', token: first } });
    context.nowMs += 5000;
    await context.repo.commit({ units: units('b'), fence: { name: 'run', token: first } });
    const second = (await leases.acquire('run', 'node2', 1000))!;
    const late = context.repo.commit({ units: units('c'), fence: { name: 'run', token: first } });
    await expect(late).rejects.toMatchObject({ code: 'locked', message: expect.stringContaining('"run"') as string });
    await leases.release('run', second);
    await expect(context.repo.commit({ units: [], fence: { name: 'run', token: second } })).rejects.toThrow(
      'no longer',
    );
    expect(Object.keys(await rowsById(context)).sort()).toEqual(['a', 'b']);
  });
}
