import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which layer may import which (ARCHITECTURE.md, "Layers"). A layer may always import itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  mapping: ['model', 'base'],
  script: ['mapping', 'model', 'base'],
  sync: ['mapping', 'model', 'base'],
  recon: ['sync', 'mapping', 'model', 'base'],
  live: ['model', 'base'],
  implicit: ['recon', 'sync', 'mapping', 'model', 'base'],
  connector: ['model', 'base'],
  'connectors/memory': ['connector', 'model', 'base'],
  'connectors/csv': ['connector', 'model', 'base'],
  'connectors/xml': ['connector', 'model', 'base'],
  'connectors/ldap': ['connector', 'ldap', 'model', 'base'],
  ldap: ['base'],
  repo: ['model', 'base'],
  resource: ['model', 'base'],
  crypto: ['model', 'base'],
  audit: ['resource', 'model', 'base'],
  managed: ['crypto', 'resource', 'mapping', 'model', 'base'],
  security: ['crypto', 'resource', 'model', 'base'],
  workflow: ['resource', 'mapping', 'model', 'base'],
  schedule: ['resource', 'model', 'base'],
  app: [
    'live',
    'workflow',
    'schedule',
    'implicit',
    'recon',
    'sync',
    'script',
    'mapping',
    'connector',
    'connectors',
    'repo',
    'managed',
    'audit',
    'security',
    'crypto',
    'resource',
    'model',
    'base',
  ],
  openidm: [
    'live',
    'schedule',
    'workflow',
    'app',
    'implicit',
    'recon',
    'sync',
    'mapping',
    'connector',
    'managed',
    'audit',
    'security',
    'crypto',
    'resource',
    'model',
    'base',
  ],
  server: ['openidm', 'app', 'security', 'audit', 'resource', 'model', 'base'],
  cli: [
    'server',
    'openidm',
    'app',
    'implicit',
    'recon',
    'sync',
    'mapping',
    'audit',
    'security',
    'crypto',
    'resource',
    'model',
    'base',
  ],
};

/** Packages that only one layer may import. Everything else comes from `node:`. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  zod: ['app', 'openidm', 'server', 'security', 'crypto', 'audit'],
  fastify: ['server'],
  selfsigned: ['server'],
  'prom-client': ['server'],
  jose: ['security'],
  acorn: ['script'],
  saxes: ['connectors/xml', 'workflow'],
  'bpmn-engine': ['workflow'],
};

const root = path.join(import.meta.dirname, '..', 'src');
const files = globSync('**/*.ts', { cwd: root }).filter(
  (file) => !/\.(test|conformance|arbitrary)\.ts$|[/\\](testing|conformance)[/\\]/.test(file),
);

function layerOf(file: string): string {
  const parts = file.split(path.sep);
  return parts[0] === 'connectors' && parts.length > 2 ? `connectors/${parts[1]}` : parts[0]!;
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\b[^;'"]*\bfrom '([^']+)';|^import '([^']+)';|import\('([^']+)'\)/gm,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3]!);
}

describe('the layers', () => {
  it('sees the whole source tree', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(new Set(files.map(layerOf))).toEqual(new Set(Object.keys(ALLOWED)));
  });

  it.each(files)('%s imports only from layers below its own', (file) => {
    expect(importsOf(file).filter((specifier) => !isAllowed(file, specifier))).toEqual([]);
  });
});

function isAllowed(file: string, specifier: string): boolean {
  const layer = layerOf(file);
  if (specifier.startsWith('node:')) return true;
  if (!specifier.startsWith('.')) return (PACKAGES[specifier.split('/')[0]!] ?? []).includes(layer);
  const target = layerOf(path.relative(root, path.resolve(root, path.dirname(file), specifier)));
  return target === layer || ALLOWED[layer]!.some((below) => target === below || target.startsWith(`${below}/`));
}
