/** RFC 6265bis §4.1.3.2: browsers take a cookie of this prefix from its own host only, over TLS, for all paths. */
const SESSION = '__Host-tessera'
const STATE = '__Host-tessera-sign-on'

type CookieName = typeof SESSION | typeof STATE

/** The value of a cookie; undefined if it is missing, or there twice. */
function readCookie(header: string | undefined, name: CookieName): string | undefined {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [key = '', ...value] = pair.split('=')
    return key.trim() === name ? [value.join('=').trim()] : []
  })
  return values.length === 1 ? values[0] : undefined
}

export const readSessionCookie = (header: string | undefined): string | undefined => readCookie(header, SESSION)

export const readStateCookie = (header: string | undefined): string | undefined => readCookie(header, STATE)

/** No other site can make a browser send it. The browser forgets it when it closes; the server ends it earlier. */
export const sessionCookie = (token: string): string => `${SESSION}=${token}; Path=/; HttpOnly; Secure; SameSite=Strict`

export const endedSessionCookie = `${SESSION}=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0`

/** The provider sends the browser back from its own site, so this cookie is `Lax`. @param lifetime seconds */
export const stateCookie = (state: string, lifetime: number): string =>
  `${STATE}=${state}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=${lifetime}`
