import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressRules } from '../../../src/client-auth/remote-jwks/addresses.ts'
import { UserError } from '../../../src/platform/user-error.ts'

const publicOnly = new AddressRules()
const isPublicAddress = (address: string): boolean => publicOnly.refuse(address) === undefined

describe('inward-fetch: addresses that are not public', () => {
  const cases: [string, string[]][] = [
    ['unspecified', ['0.0.0.0', '0.255.255.255', '::', '0:0:0:0:0:0:0:0']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1']],
    ['private', ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255']],
    ['unique-local', ['fc00::1', 'fdff:ffff::1', 'FD00::1']],
    ['link-local', ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1', 'fec0::1']],
    ['link-local with a zone', ['fe80::1%eth0']],
    ['public with a zone', ['2606:4700::1%eth0']],
    ['carrier NAT', ['100.64.0.0', '100.127.255.255']],
    ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1']],
    ['broadcast and reserved', ['240.0.0.1', '255.255.255.255']],
    ['documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.255', '2001:db8::1', '3fff:fff::1']],
    ['benchmarks', ['198.18.0.1', '198.19.255.255', '2001:2::1']],
    ['protocol assignments', ['192.0.0.8', '2001::1', '2001:1ff::1', '100::1']],
    ['outside global unicast', ['1fff::1', '4000::1', '8000::1', '5f00::1', '::ffff:0:808:808']],
    ['cloud metadata', ['169.254.169.254', 'fd00:ec2::254', '168.63.129.16', '100.100.100.200']],
    ['IPv4-mapped', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '0:0:0:0:0:FFFF:10.0.0.1']],
    ['IPv4-compatible', ['::127.0.0.1', '::8.8.8.8']],
    ['NAT64', ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::a00:0', '64:ff9b:1::8.8.8.8']],
    ['6to4', ['2002:7f00:1::', '2002:808:808::1']],
    ['Teredo', ['2001:0:7f00:1::', '2001:0:808:808::f7f7:f7f7']],
    ['IPv4-translated', ['::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8']],
    [
      'ISATAP of a private address',
      ['2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:127.0.0.1', 'fe80::5efe:8.8.8.8'],
    ],
    ['no address', ['', 'localhost', '127.1', '0x7f000001', '8.8.8.8 ', '8.8.8.8/32', '[::1]']],
  ]
  test.each(cases)('%s', (_name, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([])
  })
})

test('the neighbours of those ranges are public, in every form', () => {
  const addresses = [
    ...['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
    ...[
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.0.1.0',
      '192.167.255.255',
      '192.169.0.0',
    ],
    ...['198.17.255.255', '198.20.0.0', '223.255.255.255', '2000::1', '2001:200::1', '2606:4700::1111', '3fff:1000::1'],
    ...['::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '64:ff9b::808:0', '2a00:1450:4001::', '2606:4700::5efe:8.8.8.8'],
  ]
  expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([])
})

test('an IPv4 address gets the same verdict in its mapped and NAT64 forms', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address))
      expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address))
    }),
  )
})

describe('the configured exceptions', () => {
  const cases: [string, string[], string, boolean][] = [
    ['an address', ['127.0.0.1'], '127.0.0.1', true],
    ['its mapped form', ['127.0.0.1'], '::ffff:127.0.0.1', true],
    ['but not its neighbour', ['127.0.0.1'], '127.0.0.2', false],
    ['a network', ['10.1.0.0/16'], '10.1.255.255', true],
    ['but no address outside the network', ['10.1.0.0/16'], '10.2.0.0', false],
    ['an IPv6 network', ['fd12::/16'], 'fd12:ffff::1', true],
    ['a local NAT64 network', ['64:ff9b:1::/48'], '64:ff9b:1::a00:1', true],
    ['all of IPv6, but not IPv4', ['::/0'], '127.0.0.1', false],
    ['all of IPv6, but not mapped IPv4', ['::/0'], '::ffff:127.0.0.1', false],
    ['all of IPv4, but not IPv6', ['0.0.0.0/0'], '::1', false],
    ['a network, but not a metadata address in it', ['169.254.0.0/16'], '169.254.169.254', false],
    ['a network, but not a mapped metadata address', ['0.0.0.0/0'], '::ffff:169.254.169.254', false],
    ['a network, with its IPv4 addresses in NAT64 form', ['10.0.0.0/8'], '64:ff9b::10.0.0.1', true],
    ['the NAT64 prefix, and private addresses behind it', ['64:ff9b::/96'], '64:ff9b::10.0.0.1', true],
    ['a metadata address alone', ['169.254.169.254'], '169.254.169.254', true],
    ['a metadata address alone, in its NAT64 form', ['169.254.169.254'], '64:ff9b::a9fe:a9fe', true],
    ['the NAT64 form of a metadata address alone', ['64:FF9B:0::A9FE:A9FE'], '64:ff9b::169.254.169.254', true],
    ['a metadata address alone, as a network', ['fd00:ec2::254/128'], 'fd00:ec2::254', true],
    ['no exception, and public addresses are allowed all the same', [], '8.8.8.8', true],
    ['an exception, and public addresses are allowed all the same', ['10.0.0.0/8'], '8.8.8.8', true],
  ]
  test.each(cases)('%s', (_name, allowed, address, expected) => {
    expect(new AddressRules(allowed).refuse(address) === undefined).toBe(expected)
  })

  test.each(['', 'localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', 'fe80::1%eth0', '::/129'])(
    'reject %j',
    (network) => {
      expect(() => new AddressRules([network])).toThrow(UserError)
    },
  )
})

describe('no allowed network opens a metadata address in any form', () => {
  const METADATA = '169.254.169.254'
  const HEX = 'a9fea9fe'
  /** RFC 6052 §2.2: a prefix of `bits` bits, the IPv4 address around the reserved byte, and a suffix. */
  const nat64 = (prefix: string, bits: number): string => {
    const beforeByte8 = HEX.slice(0, Math.max(0, 16 - bits / 4))
    const rest = HEX.slice(beforeByte8.length)
    const hex = prefix.slice(0, bits / 4) + (bits === 96 ? HEX : `${beforeByte8}00${rest}`)
    return (hex.padEnd(32, '0').match(/.{4}/g) ?? []).join(':')
  }
  const ANY = '20010db801220344aabbccdd'
  const forms: [string, string, string][] = [
    ['in plain form', '169.254.0.0/16', METADATA],
    ['mapped', '0.0.0.0/0', `::ffff:${METADATA}`],
    ['behind the NAT64 prefix', '64:ff9b::/96', `64:ff9b::${METADATA}`],
    ['IPv4-compatible', '::/96', `::${METADATA}`],
    ['IPv4-translated', '::ffff:0:0:0/96', `::ffff:0:${METADATA}`],
    ['6to4', '2002::/16', '2002:a9fe:a9fe::1'],
    ['of a Teredo server', '2001::/32', '2001:0:a9fe:a9fe::1'],
    ['of a Teredo client', '2001::/32', '2001:0:808:808:0:0:5601:5601'],
    ['ISATAP', '2606:4700::/32', `2606:4700::5efe:${METADATA}`],
    ['ISATAP with the bit for global addresses', 'fd12::/16', `fd12::200:5efe:${METADATA}`],
    ...[32, 40, 48, 56, 64, 96].map((bits): [string, string, string] => [
      `behind a NAT64 prefix of ${bits} bits that nobody told of`,
      '::/0',
      nat64(ANY, bits),
    ]),
    ...[48, 56, 64, 96].map((bits): [string, string, string] => [
      `behind a NAT64 prefix for local use, of ${bits} bits`,
      '64:ff9b:1::/48',
      nat64('0064ff9b0001aabbccddeeff'.slice(0, 12).padEnd(24, '0'), bits),
    ]),
  ]
  test.each(forms)('%s', (_name, network, address) => {
    expect(new AddressRules([network]).refuse(address)).toBe('cloud metadata')
    expect(new AddressRules().refuse(address)).toBe('cloud metadata')
    expect(new AddressRules([address]).refuse(address)).toBeUndefined()
  })
})

test('administrators learn the kind of an address', () => {
  const rules = new AddressRules()
  expect(rules.refuse('::ffff:10.1.2.3')).toBe('private, RFC 1918')
  expect(rules.refuse('169.254.169.254')).toBe('cloud metadata')
  expect(rules.refuse('localhost')).toBe('not an address')
})
