/** Folders of `src/` that read nothing of strangers', and why. Any other folder is looked at, a new one too. */
export const OTHERS: Readonly<Record<string, string>> = {
  admin: 'gives out what others have made; reads no field of a request',
  changes: 'reads rows that this program wrote',
  cli: 'reads what the administrator who runs it types',
  config: 'reads the files and variables of an administrator',
  credentials: 'is handed values that were parsed',
  dev: 'makes what a developer starts with',
  input: 'reads the files, options and secrets of an administrator; test/manifest/large.test.ts has the limits of YAML',
  manifest: 'reads the files of an administrator; test/manifest/large.test.ts has its limits',
  store: 'reads rows that this program wrote, and the address of the database',
  telemetry: 'counts',
  wiring: 'hands parts to each other',
  workers: 'reads messages that this program sent',
}

const OVER_TLS = 'timed in requests.test.ts'
const OVER_TLS_TO_A_SOURCE = 'timed in fetches.test.ts'
const OWN = 'reads what this program made'
const CONFIGURED = 'reads what an administrator has configured or registered'

/** Functions that take something apart, and are not among the cases here, and why. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'audit/refusals.ts ownCopy': OVER_TLS,
  'certificates/peer.ts certificateOfSocket': OVER_TLS,
  'endpoints/introspect.ts wantsJwt': OVER_TLS,
  'endpoints/keys.ts isCurrent': OVER_TLS,
  'http/app.ts createApp': OVER_TLS,
  'http/app.ts splitTarget': OVER_TLS,
  'http/listen-fault.ts wordsOf': 'reads the code of an error of Node',
  'http/whose-port.ts parse': 'reads at most 64 KiB, before the server is there',
  'http/unparsed.ts refuse': 'reads the code of an error of Node',
  'keys/master-key.ts #derive': OWN,
  'keys/master-key.ts generateMasterKey': OWN,
  'keys/master-key.ts parseMasterKey': CONFIGURED,
  'platform/files.ts decodeUtf8': CONFIGURED,
  'platform/standard-streams.ts write': OWN,
  'platform/system-error.ts isUntrusted': 'reads the code of an error of Node',
  'platform/system-error.ts networkFault': 'reads the code of an error of Node',
  'platform/version.ts readVersion': OWN,
  'remote-keys/discovery.ts metadataUrls': CONFIGURED,
  'remote-keys/fetch-json.ts #readBody': OVER_TLS_TO_A_SOURCE,
  'remote-keys/fetch-json.ts readJson': OVER_TLS_TO_A_SOURCE,
  'remote-keys/fetch-json.ts redirectTarget': OVER_TLS_TO_A_SOURCE,
  'remote-keys/proxy.ts #request': CONFIGURED,
  'remote-keys/proxy.ts OutboundProxy': CONFIGURED,
  'remote-keys/proxy.ts proxyOf': CONFIGURED,
  'secrets/generate.ts generateSecret': OWN,
  'secrets/hash.ts parseHash': OWN,
  'secrets/verifier.ts SecretVerifier': OWN,
}
