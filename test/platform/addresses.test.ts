import { globSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressBytes, canonicalAddress, isAddressOrNetwork, Networks } from '../../src/platform/addresses.ts'

describe('one text for each address', () => {
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

  test('whichever way an address is written, it is the same', () => {
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
  ])('%s is none', (text) => {
    expect(isAddressOrNetwork(text)).toBe(false)
    expect(() => new Networks([text])).toThrow(/is neither an IP address nor a network such as/)
  })
})

test('nobody else reads addresses or networks', () => {
  const others = globSync('src/**/*.ts').filter((file) => file !== 'src/platform/addresses.ts')
  const reading = others.filter((file) => /\bBlockList\b|\.split\('\/'\).*prefix/.test(readFileSync(file, 'utf8')))
  expect(reading).toEqual([])
})
