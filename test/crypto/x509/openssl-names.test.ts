import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { nameOfType, oidOfType } from '../../../src/crypto/x509/attribute-types.ts'
import { readContents } from '../../../src/crypto/x509/contents.ts'
import { isSameName } from '../../../src/crypto/x509/distinguished-name.ts'
import { parseName } from '../../../src/crypto/x509/name-text.ts'
import { type Issued, issue } from '../../harness/certificates.ts'

/** The arcs of attribute names. Other arcs name algorithms, extensions and the like. */
const ATTRIBUTES =
  /^(?:2\.5\.4|0\.9\.2342\.19200300\.100\.1|1\.2\.840\.113549\.1\.9|1\.3\.6\.1\.4\.1\.311\.60\.2\.1|1\.3\.6\.1\.5\.5\.7\.9|1\.2\.643\.3\.131\.1)\.\d+$|^1\.2\.643\.100\.[1-5]$|^1\.3\.6\.1\.4\.1\.311\.20\.2\.3$/
/** The arcs of PKCS #9 that are for requests and messages and have no name attributes. */
const NO_ATTRIBUTES = /^1\.2\.840\.113549\.1\.9\.1[4-9]$/

function openssl(args: readonly string[], input = ''): string | undefined {
  try {
    return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

/** Each attribute type that this machine's OpenSSL knows, by its OID. Lines look like `CN = commonName, 2.5.4.3`. */
const known = new Map(
  (openssl(['list', '-objects']) ?? '').split('\n').flatMap((line) => {
    const [, short = '', long, oid = ''] = /^(\S+) = (?:(.*), )?([\d.]+)$/.exec(line) ?? []
    return ATTRIBUTES.test(oid) && !NO_ATTRIBUTES.test(oid)
      ? [[oid, [short, ...(long === undefined ? [] : [long])]] as const]
      : []
  }),
)

const subjectOf = ({ pem }: Issued, nameopt: string): string =>
  (openssl(['x509', '-noout', '-subject', '-nameopt', nameopt], pem) ?? '').replace(/^subject=\s*/, '').trim()

describe.skipIf(known.size === 0)('output of this machine’s openssl', () => {
  test('is plentiful', () => {
    expect(known.size).toBeGreaterThan(100)
  })

  test.each(['RFC2253', 'RFC2253,sname', 'RFC2253,lname', 'RFC2253,oid'])(
    'is read back: -nameopt %s',
    async (nameopt) => {
      // A long name with spaces violates the grammar of RFC 4514.
      const isReadable = (names: readonly string[]) =>
        !nameopt.endsWith('lname') || names.every((name) => !name.includes(' '))
      const oids = [...known].filter(([, names]) => isReadable(names)).map(([oid]) => oid)
      for (let from = 0; from < oids.length; from += 20) {
        const subject = oids.slice(from, from + 20).map((oid) => ({ [oid]: [`value ${oid}`] }))
        const issued = await issue({ subject })
        const printed = subjectOf(issued, nameopt)
        const written = printed.replaceAll(/(^|,)uid=/g, '$10.9.2342.19200300.100.1.44=')
        expect(written).toContain(`value ${oids[from]}`)
        expect({ printed, isRead: isSameName(readContents(issued.certificate).subject, parseName(written)) }).toEqual({
          printed,
          isRead: true,
        })
      }
    },
  )

  test('has one exception: uid, which is the user id in RFC 4519', () => {
    const differing = [...known].flatMap(([oid, names]) =>
      names.filter((name) => !name.includes(' ') && oidOfType(name) !== oid),
    )
    expect(differing).toEqual(['uid'])
  })
})

test.each([
  ['jurisdictionC', '1.3.6.1.4.1.311.60.2.1.3'],
  ['jurisdictionST', '1.3.6.1.4.1.311.60.2.1.2'],
  ['jurisdictionL', '1.3.6.1.4.1.311.60.2.1.1'],
  ['mail', '0.9.2342.19200300.100.1.3'],
  ['telephoneNumber', '2.5.4.20'],
  ['role', '2.5.4.72'],
  ['x500UniqueIdentifier', '2.5.4.45'],
  ['dmdName', '2.5.4.54'],
  ['houseIdentifier', '2.5.4.51'],
  ['street', '2.5.4.9'],
  ['uid', '0.9.2342.19200300.100.1.1'],
  ['EMAILADDRESS', '1.2.840.113549.1.9.1'],
])('%s is %s with any openssl', (name, oid) => {
  expect(oidOfType(name)).toBe(oid)
  expect(oidOfType(nameOfType(oid))).toBe(oid)
})

test('a name of an Open Banking certificate, as openssl prints it', () => {
  const text =
    'CN=api.example.com,UID=u-77,jurisdictionC=BR,serialNumber=00112233,businessCategory=Private Organization,organizationIdentifier=OFBBR-1'
  expect(parseName(text)).toHaveLength(6)
})
