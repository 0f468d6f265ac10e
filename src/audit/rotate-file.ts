import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isoTime } from '../base/clock.ts';
import type { RotationSettings } from './file-settings.ts';

/** Gives the file its name for good, and removes the oldest of those before it that are too many. */
export async function rotateFile(file: string, rotation: RotationSettings, nowMs: number): Promise<void> {
  await rename(file, await freeName(file, rotation, nowMs));
  await removeOldest(file, rotation);
}

async function freeName(file: string, { prefix, suffix }: RotationSettings, nowMs: number): Promise<string> {
  const base = path.join(path.dirname(file), `${prefix}${path.basename(file)}${timeSuffix(suffix, nowMs)}`);
  for (let number = 0; ; number++) {
    const name = number === 0 ? base : `${base}.${number}`;
    if ((await stat(name).catch(() => null)) === null) return name;
  }
}

function timeSuffix(pattern: string, nowMs: number): string {
  const [date, time] = isoTime(nowMs).split('T') as [string, string];
  const [year, month, day] = date.split('-') as [string, string, string];
  const [hour, minute, second] = time.slice(0, 8).split(':') as [string, string, string];
  const parts: Readonly<Record<string, string>> = { yyyy: year, MM: month, dd: day, mm: minute, ss: second };
  return pattern.replace(/yyyy|MM|dd|HH|kk|mm|ss/g, (part) => parts[part] ?? hour);
}

async function removeOldest(file: string, rotation: RotationSettings): Promise<void> {
  const { prefix, suffix, keptFiles, keptBytes } = rotation;
  if (keptFiles === null && keptBytes === null) return;
  const directory = path.dirname(file);
  const start = `${prefix}${path.basename(file)}`;
  const digits = suffix.replaceAll('.', '\\.').replace(/yyyy|MM|dd|HH|kk|mm|ss/g, '\\d+');
  const ending = new RegExp(`^${digits}(?:\\.\\d+)?$`);
  const all = await readdir(directory);
  const names = all.filter((name) => name.startsWith(start) && ending.test(name.slice(start.length)));
  const files = await Promise.all(
    names.map(async (name) => ({ name, ...sizeAndTime(await stat(path.join(directory, name))) })),
  );
  let [count, bytes] = [0, 0];
  for (const { name, size } of files.toSorted((a, b) => b.timeMs - a.timeMs || (a.name < b.name ? 1 : -1))) {
    count++;
    bytes += size;
    if (count > (keptFiles ?? Infinity) || bytes > (keptBytes ?? Infinity))
      await rm(path.join(directory, name), { force: true });
  }
}

function sizeAndTime({ size, mtimeMs }: { size: number; mtimeMs: number }): { size: number; timeMs: number } {
  return { size, timeMs: mtimeMs };
}
