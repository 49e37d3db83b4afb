import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { ClientAuthMethod } from './request.ts'

/** Every way to authenticate, by its registered name; the metadata lists them in this order, and some clients take the first. */
export const clientAuthMethods = {
  client_secret_basic: clientSecretBasic,
  client_secret_post: clientSecretPost,
} as const satisfies Record<string, ClientAuthMethod>

export type ClientAuthMethodName = keyof typeof clientAuthMethods

export const clientAuthMethodNames = Object.keys(clientAuthMethods) as ClientAuthMethodName[]
