import { workflowStart } from '../mapping/workflow-starts.ts';

/**
 * What stands in for scripts that OpenIDM ships and that `managed.json` names as files (specification §9.5). Empty: what they
 * look after (notifications) is not here, so that nothing is left to do. Modules of the same names: shipped-modules.ts.
 */
export const BUILT_IN_HOOKS: Readonly<Record<string, string>> = {
  'ui/onCreateUser.js': "require('ui/onCreateUser').setDefaultFields(object);",
  'ui/onUpdateUser.js': "require('ui/onUpdateUser').preserveLastSync(object, oldObject, request);",
  'ui/onDelete-user-cleanup.js': '',
  // Takes a change back that could not be passed on to every target, and fails the request with the reason (specification §7.4).
  'compensate.js': `
  var given = (request && request.additionalParameters) || {};
  if (!syncResults.success && String(given.compensating) === 'true') {
    logger.warn('{}: taking the change back could not be passed on to every target either', String(resourceName));
  } else if (!syncResults.success) {
    var path = String(resourceName);
    var again = { compensating: true };
    if (!oldObject) openidm['delete'](path, newObject._rev, again);
    else if (!newObject) openidm.create(path.slice(0, path.lastIndexOf('/')), oldObject._id, oldObject, again);
    else openidm.update(path, newObject._rev, oldObject, again);
    var failed = syncResults.syncDetails.filter(function (one) { return one.result === 'FAILED'; });
    throw failed.length > 0 ? failed[0].cause : { code: 500, message: 'The change could not be passed on' };
  }`,
  'ui/onCreate-user-set-default-fields.js': `
  if (object.accountStatus === undefined || object.accountStatus === null) object.accountStatus = 'active';
  if (object.roles === undefined || object.roles === null) object.roles = 'openidm-authorized';`,
  'roles/effectiveRoles.js': `
  require('roles/effectiveRoles').calculateEffectiveRoles(object, typeof rolesPropName === 'undefined' ? null : rolesPropName);`,
  'roles/effectiveAssignments.js': `
  require('roles/effectiveAssignments').calculateEffectiveAssignments(
    object, typeof effectiveRolesPropName === 'undefined' ? null : effectiveRolesPropName);`,
};

/** The text that stands in for a script, by its name with or without the folder of OpenIDM; undefined: there is none. */
export function builtInHook(file: string): string | undefined {
  const name = file.replace(/^.*bin\/defaults\/script\//, '');
  return Object.hasOwn(BUILT_IN_HOOKS, name) ? BUILT_IN_HOOKS[name] : workflowStart(name);
}
