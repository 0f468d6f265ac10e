import { Failure } from '../base/failure.ts';
import type { SystemState } from './contract.ts';
import type { DataFile } from './data-file.ts';
import { identify, identityToJson } from './file-identity.ts';

/** Which state of its file a connector would read now. Rejects with `incomplete-read` if there is none. */
export async function fileState({ path, shownPath }: DataFile): Promise<SystemState> {
  const identity = await identify(path);
  if (identity === null)
    throw new Failure('incomplete-read', `${shownPath} does not exist or may not be read, so its changes are unknown`);
  const modifiedMs = Number(BigInt(identity.mtimeNs) / 1_000_000n);
  return { modifiedMs, identity: JSON.stringify(identityToJson(identity)) };
}
