/**
 * What stands in for scripts that OpenIDM ships and that `managed.json` names as files (specification §9.5). Empty: what they
 * look after (notifications) is not here, so that nothing is left to do. Modules of the same names: shipped-modules.ts.
 */
export const BUILT_IN_HOOKS: Readonly<Record<string, string>> = {
  'ui/onCreateUser.js': "require('ui/onCreateUser').setDefaultFields(object);",
  'ui/onUpdateUser.js': "require('ui/onUpdateUser').preserveLastSync(object, oldObject, request);",
  'ui/onDelete-user-cleanup.js': '',
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
  return Object.hasOwn(BUILT_IN_HOOKS, name) ? BUILT_IN_HOOKS[name] : undefined;
}
