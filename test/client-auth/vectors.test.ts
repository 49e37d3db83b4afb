import { expect, test } from 'vitest'
import { readBasic } from '../../src/client-auth/client-secret-basic.ts'
import { decodeFormComponent, parseForm } from '../../src/http/form.ts'

test('RFC 6749 Appendix B: every kind of character, encoded', () => {
  expect(decodeFormComponent('+%25%26%2B%C2%A3%E2%82%AC')).toBe(' %&+£€')
})

test.each([
  [
    'RFC 6749 §4.1.3',
    'grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb',
    {
      grant_type: 'authorization_code',
      code: 'SplxlOBeZQQYbYS6WxSbIA',
      redirect_uri: 'https://client.example.com/cb',
    },
  ],
  [
    'RFC 6749 §2.3.1',
    'grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw',
    {
      grant_type: 'refresh_token',
      refresh_token: 'tGzv3JOkF0XG5Qx2TlKWIA',
      client_id: 's6BhdRkqt3',
      client_secret: '7Fjfp0ZBr1KtDRbnfVdmIw',
    },
  ],
  [
    'RFC 7662 §2.1',
    'token=mF_9.B5f-4.1JqM&token_type_hint=access_token',
    { token: 'mF_9.B5f-4.1JqM', token_type_hint: 'access_token' },
  ],
])('%s: a form', (_name, body, expected) => {
  const form = parseForm({ 'content-type': 'application/x-www-form-urlencoded' }, Buffer.from(body))
  for (const [name, value] of Object.entries(expected)) expect(form.all(name)).toEqual([value])
})

test.each([
  ['RFC 6749 §2.3.1', 'Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3', 's6BhdRkqt3', '7Fjfp0ZBr1KtDRbnfVdmIw'],
  ['RFC 6749 §4.4.2', 'Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW', 's6BhdRkqt3', 'gX1fBat3bV'],
  ['RFC 7617 §2', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'Aladdin', 'open sesame'],
  ['RFC 7617 §2.1, in UTF-8', 'Basic dGVzdDoxMjPCow==', 'test', '123£'],
])('%s: an Authorization header', (_name, authorization, clientId, secret) => {
  expect(readBasic(authorization)).toEqual([{ clientId, secret }])
})
