/**
 * Folders of `src/` that parse no input of strangers, with the reason. All other folders are checked, including new
 * ones.
 */
export const OTHERS: Readonly<Record<string, string>> = {
  admin: 'gives out what others have made; reads no field of a request',
  cli: 'reads what the administrator who runs it types',
  'cli/dev': 'makes what a developer starts with',
  config: 'reads the files and variables of an administrator',
  input:
    'reads the files, options and secrets of an administrator; test/management/manifest/large.test.ts has the limits of YAML',
  'management/credentials': 'is handed values that were parsed',
  'management/keys': 'is handed values that were parsed',
  'management/manifest': 'reads the files of an administrator; test/management/manifest/large.test.ts has its limits',
  'model/changes': 'reads rows that this program wrote',
  server: 'hands parts to each other',
  'server/reload': 'compares configurations that were parsed',
  'server/workers': 'reads messages that this program sent',
  store: 'reads the address of the database',
  'store/migrations': 'reads rows that this program wrote',
  'store/postgres': 'reads rows that this program wrote, and the address of the database',
  'store/sql': 'reads rows that this program wrote',
  'store/sqlite': 'reads rows that this program wrote',
  'store/tables': 'reads rows that this program wrote',
}

const OVER_TLS = 'timed in requests.test.ts'
const OVER_TLS_TO_A_SOURCE = 'timed in fetches.test.ts'
const OWN = 'reads what this program made'
const WRITER = 'writes what `tessera dev` certifies'
const CONFIGURED = 'reads what an administrator has configured or registered'

/** Functions that parse something and have no case here, with the reason. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'audit/refusals.ts ownCopy': OVER_TLS,
  'crypto/x509/der-writer.ts writeElement': WRITER,
  'crypto/x509/der-writer.ts writeOid': WRITER,
  'crypto/x509/der-writer.ts writeBoolean': WRITER,
  'crypto/x509/der-writer.ts writeUnsigned': WRITER,
  'crypto/x509/der-writer.ts writeBits': WRITER,
  'crypto/x509/der-writer.ts writePrintable': WRITER,
  'crypto/x509/der-writer.ts writeTime': WRITER,
  'crypto/x509/peer.ts certificateOfSocket': OVER_TLS,
  'endpoints/introspect.ts wantsJwt': OVER_TLS,
  'endpoints/keys.ts isCurrent': OVER_TLS,
  'http/app.ts createApp': OVER_TLS,
  'http/router.ts splitTarget': OVER_TLS,
  'http/listen-fault.ts wordsOf': 'reads the code of an error of Node',
  'http/whose-port.ts parse': 'reads at most 64 KiB, before the server is there',
  'http/unparsed.ts refuse': 'reads the code of an error of Node',
  'crypto/master-key.ts #derive': OWN,
  'crypto/master-key.ts generateMasterKey': OWN,
  'crypto/master-key.ts parseMasterKey': CONFIGURED,
  'platform/files.ts decodeText': CONFIGURED,
  'platform/standard-streams.ts write': OWN,
  'platform/system-error.ts isUntrusted': 'reads the code of an error of Node',
  'platform/system-error.ts networkFault': 'reads the code of an error of Node',
  'platform/version.ts readVersion': OWN,
  'client-auth/remote-jwks/discovery.ts metadataUrls': CONFIGURED,
  'client-auth/remote-jwks/fetch-json.ts #readBody': OVER_TLS_TO_A_SOURCE,
  'client-auth/remote-jwks/fetch-json.ts readJson': OVER_TLS_TO_A_SOURCE,
  'client-auth/remote-jwks/fetch-json.ts redirectTarget': OVER_TLS_TO_A_SOURCE,
  'client-auth/remote-jwks/proxy.ts #request': CONFIGURED,
  'client-auth/remote-jwks/proxy.ts OutboundProxy': CONFIGURED,
  'client-auth/remote-jwks/proxy.ts proxyOf': CONFIGURED,
  'model/credentials/generate-secret.ts generateSecret': OWN,
  'model/credentials/secret-hash.ts parseHash': OWN,
  'client-auth/secrets/verifier.ts SecretVerifier': OWN,
}
