import { Failure } from '../base/failure.ts';
import type { Repository } from '../model/repository.ts';
import { project } from '../resource/fields.ts';
import type { ResourceRequest } from '../resource/request.ts';
import type { ResourceAnswer } from '../resource/router.ts';
import type { Lockstep, Pin } from './lockstep.ts';

/** Answers some requests in the place of the resource tree; null: not this one. */
export type OverlayReads = (request: ResourceRequest) => Promise<ResourceAnswer | null>;

/** Reads and queries of managed objects as a planning repository has them: with what the plan would have written. */
export function overlayReads(lockstep: Pick<Lockstep, 'objectSet'>, repository: Repository, pin?: Pin): OverlayReads {
  return async (request) => {
    const { path, verb, fields } = request;
    const [kind, type, ...rest] = path.split('/');
    if (kind !== 'managed' || type === undefined || (verb !== 'read' && verb !== 'query')) return null;
    const set = lockstep.objectSet(`managed/${type}`, repository, pin);
    if (verb === 'query') {
      if (rest.length > 0) return null;
      const [answer] = await set.query([request.query]);
      if (!answer!.ok) throw new Failure(answer!.code, answer!.message);
      const objects = fields === null ? answer!.objects : answer!.objects.map((one) => project(one, fields));
      return { kind: 'page', page: { objects, cookie: null, total: -1 } };
    }
    const id = rest.join('/');
    const stored = (await set.readMany([id])).get(id);
    if (stored === undefined) throw new Failure('not-found', `Object ${id} not found on managed/${type}`);
    return { kind: 'object', stored: fields === null ? stored : project(stored, fields), isNew: false };
  };
}
