import { addAccount } from '../administrators/accounts/add.ts'
import { makeResetLink, makeSetUpLink } from '../administrators/accounts/links.ts'
import { removeSecondFactor } from '../administrators/accounts/second-factor.ts'
import { operatorOf } from '../audit/operator.ts'
import { adminUrlOf } from '../config/resolve.ts'
import { LONGEST_SECRET_FILE, secretOfVariable, takeSecret } from '../input/secret.ts'
import { UsageError } from '../platform/user-error.ts'
import { accountContext } from './accounts.ts'
import { type Opened, withDatabase } from './database.ts'
import { type NewSecrets, withNewSecrets } from './new-secrets.ts'
import { print, printable, say } from './output.ts'
import { readStandardInput, readTextInput, STANDARD_INPUT } from './read-input.ts'
import type { SecretsOptions } from './secrets/option.ts'
import type { SecretName } from './secrets/secret.ts'

interface BootstrapOptions extends SecretsOptions {
  readonly link?: true
  readonly name?: string
  readonly displayName?: string
  readonly passwordEnv?: string
  readonly passwordFile?: string
  readonly json?: true
  readonly config?: string
}

interface ResetOptions extends SecretsOptions {
  readonly secondFactor?: true
  readonly json?: true
  readonly config?: string
}

const AUTHOR = { actor: operatorOf('command') }

/** `tessera admin bootstrap`: makes an account that may do everything, or prints a link with which a person makes it. */
export async function adminBootstrap(options: BootstrapOptions): Promise<void> {
  if (options.link) {
    if (options.name !== undefined || options.passwordEnv !== undefined || options.passwordFile !== undefined)
      throw new UsageError('give --link, or --name and a password, not both')
    return withLink({ link: 'setup' }, options, async (opened) => {
      return `/setup#${await makeSetUpLink(accountContext(opened), AUTHOR)}`
    })
  }
  await withDatabase(options.config, async (opened) => {
    if (options.name === undefined) throw new UsageError('give --name and a password, or --link')
    const password = await readPassword(options)
    const { name, displayName } = options
    const { id } = await addAccount(accountContext(opened), AUTHOR, { name, displayName, roles: ['admin'], password })
    print(options.json ? JSON.stringify({ id, name, roles: ['admin'] }) : printable(`added the administrator ${name}`))
  })
}

/** `tessera admin reset`: prints a link with which a person sets a new password. */
export const adminReset = (name: string, { secondFactor, ...options }: ResetOptions): Promise<void> =>
  withLink({ link: 'reset', account: name }, options, async (opened) => {
    const context = accountContext(opened)
    const token = await makeResetLink(context, AUTHOR, name)
    if (secondFactor) await removeSecondFactor(context, AUTHOR, name)
    return `/reset#${token}`
  })

type LinkOptions = Pick<ResetOptions, 'json' | 'config' | 'secretsTo'>

/** Makes a link and hands it over. A lost link is no harm: the next one ends it. */
const withLink = (
  name: SecretName,
  { json, config, secretsTo }: LinkOptions,
  make: (opened: Opened) => Promise<string>,
): Promise<void> =>
  withNewSecrets(secretsTo, (secrets: NewSecrets) =>
    withDatabase(config, async (opened) => {
      secrets.require([name])
      const url = adminUrlOf(opened.options) + (await make(opened))
      const text = (isOpen: boolean) =>
        json ? JSON.stringify(isOpen ? { url } : name) : isOpen ? url : 'the link is made'
      const lost = (why: string) => `${why}, and the new link is lost: run the command again, and it makes another`
      secrets.reveal({ secrets: [{ ...name, secret: url }], text, lost })
      say('The link works once, within 24 hours.')
    }),
  )

/** Reads the password from a file, the environment or standard input, never from the command line, which others can read. */
async function readPassword({ passwordEnv, passwordFile }: BootstrapOptions): Promise<string> {
  if (passwordEnv !== undefined && passwordFile !== undefined)
    throw new UsageError('give --password-env or --password-file, not both')
  if (passwordFile !== undefined)
    return takeSecret(`--password-file: ${passwordFile}`, await readTextInput(passwordFile, LONGEST_SECRET_FILE))
  if (passwordEnv !== undefined) return secretOfVariable('--password-env', passwordEnv, process.env)
  return takeSecret(STANDARD_INPUT, await readStandardInput(LONGEST_SECRET_FILE))
}
