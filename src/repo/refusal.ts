import { Failure } from '../base/failure.ts';

export function leaseLost(fence: { readonly name: string; readonly token: number }): Failure {
  return new Failure(
    'locked',
    `lease ${JSON.stringify(fence.name)} is no longer held with token ${fence.token}: another owner took over, or it was released`,
  );
}

export function repositoryClosed(): Failure {
  return new Failure('canceled', 'the repository is closed');
}
