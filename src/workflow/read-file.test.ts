import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { readArchive } from './archive.ts';
import { readBpmn } from './read-file.ts';
import { bpmn, flows } from './testing/bpmn.ts';

const SOUND = bpmn(`<startEvent id="start"/><endEvent id="end"/>${flows('start -> end')}`);

describe('a BPMN file', () => {
  it('without a fault gives its processes', () => {
    const { processes, faults } = readBpmn(SOUND, 'a.bpmn');
    expect([processes.map(({ key, name, category }) => [key, name, category]), faults]).toEqual([
      [['p', 'Example', 'Examples']],
      [],
    ]);
  });

  it.each([
    ['<a/>', 1, 'the file is not BPMN 2.0'],
    ['', 1, 'document must contain a root element'],
    [`<!DOCTYPE x [<!ENTITY a "b">]>${SOUND.replace(/^<\?.*\?>/, '')}`, 1, 'a document type is not allowed'],
    [
      SOUND.replace('<endEvent', '<choreographyTask id="c"/><endEvent'),
      5,
      'the element "choreographyTask" is not known here',
    ],
    [
      SOUND.replace('targetRef="end"', 'targetRef="nowhere"'),
      5,
      'the targetRef "nowhere" of the flow "start_end_0" is no step of the process',
    ],
    [SOUND.replace('id="end"', 'id="start"'), 5, 'the id "start" is given twice'],
    [SOUND.replace('<endEvent id="end"/>', '<endEvent/>'), 5, 'a endEvent has no id'],
    [withUserTask('activiti:assignee="${a ==}"'), 5, 'the expression ${a ==} cannot be read'],
    [withTimer('every day'), 5, 'the time "every day" cannot be read'],
  ])('%# is refused, with the place', (xml, line, message) => {
    const { processes, faults } = readBpmn(xml, 'a.bpmn');
    expect(faults.filter(({ severity }) => severity === 'error')).toContainEqual(
      expect.objectContaining({ file: 'a.bpmn', line, message: expect.stringContaining(message) }),
    );
    expect(processes).toEqual([]);
  });

  it.each([
    [
      `<scriptTask id="s" scriptFormat="groovy"><script>def a</script></scriptTask>`,
      'the script task "s" is written in groovy, which cannot be run here',
    ],
    [
      `<serviceTask id="s" activiti:class="org.example.Mail"/>`,
      'the serviceTask "s" has activiti:class="org.example.Mail", which cannot be run here',
    ],
    [`<serviceTask id="s" activiti:expression="\${bean.do()}"/>`, 'has activiti:expression'],
    [
      `<userTask id="s"><extensionElements><activiti:taskListener event="create" class="x"/></extensionElements></userTask>`,
      'a taskListener is not run here',
    ],
  ])('with what cannot be run is told and taken', (step, message) => {
    const { processes, faults } = readBpmn(
      bpmn(`<startEvent id="start"/>${step}<endEvent id="end"/>${flows('start -> s\n s -> end')}`),
      'a.bpmn',
    );
    expect(faults).toMatchObject([{ severity: 'warning', message: expect.stringContaining(message) }]);
    expect(processes).toHaveLength(1);
  });

  it('reads who does a user task, whatever the extension is called', () => {
    const task = `<userTask id="s" activiti:assignee="\${boss}" activiti:candidateUsers="ann, \${a.b('x,y')}" activiti:candidateGroups="hr,it" activiti:formKey="f.xhtml"/>`;
    const owners = `<userTask id="s"><potentialOwner><resourceAssignmentExpression><formalExpression>user(ann), group(hr), it</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>`;
    const read = (step: string, uri = 'http://activiti.org/bpmn') => {
      const xml = bpmn(`<startEvent id="start"/>${step}<endEvent id="end"/>${flows('start -> s\n s -> end')}`);
      const { assignee, candidateUsers, candidateGroups, form } = readBpmn(
        xml.replace('http://activiti.org/bpmn', uri),
        'a',
      ).processes[0]!.userTasks.get('s')!;
      return [
        assignee?.text ?? null,
        candidateUsers.map(({ text }) => text.trim()),
        candidateGroups.map(({ text }) => text.trim()),
        form.key,
      ];
    };
    const plain = task.replace(`, \${a.b('x,y')}`, ', ${a.size()}');
    expect(read(plain)).toEqual(['${boss}', ['ann', '${a.size()}'], ['hr', 'it'], 'f.xhtml']);
    expect(read(plain, 'http://flowable.org/bpmn')).toEqual(read(plain));
    expect(read(owners)).toEqual([null, ['ann'], ['hr', 'it'], null]);
  });

  it('gives processes or faults for any damage', () => {
    fc.assert(
      fc.property(fc.nat(SOUND.length), fc.nat(40), fc.string({ maxLength: 10 }), (at, length, text) => {
        const { processes, faults } = readBpmn(SOUND.slice(0, at) + text + SOUND.slice(at + length), 'a.bpmn');
        expect(processes.length + faults.length).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an archive', () => {
  it('gives the files that are wanted, stored or deflated', () => {
    const zip = zipOf({ 'a.bpmn': 'one', 'b.xhtml': 'two', 'c.bpmn': 'three'.repeat(100) });
    const entries = readArchive(zip, (name) => name.endsWith('.bpmn'), 10_000);
    expect(entries.map(({ name, content }) => [name, content.toString()])).toEqual([
      ['a.bpmn', 'one'],
      ['c.bpmn', 'three'.repeat(100)],
    ]);
  });

  it('that grows beyond the limit, or is damaged anywhere, is refused', () => {
    const zip = zipOf({ 'a.bpmn': 'x'.repeat(100_000) });
    expect(() => readArchive(zip, () => true, 1000)).toThrow(Failure);
    fc.assert(
      fc.property(fc.nat(zip.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(zip);
        damaged[at] = byte;
        expect(outcomeOf(damaged.subarray(0, zip.length - (at % 3)))).toBe('told');
      }),
    );
  });
});

function withUserTask(attributes: string): string {
  return SOUND.replace('<endEvent', `<userTask id="u" ${attributes}/><endEvent`);
}

function withTimer(time: string): string {
  const definition = `<timerEventDefinition><timeDuration>${time}</timeDuration></timerEventDefinition>`;
  return SOUND.replace('<endEvent', `<intermediateCatchEvent id="t">${definition}</intermediateCatchEvent><endEvent`);
}

/** Every second file is deflated. */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [i, [name, text]] of Object.entries(files).entries()) {
    const isPacked = i % 2 === 0;
    const content = isPacked ? deflateRawSync(text) : Buffer.from(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(isPacked ? 8 : 0, 10);
    entry.writeUInt32LE(content.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), content);
    entries.push(entry, Buffer.from(name));
    offset += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...entries, end]);
}

/** `told`: it could be read, or a failure says why not. */
function outcomeOf(zip: Buffer): string {
  try {
    readArchive(zip, () => true, 200_000);
    return 'told';
  } catch (error) {
    return error instanceof Failure ? 'told' : String(error);
  }
}
