import { globSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressBytes,
  canonicalAddress,
  isAddressOrNetwork,
  Networks,
  networksOf,
} from '../../src/platform/addresses.ts'

describe('canonical texts of addresses', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['fe80::1%eth0', undefined],
    ['192.0.2.01', undefined],
    ['192.0.2', undefined],
    ['192.0.2.256', undefined],
    ['0x7f.1', undefined],
    ['[::1]', undefined],
    ['::1::', undefined],
    [' 192.0.2.1', undefined],
    ['localhost', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected)
  })

  test('each spelling of an address gives the same text', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = canonicalAddress(text)
        expect(canonical).toBeDefined()
        expect(addressBytes(canonical ?? '')).toEqual(addressBytes(text))
        expect(canonicalAddress(text.toUpperCase())).toBe(canonical)
        expect(canonicalAddress(canonical ?? '')).toBe(canonical)
      }),
    )
  })
})

describe('networks', () => {
  test.each<[string, string, boolean]>([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1/32', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '192.0.2.1', false],
    ['::/0', '::ffff:192.0.2.1', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe00::1', false],
    ['fe80::/10', 'fe80::1%eth0', false],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s has %s: %s', (network, address, expected) => {
    expect(new Networks([network]).has(address)).toBe(expected)
  })

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0.0/8.0',
    '::/129',
    '::ffff:0:0/95',
    'fe80::1%eth0',
    'fe80::%1/10',
    'proxy.local',
    '',
    '/8',
  ])('%s is invalid', (text) => {
    expect(isAddressOrNetwork(text)).toBe(false)
    expect(() => new Networks([text])).toThrow(/is neither an IP address nor a network such as/)
  })
})

test('only this module parses addresses and networks', () => {
  const others = globSync('src/**/*.ts').filter((file) => file !== 'src/platform/addresses.ts')
  const reading = others.filter((file) => /\bBlockList\b|\.split\('\/'\).*prefix/.test(readFileSync(file, 'utf8')))
  expect(reading).toEqual([])
})

describe('the networks of an address', () => {
  const cases: [string, string, string][] = [
    ['IPv4', '192.0.2.1', '192.0.2.1'],
    ['IPv4 mapped into IPv6', '::ffff:192.0.2.1', '192.0.2.1'],
    ['the same in hexadecimal', '::ffff:c000:201', '192.0.2.1'],
    ['IPv6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['another address of its network', '2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['another network', '2001:db8:1:3::9', '2001:db8:1:3::/64'],
    ['zeros within', '2001:db8::1', '2001:db8:0:0::/64'],
    ['loopback', '::1', '0:0:0:0::/64'],
    ['with a zone', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['IPv4 at the end', '64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['no address', 'unix', 'unix'],
    ['nothing', '', ''],
  ]
  test.each(cases)('%s', (_name, address, network) => expect(networksOf(address).own).toBe(network))

  test('are the widest first, among them the region and the site', () => {
    expect(networksOf('192.0.2.1')).toEqual({
      region: '192.0/16',
      site: undefined,
      own: '192.0.2.1',
      widestFirst: ['192/8', '192.0/16', '192.0.2/24', '192.0.2.1'],
    })
    expect(networksOf('::ffff:192.0.2.1')).toEqual(networksOf('192.0.2.1'))
    expect(networksOf('2001:db8:1:203::9')).toEqual({
      region: '2001:db8::/32',
      site: '2001:db8:1::/48',
      own: '2001:db8:1:203::/64',
      widestFirst: ['2001:db8::/32', '2001:db8:1::/48', '2001:db8:1:200::/56', '2001:db8:1:203::/64'],
    })
  })

  test('every IPv6 address has a network', () => {
    fc.assert(fc.property(fc.ipV6(), (address) => /^(?:[\da-f]+:){4}:\/64$|^[\d.]+$/.test(networksOf(address).own)))
  })
})
