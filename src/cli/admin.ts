import { addAccount } from '../administrators/accounts/add.ts'
import { makeResetLink, makeSetUpLink } from '../administrators/accounts/links.ts'
import { removeSecondFactor } from '../administrators/accounts/second-factor.ts'
import { adminUrlOf } from '../config/resolve.ts'
import { LONGEST_SECRET_FILE, secretOfVariable, takeSecret } from '../input/secret.ts'
import { UsageError } from '../platform/user-error.ts'
import { accountContext } from './accounts.ts'
import { operatorOf } from './actor.ts'
import { type Opened, withDatabase } from './database.ts'
import { print, printable, say } from './output.ts'
import { readStandardInput, readTextInput, STANDARD_INPUT } from './read-input.ts'

interface BootstrapOptions {
  readonly link?: true
  readonly name?: string
  readonly displayName?: string
  readonly passwordEnv?: string
  readonly passwordFile?: string
  readonly json?: true
  readonly config?: string
}

interface ResetOptions {
  readonly secondFactor?: true
  readonly json?: true
  readonly config?: string
}

const AUTHOR = { actor: operatorOf('command') }

/** `tessera admin bootstrap`: makes an account that may do everything, or prints a link with which a person makes it. */
export const adminBootstrap = (options: BootstrapOptions): Promise<void> =>
  withDatabase(options.config, async (opened) => {
    const context = accountContext(opened)
    if (options.link) {
      if (options.name !== undefined || options.passwordEnv !== undefined || options.passwordFile !== undefined)
        throw new UsageError('give --link, or --name and a password, not both')
      printLink(opened, `/setup#${await makeSetUpLink(context, AUTHOR)}`, options.json)
      return
    }
    if (options.name === undefined) throw new UsageError('give --name and a password, or --link')
    const password = await readPassword(options)
    const { name, displayName } = options
    const { id } = await addAccount(context, AUTHOR, { name, displayName, roles: ['admin'], password })
    print(options.json ? JSON.stringify({ id, name, roles: ['admin'] }) : printable(`added the administrator ${name}`))
  })

/** `tessera admin reset`: prints a link with which a person sets a new password. */
export const adminReset = (name: string, { secondFactor, json, config }: ResetOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = accountContext(opened)
    const token = await makeResetLink(context, AUTHOR, name)
    if (secondFactor) await removeSecondFactor(context, AUTHOR, name)
    printLink(opened, `/reset#${token}`, json)
  })

function printLink({ options }: Opened, path: string, json: true | undefined): void {
  const url = adminUrlOf(options) + path
  print(json ? JSON.stringify({ url }) : url)
  say('The link works once, within 24 hours.')
}

/** Reads the password from a file, the environment or standard input, never from the command line, which others can read. */
async function readPassword({ passwordEnv, passwordFile }: BootstrapOptions): Promise<string> {
  if (passwordEnv !== undefined && passwordFile !== undefined)
    throw new UsageError('give --password-env or --password-file, not both')
  if (passwordFile !== undefined)
    return takeSecret(`--password-file: ${passwordFile}`, await readTextInput(passwordFile, LONGEST_SECRET_FILE))
  if (passwordEnv !== undefined) return secretOfVariable('--password-env', passwordEnv, process.env)
  return takeSecret(STANDARD_INPUT, await readStandardInput(LONGEST_SECRET_FILE))
}
