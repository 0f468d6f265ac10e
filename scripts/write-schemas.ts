import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { jsonSchemas } from '../src/app/config/json-schemas.ts';

// Writes schema/*.json. Run it after a change of src/app/config/schema-*.ts; a test holds the files to it.
const directory = path.join(import.meta.dirname, '..', 'schema');
mkdirSync(directory, { recursive: true });
for (const [name, text] of Object.entries(jsonSchemas())) writeFileSync(path.join(directory, name), text);
