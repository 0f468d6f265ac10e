import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { jsonSchemas } from './json-schemas.ts';

const directory = path.join(import.meta.dirname, '../../../schema');

it.each(Object.entries(jsonSchemas()))('schema/%s is what scripts/write-schemas.ts writes', (name, text) => {
  expect(JSON.parse(readFileSync(path.join(directory, name), 'utf8'))).toEqual(JSON.parse(text));
});
