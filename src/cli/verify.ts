import * as openid from 'openid-client'
import { z } from 'zod'
import { KeyError } from '../crypto/jws/key-error.ts'
import { parseKeySet } from '../crypto/jws/public-key.ts'
import { verifyAsApi } from '../management/tokens/verify.ts'
import { systemClock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import { prepareAddress } from './connect.ts'
import { readTokenFile } from './decode.ts'
import { checkLine } from './facts.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable } from './output.ts'
import { explainTokenFailure } from './token-failure.ts'
import { listeningFetch } from './wire.ts'

interface VerifyOptions extends OutputOptions {
  readonly issuer: string
  readonly audience?: string
  readonly ca?: string
}

/** `tessera verify`: checks a JWT as an API does. The exit code is 1 if it is not valid. */
export async function verify(file: string | undefined, options: VerifyOptions): Promise<void> {
  const url = prepareAddress(options)
  const token = await readTokenFile(file)
  const checks = verifyAsApi(token, {
    issuer: options.issuer,
    audience: options.audience,
    keys: await publishedKeys(url, options.issuer),
    now: systemClock.now(),
  })
  const valid = checks.every(({ passed }) => passed)
  const forPeople = () => {
    print(valid ? 'valid' : 'not valid')
    for (const check of checks) print(printable(`  ${checkLine(check)}`))
    if (options.audience === undefined) print('  - aud: not checked, since --audience is not given')
  }
  show(options, { data: { valid, checks }, forPeople })
  if (!valid) process.exitCode = 1
}

/** Fetches the keys that the metadata of the issuer name (RFC 8414 §2). @throws UserError */
async function publishedKeys(url: URL, issuer: string) {
  try {
    const wire = listeningFetch()
    const config = await openid.discovery(url, 'verifier', undefined, openid.None(), {
      algorithm: 'oauth2',
      [openid.customFetch]: wire.fetch,
    })
    const { jwks_uri: address } = config.serverMetadata()
    if (address === undefined) throw new UserError(`${issuer}: its metadata name no jwks_uri (RFC 8414 §2)`)
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(KEYS_TIMEOUT) })
    const keys = jwks.safeParse(await response.json().catch(() => undefined))
    if (!keys.success) throw new UserError(`${address}: the answer is no JWK set`)
    return parseKeySet(keys.data).keys
  } catch (error) {
    if (error instanceof KeyError) throw new UserError(`${issuer}: its keys can't be used: ${error.message}`)
    throw error instanceof UserError ? error : await explainTokenFailure(error, issuer)
  }
}

/** Milliseconds. */
const KEYS_TIMEOUT = 10_000
const jwks = z.looseObject({ keys: z.array(z.unknown()) })
