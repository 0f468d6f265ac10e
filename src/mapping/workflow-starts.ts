/**
 * Scripts that OpenIDM ships for policies and hooks that start a workflow (specification §9.5). One instance for the same mapping,
 * situation, action, source, target and qualifier is open at a time; the repository sees to that, however many ask at once.
 * What the source object was before is not passed on: it may hold open secrets.
 */
const WORKFLOW_STARTS: Readonly<Record<string, string>> = {
  'workflow/triggerWorkflowFromSync.js': `
  (function () {
    var param = recon.actionParam;
    if (typeof workflowName === 'undefined' || !workflowName)
      throw { code: 400, message: 'workflow/triggerWorkflowFromSync.js: the action has no "workflowName"' };
    var facts = [workflowName, param.mapping, param.situation, param.action, param.sourceId, param.targetId, param.linkQualifier];
    var only = JSON.stringify(facts.map(function (one) { return one === undefined ? null : one; }));
    var content = Object.assign({}, param, { _key: workflowName, _only: only });
    delete content.oldSource;
    openidm.action('workflow/processinstance', 'createOnce', content, {});
  })();
  'ASYNC';`,
  'workflow/triggerWorkflowGeneric.js': `
  (function () {
    if (typeof workflowName === 'undefined' || !workflowName)
      throw { code: 400, message: 'workflow/triggerWorkflowGeneric.js: there is no "workflowName"' };
    var given = typeof params === 'undefined' || !params ? {} : params;
    var content = { _key: workflowName };
    Object.keys(given).forEach(function (name) {
      content[name] = typeof given[name] === 'string' ? eval(given[name]) : given[name];
    });
    openidm.action('workflow/processinstance', 'create', content, {});
  })();
  'ASYNC';`,
};

/** The text of such a script, by its name with or without the folder of OpenIDM; undefined: it is none. */
export function workflowStart(file: string): string | undefined {
  const name = file.replace(/^.*bin\/defaults\/script\//, '');
  return Object.hasOwn(WORKFLOW_STARTS, name) ? WORKFLOW_STARTS[name] : undefined;
}
