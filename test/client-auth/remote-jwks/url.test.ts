import { describe, expect, test } from 'vitest'
import { AddressRules } from '../../../src/client-auth/remote-jwks/addresses.ts'
import { refuseUrl } from '../../../src/client-auth/remote-jwks/url.ts'

const rules = new AddressRules()

describe('inward-fetch: URLs that registration refuses', () => {
  const loopback =
    'must not lead to 127.0.0.1 (loopback, RFC 1122), which the configuration does not allow: see outbound.allow'
  const cases: [string, string, string][] = [
    ['plain http', 'http://keys.example/', 'must begin with https://'],
    ['another scheme', 'file:///etc/passwd', 'must begin with https://'],
    ['no scheme', 'keys.example/jwks', 'must be an absolute URL'],
    ['relative', '/jwks', 'must be an absolute URL'],
    ['empty', '', 'must be an absolute URL'],
    ['no host', 'https://', 'must be an absolute URL'],
    ['a line break', 'https://keys.example/\nx', 'must be an absolute URL'],
    ['a leading space', ' https://keys.example/', 'must be an absolute URL'],
    ['digits of another script', 'https://１27.0.0.1/', 'must be an absolute URL'],
    ['a user', 'https://user@keys.example/', 'must not hold a user name or password'],
    ['a password', 'https://:pass@keys.example/', 'must not hold a user name or password'],
    ['a fragment', 'https://keys.example/#keys', 'must not have a fragment'],
    ['an empty fragment', 'https://keys.example/#', 'must not have a fragment'],
    ['2,001 characters', `https://keys.example/${'a'.repeat(1_980)}`, 'must be at most 2000 characters long'],
    ['loopback', 'https://127.0.0.1:8443/jwks', loopback],
    ['loopback, short', 'https://127.1/', loopback],
    ['loopback, decimal', 'https://2130706433/', loopback],
    ['loopback, octal', 'https://0177.0.0.1/', loopback],
    ['loopback, hexadecimal', 'https://0x7f.0.0.0x1/', loopback],
    ['loopback, percent-encoded', 'https://%31%32%37.0.0.1/', loopback],
    ['loopback, with a final dot', 'https://127.0.0.1./', loopback],
    [
      'loopback, IPv6',
      'https://[::1]/',
      'must not lead to ::1 (loopback, RFC 4291), which the configuration does not allow: see outbound.allow',
    ],
    [
      'metadata, mapped',
      'https://[::ffff:169.254.169.254]/',
      'must not lead to ::ffff:a9fe:a9fe (cloud metadata), which the configuration does not allow: see outbound.allow',
    ],
  ]
  test.each(cases)('%s', (_name, url, problem) => {
    expect(refuseUrl(url, rules)).toBe(problem)
  })

  test.each(['localhost', 'LOCALHOST:8443', 'localhost.', 'keys.localhost', 'a.b.localhost.'])('%s', (host) => {
    expect(refuseUrl(`https://${host}/`, rules)).toMatch(/^must not lead to \S+ \(loopback, RFC 1122\), which/)
  })
})

describe('URLs that registration accepts', () => {
  const cases: [string, string, string[]][] = [
    ['a name', 'https://keys.example/jwks', []],
    ['a port and a query', 'https://keys.example:8443/jwks?tenant=1', []],
    ['2,000 characters', `https://keys.example/${'a'.repeat(1_979)}`, []],
    ['a public address', 'https://8.8.8.8/', []],
    ['a name with only a common prefix', 'https://localhost.example/', []],
    ['an allowed address', 'https://127.0.0.1/', ['127.0.0.1']],
    ['localhost if one of its addresses is allowed', 'https://localhost/', ['127.0.0.1']],
    ['localhost if the other one is allowed', 'https://localhost/', ['::1']],
  ]
  test.each(cases)('%s', (_name, url, allowed) => {
    expect(refuseUrl(url, new AddressRules(allowed))).toBeUndefined()
  })
})
