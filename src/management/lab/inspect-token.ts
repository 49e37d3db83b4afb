import type { PublicKey } from '../../crypto/jws/public-key.ts'
import { FieldError, NotAllowed, UserError } from '../../platform/user-error.ts'
import { SEALED_FORM } from '../../tokens/sealed.ts'
import { type ExplainingContext, explainRequest } from '../explanations/explain.ts'
import type { Explanation } from '../explanations/explanation.ts'
import { type DecodedToken, decodeToken } from '../tokens/decode.ts'
import { type Inspection, type InspectionContext, inspectToken } from '../tokens/inspect.ts'
import { verifyAsApi } from '../tokens/verify.ts'

/** Everything about a pasted token. */
interface InspectedToken {
  readonly format: 'jwt' | 'sealed'
  /** The content of a JWT, whoever has signed it. */
  readonly decoded: DecodedToken | undefined
  /** The checks of an API that verifies the token itself; undefined for a sealed token, which no API can. */
  readonly verification: ReturnType<typeof verifyAsApi> | undefined
  /** The checks of this server; undefined if the author may not see the client of the token. */
  readonly introspection: Inspection | undefined
  /** The event that issued the token; undefined if it is not recorded, or the author may not see it. */
  readonly issued: Explanation | undefined
}

interface TokenContext extends ExplainingContext, InspectionContext {
  readonly issuer: string
  /** The published keys. */
  readonly keys: readonly PublicKey[]
}

/**
 * Decodes a token, checks it as an API and as this server, and finds the event that issued it.
 * @param audience the API for which the check of `aud` is; undefined to accept any
 * @throws NotAllowed; FieldError if the text is no token
 */
export async function inspectPasted(
  context: TokenContext,
  { token, audience }: { readonly token: string; readonly audience: string | undefined },
): Promise<InspectedToken> {
  const isSealed = SEALED_FORM.test(token)
  const now = context.clock.now()
  const decoded = isSealed ? undefined : decode(token, now)
  const introspection = await inspectToken(context, { token }).catch((error: unknown) => {
    if (error instanceof NotAllowed) return undefined
    throw error
  })
  const { issuer, keys } = context
  return {
    format: isSealed ? 'sealed' : 'jwt',
    decoded,
    verification: isSealed ? undefined : verifyAsApi(token, { issuer, audience, keys, now }),
    introspection,
    issued: introspection && (await issueOf(context, introspection.claims?.['jti'])),
  }
}

function decode(token: string, now: number): DecodedToken {
  try {
    return decodeToken(token, now)
  } catch (error) {
    throw error instanceof UserError ? new FieldError(['token'], error.message) : error
  }
}

/** The `jti` of a token is the id of the request that got it. */
async function issueOf(context: TokenContext, jti: unknown): Promise<Explanation | undefined> {
  if (typeof jti !== 'string' || jti.length > LONGEST_ID) return undefined
  const events = await explainRequest(context, { kind: 'request', id: jti })
  return events.find(({ type }) => type === 'token.issue')
}

const LONGEST_ID = 64
