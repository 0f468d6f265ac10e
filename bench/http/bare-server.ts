import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import fastify from 'fastify';
import { STOCK, user, userId } from './operations.ts';

/**
 * The bare limit: Fastify and one SQLite statement per request, in one thread, equally durable (WAL, synchronous=FULL). No
 * credentials, no hooks, no audit, no revisions.
 */
const directory = process.argv[2]!;
mkdirSync(directory, { recursive: true });
const db = new DatabaseSync(path.join(directory, 'bare.db'));
db.exec(`
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
  CREATE TABLE IF NOT EXISTS object (id TEXT PRIMARY KEY, user_name TEXT, doc TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS by_name ON object (user_name);
`);
const insert = db.prepare('INSERT OR REPLACE INTO object (id, user_name, doc) VALUES (?, ?, ?)');
db.exec('BEGIN');
for (let i = 0; i < STOCK; i++) insert.run(userId(i), userId(i), JSON.stringify(user(userId(i))));
db.exec('COMMIT');
const read = db.prepare('SELECT doc FROM object WHERE id = ?');
const byName = db.prepare('SELECT doc FROM object WHERE user_name = ?');
const patch = db.prepare(`UPDATE object SET doc = json_set(doc, '$.description', ?) WHERE id = ? RETURNING doc`);

const server = fastify();
const docOf = (row: unknown): unknown => JSON.parse((row as { readonly doc: string }).doc);
server.get('/openidm/managed/user/:id', (request) => docOf(read.get((request.params as { readonly id: string }).id)));
server.get('/openidm/managed/user', (request) => {
  const filter = (request.query as Record<string, string>)['_queryFilter']!;
  const result = byName.all(/"(.*)"/.exec(filter)![1]!).map(docOf);
  return { result, resultCount: result.length };
});
server.post('/openidm/managed/user', (request, reply) => {
  const body = request.body as Record<string, string>;
  insert.run(body['_id']!, body['userName']!, JSON.stringify(body));
  return reply.code(201).send(body);
});
server.patch('/openidm/managed/user/:id', (request) => {
  const [operation] = request.body as readonly { readonly value: string }[];
  return docOf(patch.get(operation!.value, (request.params as { readonly id: string }).id));
});
const address = await server.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`ready: ${address}\n`);
