/** Settings that mean something here: those of the ICF connector, and our own. */
export const LDAP_PROPERTIES: readonly string[] = [
  ...'host port ssl startTLS failover principal credentials authType baseContexts referralsHandling'.split(' '),
  ...'accountObjectClasses accountUserNameAttributes accountSearchFilter groupObjectClasses groupSearchFilter'.split(
    ' ',
  ),
  ...'groupMemberAttribute getGroupMemberId maintainLdapGroupMembership maintainPosixGroupMembership'.split(' '),
  ...'passwordAttribute passwordHashAlgorithm respectResourcePasswordPolicyChangeAfterReset'.split(' '),
  ...'useBlocks blockSize usePagedResultControl vlvSortAttribute uidAttribute readSchema useDNSSRVRecord'.split(' '),
  ...'resetSyncToken baseContextsToSynchronize objectClassesToSynchronize attributesToSynchronize'.split(' '),
  ...'modifiersNamesToFilterOut accountSynchronizationFilter groupSynchronizationFilter changeLogBlockSize'.split(' '),
  ...'changeNumberAttribute filterWithOrInsteadOfAnd removeLogEntryObjectClassFromFilter synchronizePasswords'.split(
    ' ',
  ),
  ...'passwordAttributeToSynchronize passwordDecryptionKey passwordDecryptionInitializationVector'.split(' '),
  ...'useTimestampsForSync connectionTimeout readTimeout'.split(' '),
  ...'verifyCertificates caFile clientCertificateFile clientKeyFile tlsServerName'.split(' '),
  ...'requestsInFlight writeConnections changeFeed'.split(' '),
];
