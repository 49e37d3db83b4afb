import { UserError } from '../../platform/user-error.ts'

/** The thing that a secret is of: a credential of a client, or a link. */
export interface SecretName {
  readonly client_id?: string | undefined
  /** The id of the credential, where the command knows it. */
  readonly credential?: string | undefined
  /** The label of the credential, which is unique within its client. */
  readonly label?: string | undefined
  readonly link?: 'setup' | 'reset' | undefined
  readonly account?: string | undefined
}

/** A secret that nothing else holds in readable form. */
export interface NewSecret extends SecretName {
  readonly secret: string
}

/**
 * The variable of a secret: `SECRET_NIGHTLY_CURRENT` for the label `current` of `nightly`. The prefix keeps it apart from variables
 * that mean something to a shell, to a runner or to Tessera.
 */
export const variableOf = ({ client_id: client, label, link, account }: SecretName): string =>
  ['secret', client, label, link, account]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => part?.toUpperCase().replace(/[^A-Z0-9]/g, '_'))
    .join('_')

/** @throws UserError if two secrets would have the same variable */
export function refuseClashes(names: readonly SecretName[]): void {
  const taken = new Set<string>()
  for (const variable of names.map(variableOf)) {
    if (taken.has(variable))
      throw new UserError(`two secrets would be named ${variable}: give other labels, or use --secrets-to file:PATH`)
    taken.add(variable)
  }
}

/** One line of JSON for each secret. */
export const jsonLines = (secrets: readonly NewSecret[]): string =>
  secrets
    .map(({ client_id, credential, label, link, account, secret }) =>
      JSON.stringify({ client_id, credential, label, link, account, secret }),
    )
    .map((line) => `${line}\n`)
    .join('')
