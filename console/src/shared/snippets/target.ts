/** The way in which a client proves itself, as far as its programs must know. */
export type Proof =
  | { readonly kind: 'secret' }
  /** A private key signs assertions. The programs find it in the file `client-key.pem`. */
  | { readonly kind: 'key' }
  /** A TLS certificate, in the files `client.crt` and `client.key`. */
  | { readonly kind: 'certificate' }
  /** A token that the platform writes into a file. */
  | { readonly kind: 'token-file'; readonly path: string }
  /** A token of a job of GitHub Actions for an audience. */
  | { readonly kind: 'github'; readonly audience: string }

/** The things that the snippets of a client are filled in with. Each is the value itself, unquoted. */
export interface Target {
  readonly clientId: string
  readonly issuer: string
  /** The URL of the token endpoint. */
  readonly tokenUrl: string
  /** The audience of the API; undefined to leave the choice to the server. */
  readonly resource: string | undefined
  /** Names of scopes, with spaces between them; empty to leave the choice to the server. */
  readonly scope: string
  readonly proof: Proof
}

/** A program or a part of a configuration that gets a token. */
export interface Snippet {
  readonly id: SnippetId
  readonly title: string
  /** The name of the file in which it would stand. */
  readonly file: string
  /** The thing to install or set before; undefined for nothing. */
  readonly before?: string
  readonly text: string
}

export type SnippetId =
  | 'curl'
  | 'node'
  | 'python'
  | 'go'
  | 'java'
  | 'spring'
  | 'dotnet'
  | 'rust'
  | 'ruby'
  | 'prometheus'
  | 'github'
  | 'mcp'

/** Writes the snippet of one language; undefined if the language can't prove itself in this way. */
export type Writer = (target: Target) => Snippet | undefined

/** The environment variable in which programs find the secret. */
export const SECRET_VARIABLE = 'CLIENT_SECRET'

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The fields of a token request that are the same for every proof. */
export function fields({ resource, scope }: Target): readonly (readonly [string, string])[] {
  return [
    ['grant_type', 'client_credentials'],
    ...(scope === '' ? [] : ([['scope', scope]] as const)),
    ...(resource === undefined ? [] : ([['resource', resource]] as const)),
  ]
}

/** A text as a literal of a language that quotes as JSON does, or nearly. */
export const quoted = (text: string): string => JSON.stringify(text)

/** A text as a word of a shell. */
export const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
