import { SECRET_VARIABLE, word } from './snippets/target.ts'

export interface KeptSecret {
  readonly clientId: string
  readonly tokenUrl: string
  readonly secret: string
}

/** The lines of an `.env` file. Single quotes keep programs and shells from reading anything into a value. */
export const envFile = ({ clientId, tokenUrl, secret }: KeptSecret): string =>
  [
    ['CLIENT_ID', clientId],
    [SECRET_VARIABLE, secret],
    ['TOKEN_URL', tokenUrl],
  ]
    .map(([name = '', value = '']) => `${name}=${/^[\w.:/-]+$/.test(value) ? value : word(value)}\n`)
    .join('')

/** A Secret of Kubernetes. A pod reads it with `envFrom`. */
export const kubernetesSecret = ({ clientId, tokenUrl, secret }: KeptSecret): string => `apiVersion: v1
kind: Secret
metadata:
  name: ${objectName(clientId)}
type: Opaque
stringData:
  CLIENT_ID: ${JSON.stringify(clientId)}
  ${SECRET_VARIABLE}: ${JSON.stringify(secret)}
  TOKEN_URL: ${JSON.stringify(tokenUrl)}
`

/** A client id as the name of an object: small letters, digits and hyphens, at most 63 (RFC 1123 §2.1). */
export function objectName(clientId: string): string {
  const name = clientId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 56)
    .replaceAll(/^-+|-+$/g, '')
  return name === '' ? 'client-oauth' : `${name}-oauth`
}
