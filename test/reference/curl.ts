/** What a curl command asks for, as far as the reference documents use it. */
export interface CurlCommand {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Reads a command as a shell and curl would: continuation lines, both kinds of quotes, long and short options. */
export function readCurl(text: string): CurlCommand {
  const [program, ...words] = shellWords(text.replace(/^\s*\$\s*/, ''));
  if (program !== 'curl') throw new Error(`not a curl command: ${text}`);
  const headers: Record<string, string> = {};
  let [method, url, body]: [string | null, string | null, string | null] = [null, null, null];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--header' || word === '-H') {
      const header = words[++i]!;
      headers[header.slice(0, header.indexOf(':')).toLowerCase()] = header.slice(header.indexOf(':') + 1).trim();
    } else if (word === '--request' || word === '-X') method = words[++i]!;
    else if (word === '--data' || word === '-d') body = words[++i]!;
    else if (word === '--cacert') i++;
    else if (word.startsWith('-')) throw new Error(`unknown option ${word}`);
    else url = word;
  }
  if (url === null) throw new Error(`no address: ${text}`);
  if (body !== null) headers['content-type'] ??= 'application/x-www-form-urlencoded';
  return { method: method ?? (body === null ? 'GET' : 'POST'), url, headers, body };
}

function shellWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '\\') {
      const next = text[++i] ?? '';
      if (next !== '\n') word = (word ?? '') + next;
    } else if (char === '"' || char === "'") {
      const end = closing(text, i);
      word = (word ?? '') + unquoted(text.slice(i + 1, end), char);
      i = end;
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  return word === null ? words : [...words, word];
}

function closing(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== text[start]) end += text[start] === '"' && text[end] === '\\' ? 2 : 1;
  return end;
}

function unquoted(text: string, quote: string): string {
  return quote === "'" ? text : text.replaceAll(/\\(["\\$`])/g, '$1');
}

export interface CurlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Runs a command as printed, but for host, port and credentials. */
export async function curl(
  text: string,
  place: { readonly origin: string; readonly user: string; readonly password: string },
): Promise<CurlAnswer> {
  const { method, url, headers, body } = readCurl(text);
  const { pathname, search } = new URL(url);
  const own = { ...headers };
  if ('x-openidm-username' in own) own['x-openidm-username'] = place.user;
  if ('x-openidm-password' in own) own['x-openidm-password'] = place.password;
  const response = await fetch(`${place.origin}${pathname}${search}`, {
    method,
    headers: own,
    ...(body === null ? {} : { body }),
  });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, body: answer === '' ? null : JSON.parse(answer) };
}
