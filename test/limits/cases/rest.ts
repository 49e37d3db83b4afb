import { AddressRules } from '../../../src/client-auth/remote-jwks/addresses.ts'
import { lifetimeOf } from '../../../src/client-auth/remote-jwks/lifetime.ts'
import { hostOf, readHttpsUrl, refuseUrl } from '../../../src/client-auth/remote-jwks/url.ts'
import { isGenerated } from '../../../src/model/credentials/generate-secret.ts'
import { networksOf } from '../../../src/platform/addresses.ts'
import { parseJson, shortJson } from '../../../src/platform/json.ts'
import { uuidv7Time } from '../../../src/platform/random.ts'
import { signJwt } from '../../../src/tokens/jwt.ts'
import { verifyToken } from '../../../src/tokens/verify.ts'
import { CLAIMS, kids, ring, sealer, verifier } from '../../harness/ring.ts'
import { fill, jsonValues } from '../shapes.ts'
import { cases } from './case.ts'

/** Bytes of a fetched document. */
const DOCUMENT = 256 * 1024
const HEADERS = 16 * 1024
const BODY = 64 * 1024
/** Characters of a token. */
const TOKEN = 16_000

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const [kid = ''] = kids
const rules = new AddressRules()

/** Tokens of ours at their maximum size. */
const claims = { ...CLAIMS, pad: Array.from({ length: 5_500 }, () => 1) }
const ours = {
  'a token of ours': await signJwt(await ring.signer('ES256'), 'at+jwt', claims),
  'a token of ours, sealed': await sealer.seal(await ring.sealingKey(), claims),
}

const tokenValues = Object.fromEntries(
  Object.entries(jsonValues(5_500)).flatMap(([shape, json]) => [
    [
      `${shape} in the header`,
      `${encode(`{"alg":"ES256","kid":"${kid}","typ":"at+jwt","x":${json}}`)}.${encode('{}')}.${'A'.repeat(86)}`,
    ],
    [
      `${shape} in the claims`,
      `${encode(`{"alg":"ES256","kid":"${kid}","typ":"at+jwt"}`)}.${encode(`{"x":${json}}`)}.${'A'.repeat(86)}`,
    ],
  ]),
)

export const restCases = [
  ...cases('parseJson', parseJson, jsonValues(DOCUMENT)),
  ...cases('shortJson', (value: unknown) => shortJson(value, 256), {
    'nested arrays': Array.from({ length: 4_000 }).reduce<unknown[]>((inner) => [inner], []),
    elements: Array.from({ length: 100_000 }, () => 1),
    'a text': 'a'.repeat(DOCUMENT),
  }),
  ...cases('verifyToken', (token: string) => verifyToken(verifier, token), {
    ...tokenValues,
    ...ours,
    dots: '.'.repeat(TOKEN),
    'one segment': 'A'.repeat(TOKEN),
    'the beginning of a sealed token': `tsa_${'A'.repeat(TOKEN - 4)}`,
    'a sealed token of another alphabet': `tsa_${'.'.repeat(TOKEN - 4)}`,
    'too long': 'a.'.repeat(BODY / 2),
  }),
  ...cases('readHttpsUrl', (url: string) => [readHttpsUrl(url), refuseUrl(url, rules)], {
    'a long text': `https://${'a'.repeat(BODY)}`,
    Punycode: `https://xn--${fill(1_980, 'zzzz9')}`,
    'escapes in the host': `https://${fill(1_980, '%C3%A9')}`,
    'marks in the host': `https://a${fill(1_980, '%CC%81%CC%96')}`,
    dots: `https://a${fill(1_980, '/a/..')}`,
    numbers: `https://${fill(1_980, '1.')}`,
    brackets: `https://[${fill(1_980, ':')}]/`,
  }),
  ...cases('hostOf', (url: string) => hostOf(new URL(url)), { dots: `https://${fill(1_980, 'a.')}` }),
  ...cases('AddressRules', (address: string) => rules.refuse(address), {
    groups: fill(HEADERS, 'f:'),
    'a zone': `::1%${'a'.repeat(HEADERS)}`,
    'an address of NAT64': '64:ff9b::a9fe:a9fe',
    'a public address of ISATAP': '2606:4700::5efe:808:808',
  }),
  ...cases(
    'lifetimeOf',
    (value: string) => [
      lifetimeOf({ 'cache-control': value }, 0),
      lifetimeOf({ expires: value, age: value, date: value }, 0),
    ],
    {
      directives: fill(HEADERS, 'max-age=1,'),
      commas: ','.repeat(HEADERS),
      digits: `max-age=${'1'.repeat(HEADERS - 9)}x`,
      spaces: `max-age${' '.repeat(HEADERS)}=1`,
      'spaces behind digits': `max-age=${'1'.repeat(HEADERS / 2)}${' '.repeat(HEADERS / 2)}x`,
      brackets: '('.repeat(HEADERS),
      numbers: fill(HEADERS, '1 '),
    },
  ),
  ...cases('networksOf', networksOf, {
    'a zone': `fe80::1%${'a'.repeat(HEADERS)}`,
    'no address': 'a'.repeat(HEADERS),
    groups: fill(HEADERS, 'f:'),
  }),
  ...cases('isGenerated', isGenerated, {
    'a long value': `tss_${'a'.repeat(BODY)}`,
    'only the prefix': fill(BODY, 'tss_'),
  }),
  ...cases('uuidv7Time', uuidv7Time, { digits: '0'.repeat(TOKEN), hyphens: '-'.repeat(TOKEN) }),
]
