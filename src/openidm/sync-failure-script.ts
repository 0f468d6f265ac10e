import type { LivePorts } from '../app/live/live-run.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { JsonObject } from '../base/json.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import { contextFor } from '../resource/script-context.ts';
import type { ScriptRunner } from './script-runner.ts';

/**
 * Stands before the script, on its first line: `failureHandlers` as the reference has them, each to be called with or without the
 * context as its first argument, and what an exception answers to.
 */
const PRELUDE = `
var failureHandlers = (function () {
  function textOf(cause) {
    return typeof cause === 'object' && cause !== null && cause.message !== undefined ? String(cause.message) : String(cause);
  }
  function handler(work) {
    return { invoke: function () {
      var from = arguments.length > 2 ? 1 : 0;
      work(arguments[from] || syncFailure, textOf(arguments[from + 1] === undefined ? failureCause : arguments[from + 1]));
    } };
  }
  return {
    loggedIgnore: handler(function (failure, cause) {
      logger.warn('the change of system/{}/{}/{} is ignored: {}',
        failure.systemIdentifier, failure.objectType, failure.uid, cause);
    }),
    deadLetterQueue: handler(function (failure, cause) {
      var queue = 'repo/synchronisation/deadLetterQueue/' + failure.systemIdentifier;
      var plain = typeof failure.token === 'number' || typeof failure.token === 'string' ? String(failure.token) : '';
      var isUsable = plain !== '' && plain.length <= 200 && plain.indexOf('/') < 0;
      var id = isUsable && openidm.read(queue + '/' + encodeURIComponent(plain)) === null ? plain : null;
      openidm.create(queue, id, {
        token: failure.token, systemIdentifier: failure.systemIdentifier, objectType: failure.objectType,
        uid: failure.uid, failedRecord: failure.failedRecord, failureCause: cause
      });
      logger.info('{} saved to dead letter queue', failure.uid);
    })
  };
})();
(function (methods) {
  for (var name in methods)
    Object.defineProperty(failureCause, name, { value: methods[name], enumerable: false });
})({
  getMessage: function () { return failureCause.message; },
  getCause: function () { return null; },
  toString: function () { return failureCause.message; }
});
`
  .replaceAll('\n', ' ')
  .replaceAll(/ {2,}/g, ' ');

/** Runs the script of a retry policy (specification §6.4). */
export function failureScripts(lockstep: Lockstep, runner: ScriptRunner): LivePorts['runFailureScript'] {
  return async (script, failure, { message }, context) => {
    const variables: JsonObject = {
      syncFailure: { ...failure },
      failureCause: { message },
      context: contextFor(context),
    };
    const label = `postRetryAction of system/${failure.systemIdentifier}`;
    await runner.run(withHandlers(lockstep, script), variables, context, label);
  };
}

/** What is no script of ours is refused by whoever runs it. */
function withHandlers({ files }: Lockstep, script: ScriptConfig): ScriptConfig {
  if (script.source !== null) return { ...script, source: PRELUDE + script.source };
  const found = files.find(script.file ?? '');
  return found.kind === 'file' ? { ...script, file: null, source: PRELUDE + found.code } : script;
}
