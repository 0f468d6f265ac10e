import { createHash } from 'node:crypto';

/** The id of the run that undoes a run: there is only one, so that a run is never undone twice. */
export function undoIdOf(runId: string): string {
  const digits = createHash('sha256').update(`undo of ${runId}`).digest('hex');
  const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
