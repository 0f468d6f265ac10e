import { statSync } from 'node:fs';
import path from 'node:path';
import { member, report, textOf, type Findings, type JsonNode } from './json-node.ts';

/** `server.https` of `lockstep.json`: the files that it names must be there. What is in them shows when they are used. */
export function checkCertificate(lockstep: JsonNode, projectDirectory: string, findings: Findings): void {
  const https = member(member(lockstep, 'server'), 'https');
  for (const key of ['certFile', 'keyFile']) {
    const node = member(https, key);
    const file = textOf(node);
    if (file === null || file === '' || file.includes('\0')) continue;
    const absolute = path.resolve(projectDirectory, file);
    if (isFile(absolute)) continue;
    report(findings, 'error', node, `there is no file ${absolute}`, 'Paths are relative to the project directory.');
  }
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
