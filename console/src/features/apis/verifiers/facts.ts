/** The facts that a verifier needs. */
export interface Facts {
  readonly issuer: string
  readonly jwks: string
  readonly audience: string
  readonly typ: string
  readonly algorithm: string
  /** The claim that has the scopes: a list, or a text with spaces between them. */
  readonly claim: string
  readonly isList: boolean
  /** At least one. */
  readonly scopes: readonly string[]
}

export interface Verifier {
  readonly name: string
  /** The file in which the code would stand. */
  readonly file: string
  readonly code: (facts: Facts) => string
}

/** A text in double quotation marks. */
export const q = (text: string): string => JSON.stringify(text)
/** A text in single quotation marks. */
export const single = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
/** A route of a scope, such as `/orders-read`. */
export const pathOf = (scope: string): string => `/${scope.replaceAll(/[^\w]+/g, '-').replaceAll(/^-|-$/g, '')}`
/** A line for each scope. */
export const each = (scopes: readonly string[], line: (scope: string) => string): string => scopes.map(line).join('\n')
