/**
 * Folders of `src/` that parse no input of strangers, with the reason. All other folders are checked, including new
 * ones.
 */
export const OTHERS: Readonly<Record<string, string>> = {
  admin: 'serves the output of other parts; reads no field of a request',
  'admin/operations':
    'reads the input of authenticated callers by schemas with bounds; public operations take short texts',
  'audit/export': 'reads rows that this program wrote, and the answers of configured systems',
  'audit/proof': 'reads rows that this program wrote',
  cli: 'reads the input of the administrator who runs it',
  'cli/completion': 'reads the words of a command line',
  'cli/remote': 'reads the profiles of its user, and the answers of a server that the user has named',
  'cli/dev': 'makes the files of a development server',
  config: 'reads the files and variables of an administrator',
  input:
    'reads the files, options and secrets of an administrator; test/management/manifest/large.test.ts has the limits of YAML',
  management: 'gets parsed values',
  'management/apis': 'gets parsed values',
  'management/audit': 'reads rows that this program wrote',
  'management/authority': 'gets parsed values',
  'management/explanations': 'reads text of authenticated callers, of at most 4,096 characters',
  'management/explanations/advice': 'reads events that this program wrote',
  'management/tokens': 'reads a token of the administrator who asks',
  'management/usage': 'gets parsed values',
  'management/clients': 'gets parsed values',
  'management/revocations': 'gets parsed values',
  'management/database': 'gets parsed values',
  'management/schemas': 'reads the files of an administrator; test/management/manifest/large.test.ts has its limits',
  'management/credentials': 'gets parsed values',
  'management/keys': 'gets parsed values',
  'management/manifest': 'reads the files of an administrator; test/management/manifest/large.test.ts has its limits',
  'model/changes': 'reads rows that this program wrote',
  server: 'connects other parts',
  'server/reload': 'compares parsed configurations',
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
const OWN = 'reads the output of this program'
const WRITER = 'writes the certificates of `tessera dev`'
const CONFIGURED = "reads an administrator's configuration or registration"

const SHORT = 'reads at most 64 characters'
const FIELD = 'trims a field of a form, of which people.test.ts has the largest'
const HEADER = 'reads one header by an expression that looks at each character once'

const CALLER = 'reads the body or the header of an authenticated caller, of at most 1 MiB'

/** Functions that parse something and have no case here, with the reason. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'admin/api/body.ts readJsonBody': CALLER,
  'admin/api/idempotency.ts once': CALLER,
  'admin/api/openapi.ts openApiDocument': OWN,
  'admin/api/openapi.ts describeOperation': OWN,
  'admin/api/sealed-cursors.ts seal': OWN,
  'admin/api/sealed-cursors.ts open': CALLER,
  'admin/api/token-caller.ts tokenCaller': HEADER,
  'platform/standard-streams.ts #write': OWN,
  'platform/text-width.ts widthOfOne': OWN,
  'platform/text-width.ts widthOf': OWN,
  'policy/held.ts heldAt': 'gets parsed values',
  'outbound/outbound.ts urlOf': CONFIGURED,
  'audit/refusals.ts ownCopy': OVER_TLS,
  'administrators/sealed.ts seal': OWN,
  'administrators/token.ts newToken': OWN,
  'administrators/sign-on/provider.ts complete':
    'reads the query of a callback, of which sign-on.test.ts has a huge one',
  'administrators/sign-on/provider.ts #configuration': CONFIGURED,
  'administrators/sessions/device.ts normal': SHORT,
  'administrators/sessions/sign-in.ts signIn': FIELD,
  'administrators/accounts/second-factor.ts enrolSecondFactor': OWN,
  'administrators/accounts/second-factor.ts stepOf': SHORT,
  'administrators/accounts/recovery-codes.ts newRecoveryCodes': OWN,
  'administrators/accounts/recovery-codes.ts normal': SHORT,
  'administrators/accounts/totp.ts base32': OWN,
  'administrators/accounts/totp.ts totpCode': OWN,
  'administrators/accounts/passwords.ts Passwords': OWN,
  'administrators/accounts/passwords.ts #parameters': OWN,
  'administrators/accounts/passwords.ts requireStrength': 'checks the number of bytes first',
  'admin/sessions/authenticate.ts senderOf': HEADER,
  'admin/sessions/authenticate.ts isOwnOrigin': HEADER,
  'admin/sessions/authenticate.ts isOwnHost': HEADER,
  'admin/sessions/authenticate.ts hostOf': HEADER,
  'admin/pages/account.ts accountPage': OWN,
  'admin/pages/account.ts confirmationPage': OWN,
  'admin/pages/account.ts issuerOf': CONFIGURED,
  'admin/pages/set-up.ts takeSetUp': FIELD,
  'admin/pages/set-up.ts takeReset': FIELD,
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
  'http/listen-fault.ts wordsOf': "reads an error code of Node's",
  'http/whose-port.ts parse': 'reads at most 64 KiB, before the server starts',
  'http/unparsed.ts refuse': "reads an error code of Node's",
  'crypto/master-key.ts #derive': OWN,
  'crypto/master-key.ts generateMasterKey': OWN,
  'crypto/master-key.ts parseMasterKey': CONFIGURED,
  'platform/files.ts decodeText': CONFIGURED,
  'platform/system-error.ts isUntrusted': "reads an error code of Node's",
  'platform/system-error.ts networkFault': "reads an error code of Node's",
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
