import { Failure, messageOf } from '../../base/failure.ts';

/** Turns what `node:sqlite` throws into a `Failure`; leaves everything else as it is. */
export function sqliteFailure(file: string, thrown: unknown): unknown {
  if (thrown instanceof Failure || !(thrown instanceof Error)) return thrown;
  const code = 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : null;
  const name = `repository file ${file}`;
  const text = messageOf(thrown);
  switch (code) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return new Failure('locked', `${name} is locked by another process: stop it, or wait until it is done`, {
        retryable: true,
        cause: thrown,
      });
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return new Failure(
        'corrupt',
        `${name} is damaged or no SQLite database (${text}): restore it from a backup, or move it away to start empty`,
        { cause: thrown },
      );
    case 8: // SQLITE_READONLY
    case 14: // SQLITE_CANTOPEN
      return new Failure(
        'bad-configuration',
        `${name} cannot be opened for writing (${text}): check path and permissions`,
        {
          cause: thrown,
        },
      );
    case 13: // SQLITE_FULL
      return new Failure('internal', `${name} cannot grow, the disk is full: make room; nothing was lost`, {
        retryable: true,
        cause: thrown,
      });
    default:
      return (
        fileSystemFailure(name, thrown) ??
        (code === null ? thrown : new Failure('internal', `${name}: ${text}`, { cause: thrown }))
      );
  }
}

function fileSystemFailure(name: string, thrown: Error): Failure | null {
  const code = 'code' in thrown ? thrown.code : null;
  if (code !== 'EACCES' && code !== 'ENOTDIR' && code !== 'EEXIST' && code !== 'EROFS' && code !== 'EPERM') return null;
  return new Failure('bad-configuration', `${name}: its directory cannot be created or written (${thrown.message})`, {
    cause: thrown,
  });
}
