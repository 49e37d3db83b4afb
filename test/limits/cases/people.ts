import { serveFile } from '../../../src/admin/console/file.ts'
import { isPage } from '../../../src/admin/console/paths.ts'
import { html } from '../../../src/admin/pages/html.ts'
import { sentence } from '../../../src/admin/pages/page.ts'
import { localPath } from '../../../src/admin/pages/steps.ts'
import { hasSession } from '../../../src/admin/sessions/authenticate.ts'
import { readSessionCookie } from '../../../src/admin/sessions/cookies.ts'
import { isAccountName } from '../../../src/administrators/accounts/account.ts'
import { unseal } from '../../../src/administrators/sealed.ts'
import { isCsrfToken } from '../../../src/administrators/sessions/signed-in.ts'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import type { HttpRequest } from '../../../src/http/message.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { cases } from './case.ts'

const HEADERS = 16 * 1024
const BODY = 64 * 1024

const texts = (size: number) => ({
  letters: 'a'.repeat(size),
  slashes: `/${'/'.repeat(size)}`,
  'a path': `/${'a'.repeat(size)}`,
  marks: '<'.repeat(size),
  'marks of direction': '\u202e'.repeat(size / 3),
})
const FILE = { type: 'text/css', bytes: Buffer.alloc(1), brotli: undefined, etag: 'a', isHashed: true }
/** Serves a file to a browser that takes these codings. */
const fileFor = (codings: string) =>
  serveFile(FILE)({ headers: { 'accept-encoding': codings } } as unknown as HttpRequest)

const sealing = {
  clock: systemClock,
  random: systemRandom,
  masterKey: new MasterKey(Buffer.alloc(32, 1), systemRandom),
  masterKeyInUse: async () => undefined,
}

/** The input of people who sign in. */
export const peopleCases = [
  ...cases('readSessionCookie', readSessionCookie, {
    semicolons: ';'.repeat(HEADERS),
    'equals signs': '='.repeat(HEADERS),
    'a session': `__Host-tessera=${'a'.repeat(HEADERS)}`,
    sessions: '__Host-tessera=a;'.repeat(HEADERS / 17),
  }),
  ...cases('hasSession', hasSession, {
    spaces: { authorization: `Bearer${' '.repeat(HEADERS)}` },
    cookies: { cookie: '__Host-tessera=a;'.repeat(HEADERS / 17) },
  }),
  ...cases('localPath', localPath, texts(BODY)),
  ...cases('isPage', isPage, texts(HEADERS)),
  ...cases('acceptsBrotli', fileFor, {
    commas: ','.repeat(HEADERS),
    semicolons: ';'.repeat(HEADERS),
    weights: 'br;q=0.'.repeat(HEADERS / 7),
    zeros: `br;q=0.${'0'.repeat(HEADERS)}1`,
  }),
  ...cases('html', (text: string) => html`<p>${text}</p>`, texts(BODY)),
  ...cases('sentence', sentence, texts(BODY)),
  ...cases('isAccountName', isAccountName, texts(BODY)),
  ...cases('isCsrfToken', (text: string) => isCsrfToken('token', text), texts(BODY)),
  ...cases('unseal', (text: string) => unseal(sealing, 'purpose', text), texts(BODY)),
]
