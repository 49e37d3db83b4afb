import { expect, test } from 'vitest'
import { isSameTarget } from '../../src/sender-constraint/htu.ts'

const URI = 'https://as.example.com/as/token.oauth2'

const cases: [string, string, string, boolean][] = [
  ['itself', URI, URI, true],
  ['a query', `${URI}?a=b&c`, URI, true],
  ['an empty query', `${URI}?`, URI, true],
  ['a fragment', `${URI}#a`, URI, true],
  ['a fragment with a query in it', `${URI}#a?b`, URI, true],
  ['a query with a path in it', `${URI}?/../other`, URI, true],
  ['the scheme in capitals', 'HTTPS://as.example.com/as/token.oauth2', URI, true],
  ['the host in capitals', 'https://AS.EXAMPLE.com/as/token.oauth2', URI, true],
  ['the default port', 'https://as.example.com:443/as/token.oauth2', URI, true],
  ['an empty port', 'https://as.example.com:/as/token.oauth2', URI, true],
  ['the default port of http', 'http://localhost:80/token', 'http://localhost/token', true],
  ['a non-default port', 'https://as.example.com:80/as/token.oauth2', URI, false],
  ['our port left out', 'https://localhost/token', 'https://localhost:8443/token', false],
  ['a letter encoded', 'https://as.example.com/as/%74oken%2eoauth2', URI, true],
  ['a tilde encoded', 'https://as.example.com/%7Ea', 'https://as.example.com/~a', true],
  ['percent-encoding in lower case', 'https://as.example.com/a%c3%a4', 'https://as.example.com/a%C3%A4', true],
  ['dots in the path', 'https://as.example.com/x/../as/./token.oauth2', URI, true],
  ['encoded dots in the path', 'https://as.example.com/x/%2e%2e/as/token.oauth2', URI, true],
  ['no path for the root', 'https://as.example.com', 'https://as.example.com/', true],
  ['an encoded slash', 'https://as.example.com/as%2Ftoken.oauth2', URI, false],
  ['the path in another case', 'https://as.example.com/AS/token.oauth2', URI, false],
  ['an extra slash', `${URI}/`, URI, false],
  ['two slashes', 'https://as.example.com//as/token.oauth2', URI, false],
  ['another host', 'https://as.example.com.attacker.example/as/token.oauth2', URI, false],
  ['a dot after the host', 'https://as.example.com./as/token.oauth2', URI, false],
  ['another scheme', 'http://as.example.com/as/token.oauth2', URI, false],
  ['a user', 'https://user@as.example.com/as/token.oauth2', URI, false],
  ['a user that looks like the host', 'https://as.example.com@attacker.example/as/token.oauth2', URI, false],
  ['a backslash for a slash', 'https:\\\\as.example.com\\as\\token.oauth2', URI, false],
  ['a backslash in the path', 'https://as.example.com/as\\token.oauth2', URI, false],
  ['a space around', ` ${URI} `, URI, false],
  ['a tab within', 'https://as.exam\tple.com/as/token.oauth2', URI, false],
  ['one slash', 'https:/as.example.com/as/token.oauth2', URI, false],
  ['no scheme', '//as.example.com/as/token.oauth2', URI, false],
  ['a letter beyond ASCII', 'https://as.example.com/as/token.oauth2ä', URI, false],
  ['full-width letters, which IDNA folds', 'https://ａs.example.com/as/token.oauth2', URI, false],
  ['broken encoding', `${URI}%`, URI, false],
  ['an invalid host', 'https://[/as/token.oauth2', URI, false],
  ['text that isn’t a URI', 'not a uri', 'not a uri either', false],
  ['nothing', '', URI, false],
  ['two kilobytes of query', `${URI}?${'a'.repeat(2048)}`, URI, false],
]

test.each(cases)('%s', (_name, given, expected, isSame) => {
  expect(isSameTarget(expected, given)).toBe(isSame)
})
