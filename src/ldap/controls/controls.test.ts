import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../testing/failure-of.ts';
import { encodeBer } from '../ber/ber-writer.ts';
import type { IntermediateResponse, LdapControl } from '../codec/message.ts';
import { DIR_SYNC, DIR_SYNC_FLAGS, dirSyncControl, readDirSync } from './dir-sync.ts';
import { PAGED_RESULTS, pagedResultsControl, readPagedResults } from './paged-results.ts';
import { ENTRY_CHANGE, persistentSearchControl, readEntryChange } from './persistent-search.ts';
import { assertionControl, proxiedAuthorizationControl, subentriesControl } from './plain-controls.ts';
import { POST_READ, postReadControl, PRE_READ, preReadControl, readPostRead, readPreRead } from './read-entry.ts';
import { readSortResult, SORT_RESPONSE, sortControl } from './server-side-sort.ts';
import {
  readSyncDone,
  readSyncInfo,
  readSyncState,
  SYNC_DONE,
  SYNC_INFO,
  SYNC_STATE,
  syncRequestControl,
  uuidText,
} from './sync-request.ts';

const hexOf = ({ value }: LdapControl): string => Buffer.from(value!).toString('hex');
const given = (oid: string, hex: string): LdapControl[] => [{ oid, isCritical: false, value: Buffer.from(hex, 'hex') }];
const info = (hex: string): IntermediateResponse => ({
  kind: 'intermediate',
  oid: SYNC_INFO,
  value: Buffer.from(hex, 'hex'),
  controls: [],
});
const uuid = '00112233445566778899aabbccddeeff';

describe('what is sent', () => {
  it.each([
    ['a first page', pagedResultsControl(1000), '3006020203e80400'],
    ['a later page', pagedResultsControl(5, Buffer.from('c')), '3006020105040163'],
    ['a sync refresh', syncRequestControl({ mode: 'refreshOnly', cookie: null }), '30030a0101'],
    [
      'a sync that persists',
      syncRequestControl({ mode: 'refreshAndPersist', cookie: Buffer.from('c'), reloadHint: true }),
      '30090a01030401630101ff',
    ],
    [
      'DirSync with incremental values',
      dirSyncControl({
        flags: DIR_SYNC_FLAGS.incrementalValues + DIR_SYNC_FLAGS.ancestorsFirst,
        maxBytes: 0,
        cookie: Buffer.of(),
      }),
      '300b0204800008000201000400',
    ],
    ['a persistent search', persistentSearchControl(true), '300902010f0101ff0101ff'],
    ['an assertion', assertionControl('(l=a)'), 'a30604016c040161'],
    [
      'sorting',
      sortControl([{ attribute: 'cn', rule: '1.2', isDescending: true }]),
      '300e300c0402636e8003312e328101ff',
    ],
    ['subentries', subentriesControl(true), '0101ff'],
    ['somebody else', proxiedAuthorizationControl('u:a'), '753a61'],
    ['a read before', preReadControl(['cn']), '30040402636e'],
    ['a read after', postReadControl([]), '3000'],
  ])('%s', (_, control, hex) => {
    expect(hexOf(control)).toBe(hex);
  });
});

describe('what comes', () => {
  it('pages', () => {
    expect(readPagedResults(given(PAGED_RESULTS, '3006020107040163'))).toEqual({
      estimate: 7,
      cookie: Buffer.from('c'),
    });
    expect(readPagedResults([])).toBeNull();
  });

  it('states of entries', () => {
    expect(readSyncState(given(SYNC_STATE, `30150a01030410${uuid}`))).toMatchObject({ state: 'delete', cookie: null });
    const withCookie = readSyncState(given(SYNC_STATE, `30180a01010410${uuid}040163`))!;
    expect([uuidText(withCookie.uuid), withCookie.cookie!.toString()]).toEqual([
      '00112233-4455-6677-8899-aabbccddeeff',
      'c',
    ]);
    expect(() => readSyncState(given(SYNC_STATE, '30050a01010400'))).toThrow('a UUID of 0 bytes');
    expect(() => readSyncState(given(SYNC_STATE, `30150a01090410${uuid}`))).toThrow('unknown kind');
  });

  it('ends of a refresh', () => {
    expect(readSyncDone(given(SYNC_DONE, '3000'))).toEqual({ cookie: null, refreshDeletes: false });
    expect(readSyncDone(given(SYNC_DONE, '30060401630101ff'))).toEqual({
      cookie: Buffer.from('c'),
      refreshDeletes: true,
    });
  });

  it('sync information of every kind', () => {
    expect(readSyncInfo(info('800163'))).toEqual({ kind: 'newCookie', cookie: Buffer.from('c') });
    expect(readSyncInfo(info('a100'))).toEqual({ kind: 'refreshDelete', cookie: null, refreshDone: true });
    expect(readSyncInfo(info('a206040163010100'))).toEqual({
      kind: 'refreshPresent',
      cookie: Buffer.from('c'),
      refreshDone: false,
    });
    expect(readSyncInfo(info(`a3170101ff31120410${uuid}`))).toEqual({
      kind: 'idSet',
      cookie: null,
      refreshDeletes: true,
      uuids: [Buffer.from(uuid, 'hex')],
    });
    expect(readSyncInfo({ ...info('800163'), oid: '1.2' })).toBeNull();
    expect(readSyncInfo(info('a700'))).toBeNull();
  });

  it('DirSync', () => {
    expect(readDirSync(given(DIR_SYNC, '3009020101020100040163'))).toEqual({ hasMore: true, cookie: Buffer.from('c') });
  });

  it('changes of entries, in both spellings of the kind', () => {
    expect(readEntryChange(given(ENTRY_CHANGE, '30030a0104'))).toEqual({
      type: 'modify',
      previousDn: null,
      changeNumber: null,
    });
    expect(readEntryChange(given(ENTRY_CHANGE, '3009020108040161020107'))).toEqual({
      type: 'rename',
      previousDn: 'a',
      changeNumber: 7,
    });
  });

  it('results of sorting', () => {
    expect(readSortResult(given(SORT_RESPONSE, '30030a0100'))).toEqual({ code: 0, attribute: null });
    expect(readSortResult(given(SORT_RESPONSE, '30070a01108002636e'))).toEqual({ code: 16, attribute: 'cn' });
  });

  it('entries before and after a write, in both spellings', () => {
    const entry = encodeBer((writer) => {
      const start = writer.open(0x64);
      writer.octets('cn=a');
      const list = writer.open();
      writer.close(list);
      writer.close(start);
    });
    expect(readPostRead([{ oid: POST_READ, isCritical: false, value: entry }])!.dn).toBe('cn=a');
    entry[0] = 0x30;
    expect(readPreRead([{ oid: PRE_READ, isCritical: false, value: entry }])!.dn).toBe('cn=a');
    expect(readPreRead([])).toBeNull();
  });

  it('any bytes are read or refused', () => {
    const readers: ((controls: LdapControl[]) => unknown)[] = [
      readPagedResults,
      readSyncState,
      readSyncDone,
      readDirSync,
      readEntryChange,
      readSortResult,
      readPostRead,
      ([control]) => readSyncInfo(info(Buffer.from(control!.value!).toString('hex'))),
    ];
    const oids = [PAGED_RESULTS, SYNC_STATE, SYNC_DONE, DIR_SYNC, ENTRY_CHANGE, SORT_RESPONSE, POST_READ, SYNC_INFO];
    const byte = fc.oneof(fc.constantFrom(0x30, 0x02, 0x04, 0x0a, 0xa1, 0xa3, 0x31, 1, 2, 3, 4), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.nat({ max: 7 }), fc.array(byte, { maxLength: 24 }), (which, bytes) => {
        const control = { oid: oids[which]!, isCritical: false, value: Buffer.from(bytes) };
        expect([null, 'corrupt']).toContain(failureOf(() => readers[which]!([control])));
      }),
      { numRuns: 5000 },
    );
  });
});
