/** One kind of request, the same for the bare server and for ours. */
export interface Operation {
  readonly name: 'read' | 'query' | 'create' | 'patch';
  readonly title: string;
  readonly request: (i: number) => WireRequest;
}

export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: string;
}

/** Users that are there before the measurement. */
export const STOCK = 10_000;

export function userId(i: number): string {
  return `user${String(i % STOCK).padStart(6, '0')}`;
}

export function user(id: string): Record<string, unknown> {
  return {
    _id: id,
    userName: id,
    givenName: `Given ${id}`,
    sn: `Surname ${id}`,
    mail: `${id}@example.com`,
    telephoneNumber: '+33 1 23 45 67 89',
    description: 'A person of the benchmark, with an object of about five hundred bytes in the end.',
    address: { street: '1 Main Street', city: 'Paris', postalCode: '75001', country: 'FR' },
    groups: ['cn=staff,ou=groups,dc=example,dc=com', 'cn=admins,ou=groups,dc=example,dc=com'],
  };
}

const COLLECTION = '/openidm/managed/user';
/** Steps through the stock without order. */
const spread = (i: number): number => (i * 7919) % STOCK;

export function operations(run: string): readonly Operation[] {
  return [
    {
      name: 'read',
      title: 'managed read',
      request: (i) => ({ method: 'GET', path: `${COLLECTION}/${userId(spread(i))}` }),
    },
    {
      name: 'query',
      title: 'query by userName',
      request: (i) => ({
        method: 'GET',
        path: `${COLLECTION}?_queryFilter=userName+eq+%22${userId(spread(i))}%22`,
      }),
    },
    {
      name: 'create',
      title: 'create with fsync',
      request: (i) => ({
        method: 'POST',
        path: `${COLLECTION}?_action=create`,
        body: JSON.stringify(user(`new-${run}-${i}`)),
      }),
    },
    {
      name: 'patch',
      title: 'patch',
      request: (i) => ({
        method: 'PATCH',
        path: `${COLLECTION}/${userId(spread(i))}`,
        body: JSON.stringify([{ operation: 'replace', field: '/description', value: `changed ${run} ${i}` }]),
      }),
    },
  ];
}
