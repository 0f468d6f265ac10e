/**
 * Reads the output of `ldapsearch -LLL -o ldif_wrap=no`: DN to attributes, in the order of the output; values in base64, so that every byte
 * counts.
 */
export function parseLdif(text: string): Map<string, Record<string, string[]>> {
  const entries = new Map<string, Record<string, string[]>>();
  for (const block of text.split(/\n\n+/)) {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    if (lines.length === 0) continue;
    const [first, ...rest] = lines.map(parseLine);
    if (first![0] !== 'dn') continue;
    const attributes: Record<string, string[]> = {};
    for (const [name, value] of rest) (attributes[name] ??= []).push(value.toString('base64'));
    entries.set(first![1].toString('utf8'), attributes);
  }
  return entries;
}

function parseLine(line: string): readonly [string, Buffer] {
  const match = /^([^:]+):(:?) ?(.*)$/s.exec(line);
  if (match === null) throw new Error(`no line of LDIF: ${line}`);
  return [match[1]!, Buffer.from(match[3]!, match[2] === ':' ? 'base64' : 'utf8')];
}
