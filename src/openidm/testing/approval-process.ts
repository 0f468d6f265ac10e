import { bpmn, flows, script } from '../../workflow/testing/bpmn.ts';

const ends = '<startEvent id="start" activiti:initiator="starter"/><endEvent id="end"/>';

/** A process that prepares, asks somebody with a form, and carries out what was accepted. */
export const APPROVAL = bpmn(`${ends}
  ${script('prepare', "execution.setVariable('subject', 'account of ' + sourceId);")}
  <userTask id="approve" name="Approve \${subject}" activiti:candidateGroups="managers,\${extraGroup}" activiti:candidateUsers="ann">
    <documentation>for \${starter}</documentation>
    <extensionElements><activiti:formProperty id="decision" name="Decision" type="enum" required="true">
      <activiti:value id="accept" name="Yes"/><activiti:value id="reject" name="No"/></activiti:formProperty>
      <activiti:formProperty id="shown" variable="sourceId" writable="false"/></extensionElements>
  </userTask>
  <exclusiveGateway id="choice"/>
  ${script('carryOut', "openidm.create('managed/log', null, { what: 'created ' + sourceId, by: openidmcontext.security.authenticationId });")}
  ${flows(`start -> prepare\n prepare -> approve\n approve -> choice
    choice -> carryOut: \${decision == 'accept'}\n choice -> end: \${decision != 'accept'}\n carryOut -> end`)}`);
