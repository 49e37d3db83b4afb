import { WWWAuthenticateChallengeError } from 'oauth4webapi'

/**
 * Reads the error of a challenge. openid-client and oauth4webapi throw for a 401 with a challenge (RFC 9110 §15.5.2)
 * and leave its body to the application.
 */
export async function withErrorOfChallenge(thrown: unknown): Promise<never> {
  if (!(thrown instanceof WWWAuthenticateChallengeError)) throw thrown
  const { error } = (await thrown.response.json()) as { error: string }
  throw Object.assign(thrown, { error })
}

/** The challenge as the libraries parse it. */
export const challengeOf = (issuer: string): object => ({
  constructor: WWWAuthenticateChallengeError,
  cause: [{ scheme: 'basic', parameters: { realm: issuer, charset: 'UTF-8' } }],
})
