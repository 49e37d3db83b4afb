import { readBasic } from '../../../src/client-auth/client-secret-basic.ts'
import { httpFault } from '../../../src/http/fitness.ts'
import { parseForm } from '../../../src/http/form.ts'
import { TrustedProxies } from '../../../src/http/proxies.ts'
import { parseTraceId, parseTraceparent } from '../../../src/http/trace.ts'
import { parseScope } from '../../../src/oauth/scope.ts'
import { normaliseUri } from '../../../src/oauth/uri.ts'
import { redactFields, redactText } from '../../../src/platform/redact.ts'
import { visibleText, visibleValue } from '../../../src/platform/visible.ts'
import { fill, fillWithNames } from '../shapes.ts'
import { cases } from './case.ts'

/** Bytes of a body. A larger body is refused before it is parsed. */
const BODY = 64 * 1024
/** Bytes of all headers. */
const HEADERS = 32 * 1024

/** Bytes of one event's detail in the audit log. Commands print it, and strangers wrote it. */
const DETAIL = 8 * 1024

/** Characters of a URI. A longer one is not normalised. */
const URI = 4096

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const proxies = new TrustedProxies(['10.0.0.0/8', 'fd00::/8'])

const uri = (part: string): string => `https://${fill(URI - 8, part)}`

const requestOf = (headers: Record<string, string>, names = '') => ({
  httpVersion: '1.1',
  headers,
  rawHeaders: names.split(',').flatMap((name) => [name, '']),
  url: '/',
})

export const httpCases = [
  ...cases('parseForm', (body: string) => parseForm(FORM, Buffer.from(body)), {
    'different names': fillWithNames(BODY, (name) => name, '&'),
    'distinct names with a value each': fillWithNames(BODY, (name) => `${name}=1`, '&'),
    'distinct names, escaped': fillWithNames(BODY, (name) => `%41${name}`, '&'),
    'the maximum number of names': Array.from({ length: 6_000 }, (_, index) => `${index}=%41`).join('&'),
    'one name': `${'a'.repeat(BODY - 1)}=`,
    resources: fill(BODY, 'resource=a&'),
    'resources without a value': fill(BODY, 'resource&'),
    'only &': '&'.repeat(BODY),
    'only =': '='.repeat(BODY),
    'only +': `a=${'+'.repeat(BODY - 2)}`,
    'only %': `a=${'%'.repeat(BODY - 2)}`,
    'incomplete escapes': `a=${fill(BODY - 2, '%2')}`,
    'escaped percent signs': `a=${fill(BODY - 2, '%25')}`,
    'escaped UTF-8': `a=${fill(BODY - 2, '%F0%9F%98%80')}`,
    'escapes that aren’t UTF-8': `a=${fill(BODY - 2, '%C3%A9')}%C3`,
    'UTF-8': `a=${'é'.repeat(BODY / 2 - 2)}`,
    'a control character at the end': `a=${'a'.repeat(BODY - 5)}\u0001`,
  }),
  ...cases('parseForm, its headers', (type: string) => parseForm({ 'content-type': type }, Buffer.alloc(0)), {
    'a long type': 'a'.repeat(HEADERS),
    'a type with trailing spaces': `${FORM['content-type']}${' '.repeat(HEADERS)}x`,
    'many parameters of the type': `${FORM['content-type']};${fill(HEADERS, 'a=b;')}`,
  }),
  ...cases('readBasic', readBasic, {
    'a long secret': `Basic ${base64(`a:${'a'.repeat(HEADERS * 0.7)}`)}`,
    escapes: `Basic ${base64(`${fill(HEADERS / 3, '%41')}:${fill(HEADERS / 3, '%+')}`)}`,
    'escapes that aren’t UTF-8': `Basic ${base64(`${fill(HEADERS / 3, '%C3%A9')}%C3:${fill(HEADERS / 3, '%zz')}`)}`,
    colons: `Basic ${base64(':'.repeat(HEADERS * 0.7))}`,
    spaces: `Basic ${' '.repeat(HEADERS)}!`,
    'no base64': `Basic ${'A'.repeat(HEADERS)}!`,
    'another scheme': 'Bearer '.repeat(HEADERS / 7),
  }),
  ...cases('TrustedProxies', (header: string) => proxies.clientAddress('10.0.0.1', header), {
    'only our proxies': fill(HEADERS, '10.1.2.3,'),
    'our proxies, all distinct': Array.from({ length: HEADERS / 12 }, (_, n) => `10.0.${n >> 8}.${n & 255}`).join(', '),
    'our proxies in IPv6': Array.from({ length: HEADERS / 9 }, (_, n) => `fd00::${n.toString(16)}`).join(),
    commas: ','.repeat(HEADERS),
    spaces: `${' '.repeat(HEADERS)},10.0.0.1`,
    'one address with a zone': `fd00::1%${'a'.repeat(HEADERS)}`,
    'groups of an address': fill(HEADERS, 'f:'),
    'no address': 'a'.repeat(HEADERS),
  }),
  ...cases('TrustedProxies, Forwarded', (header: string) => proxies.clientAddress('10.0.0.1', undefined, header), {
    'only our proxies': fill(HEADERS, 'for=10.1.2.3,'),
    'our proxies in brackets': fill(HEADERS, 'for="[fd00::1]:1",'),
    'parameters of one element': fill(HEADERS, 'for=10.1.2.3;'),
    'names without a value': fill(HEADERS, 'for;'),
    'an endless quote': `for="${'a'.repeat(HEADERS)}`,
    'an endless quote of escapes': `for="${fill(HEADERS, '\\"')}`,
    quotes: '"'.repeat(HEADERS),
    backslashes: `for="${'\\'.repeat(HEADERS)}"`,
    'backslashes and quotes': fill(HEADERS, '\\\\"'),
    spaces: `for=a${' '.repeat(HEADERS)}x`,
    'one long address': `for=${'f'.repeat(HEADERS)}`,
    commas: ','.repeat(HEADERS),
    semicolons: ';'.repeat(HEADERS),
    'other parameters': fill(HEADERS, 'a=b;'),
    'quotes that never end': fill(HEADERS, 'for=" '),
    'empty addresses': fill(HEADERS, 'for= '),
  }),
  ...cases('normaliseUri', normaliseUri, {
    users: uri('a@'),
    'needless escapes': uri('%7e'),
    'escaped dots': uri('/%2e'),
    'parent folders': uri('../'),
    ports: uri(':'),
    'brackets that never end': uri('['),
  }),
  ...cases('httpFault', httpFault, {
    'a long host': requestOf({ host: 'a'.repeat(HEADERS) }),
    'a host of the maximum length': requestOf({ host: 'a'.repeat(300) }),
    'a host of escapes': requestOf({ host: fill(300, '%41') }),
    'an endless address': requestOf({ host: `[${fill(298, 'f:')}` }),
    'headers of the longest length that is searched': requestOf({ host: 'a' }, fill(HEADERS, 'abcdefghijkl,')),
    'the same header repeated': requestOf({ host: 'a' }, fill(HEADERS, 'Host,')),
    'a long coding': requestOf({ host: 'a', 'transfer-encoding': 'A'.repeat(HEADERS) }),
    'a long target': { ...requestOf({ host: 'a' }), url: '/'.repeat(HEADERS) },
  }),
  ...cases('visibleText', (text: string) => [visibleText(text), visibleValue(text)], {
    'controls to escape': '\u009b'.repeat(DETAIL),
    'letters of another script': '語'.repeat(DETAIL),
    'one control at the end': `${'a'.repeat(DETAIL)}\u202e`,
    'lone surrogates': '\ud800'.repeat(DETAIL),
  }),
  ...cases('parseTraceparent', (header: string) => [parseTraceparent(header), parseTraceId(header)], {
    zeros: '0'.repeat(HEADERS),
    'the maximum length': `cc-${'a'.repeat(32)}-${'b'.repeat(16)}-01-${'-'.repeat(450)}`,
  }),
  ...cases('parseScope', parseScope, {
    'the maximum number of names': Array.from({ length: 500 }, (_, index) => `${'a'.repeat(125)}${index}`).join(' '),
    'one name repeated': fill(BODY, 'a '),
    'different names': fillWithNames(BODY, (name) => name, ' '),
    'one name': 'a'.repeat(BODY),
    'a wrong character at the end': `${'a'.repeat(BODY - 1)}"`,
    spaces: ' '.repeat(BODY),
  }),
  ...cases('redactText', (text: string) => [redactText(text), redactFields({ [text]: [text] })], {
    'beginnings of private keys': `${fill(BODY, '-----BEGIN ')}PRIVATE KEY`,
    'an endless label': `-----BEGIN ${fill(BODY, 'A ')}PRIVATE KEY----`,
    'labels with a wrong end': fill(BODY, '-----BEGIN PRIVATE KEY----'),
    'a private key': `-----BEGIN PRIVATE KEY-----${'A'.repeat(BODY)}`,
    'beginnings of JWTs': fill(BODY, 'eyJ.'),
    JWTs: fill(BODY, 'eyJaaaaaaaa.'),
    'JWTs of many parts': `eyJaaaaaaaa${'.'.repeat(BODY)}`,
    'beginnings of secrets': fill(BODY, 'tss_ '),
    secrets: fill(BODY, 'tss_aaaaaaaa '),
  }),
]
