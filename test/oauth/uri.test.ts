import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameUri, normaliseUri } from '../../src/oauth/uri.ts'

const API = 'https://mcp.example.net'
const PATH = 'https://mcp.example.net/tools/~a'

describe('RFC 3986 §6.2.2 and §6.2.3', () => {
  const same: [string, string, string][] = [
    ['itself', API, API],
    ['the slash of an empty path', `${API}/`, API],
    ['the slash of an empty path, before a query', `${API}/?a=b`, `${API}?a=b`],
    ['the scheme in capitals', 'HTTPS://mcp.example.net', API],
    ['the host in capitals', 'https://MCP.example.NET', API],
    ['the default port', 'https://mcp.example.net:443', API],
    ['an empty port', 'https://mcp.example.net:/', API],
    ['the default port of http', 'http://localhost:80/a', 'http://localhost/a'],
    ['all of these', 'HTTPS://MCP.EXAMPLE.NET:443/', API],
    ['a letter escaped', 'https://mcp.example.net/%74ools/~a', PATH],
    ['a tilde escaped', 'https://mcp.example.net/tools/%7Ea', PATH],
    ['a tilde escaped in lower case', 'https://mcp.example.net/tools/%7ea', PATH],
    ['escapes in the host', 'https://mcp%2Eexample.net/', API],
    ['escapes in lower case', 'https://h/a%2fb%c3%a4', 'https://h/a%2Fb%C3%A4'],
    ['escapes in the query', 'https://h/?%61=%2f', 'https://h/?a=%2F'],
    ['dots in the path', 'https://mcp.example.net/x/../tools/./~a', PATH],
    ['escaped dots in the path', 'https://mcp.example.net/x/%2e%2e/tools/~a', PATH],
    ['dots beyond the root', 'https://mcp.example.net/../tools/~a', PATH],
    ['dots at the end', 'https://h/a/b/..', 'https://h/a/'],
    ['another scheme with an authority', 'API://Tools', 'api://tools/'],
    ['an IPv6 address in capitals', 'https://[2001:DB8::1]:443/', 'https://[2001:db8::1]'],
    ['a user before the host', 'https://me@H/', 'https://me@h'],
    ['the scheme of a URN', 'URN:example:api', 'urn:example:api'],
  ]
  test.each(same)('%s', (_name, one, other) => {
    expect(isSameUri(one, other)).toBe(true)
    expect(isSameUri(other, one)).toBe(true)
  })

  const different: [string, string, string][] = [
    ['a slash after a path', `${PATH}/`, PATH],
    ['two slashes', `${API}//`, API],
    ['a query', `${API}?a`, API],
    ['an empty query', `${API}?`, API],
    ['a fragment', `${API}#a`, API],
    ['an empty fragment', `${API}#`, API],
    ['another scheme', 'http://mcp.example.net', API],
    ['another port', 'https://mcp.example.net:80', API],
    ['another host', 'https://mcp.example.net.evil.example', API],
    ['a dot after the host', 'https://mcp.example.net./', API],
    ['a user', 'https://me@mcp.example.net', API],
    ['a user that looks like the host', 'https://mcp.example.net@evil.example', API],
    ['the user in capitals', 'https://ME@h', 'https://me@h'],
    ['a path in capitals', 'https://h/A', 'https://h/a'],
    ['an escaped slash', 'https://mcp.example.net/tools%2F~a', PATH],
    ['a path in place of the host', 'https:/mcp.example.net', API],
    ['a backslash', 'https:\\\\mcp.example.net', API],
    ['a space', ` ${API}`, API],
    ['a tab within', 'https://mcp.exam\tple.net', API],
    ['a host as a number', 'https://0x7f.1', 'https://127.0.0.1'],
    ['a letter that IDNA folds', 'https://ｍcp.example.net', API],
    ['an escaped scheme', '%68ttps://mcp.example.net', API],
    ['the rest of a URN in capitals', 'urn:example:API', 'urn:example:api'],
    ['dots in a URN', 'urn:example:a/../b', 'urn:example:b'],
    ['text that isn’t a URI', 'mcp.example.net', API],
    ['nothing', '', API],
    ['an overlong URI', `${API}/${'./'.repeat(4096)}`, API],
  ]
  test.each(different)('but not %s', (_name, one, other) => {
    expect(isSameUri(one, other)).toBe(false)
    expect(isSameUri(other, one)).toBe(false)
  })
})

test('a normal URI stays unchanged', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()), (text) => {
      expect(normaliseUri(normaliseUri(text))).toBe(normaliseUri(text))
    }),
  )
})

test('a URI that JavaScript’s URL parser rewrites is still the same audience', () => {
  const urls = fc.webUrl({ validSchemes: ['https'], authoritySettings: { withPort: true } })
  fc.assert(
    fc.property(urls, (text) => {
      expect(isSameUri(new URL(text).href, text)).toBe(true)
    }),
  )
})
