import { WWWAuthenticateChallengeError } from 'oauth4webapi'

/**
 * For openid-client and oauth4webapi, which tell what brings a challenge, as each of our 401s does (RFC 9110 §15.5.2),
 * apart from other refusals, and leave its body to the application: does what the application must to learn the error.
 */
export async function withErrorOfChallenge(thrown: unknown): Promise<never> {
  if (!(thrown instanceof WWWAuthenticateChallengeError)) throw thrown
  const { error } = (await thrown.response.json()) as { error: string }
  throw Object.assign(thrown, { error })
}

/** The challenge as they parse it. */
export const challengeOf = (issuer: string): object => ({
  constructor: WWWAuthenticateChallengeError,
  cause: [{ scheme: 'basic', parameters: { realm: issuer, charset: 'UTF-8' } }],
})
