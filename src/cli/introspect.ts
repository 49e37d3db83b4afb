import * as openid from 'openid-client'
import { type Inspection, inspectToken } from '../management/tokens/inspect.ts'
import { UsageError } from '../platform/user-error.ts'
import { type ConnectOptions, connect, prepareAddress } from './connect.ts'
import { managementContext, masterKeyOf, withDatabase } from './database.ts'
import { readTokenFile } from './decode.ts'
import { alignedFacts, checkLine } from './facts.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable } from './output.ts'
import { explainTokenFailure } from './token-failure.ts'

interface IntrospectOptions extends Partial<ConnectOptions>, OutputOptions {
  readonly as?: string
  readonly config?: string
}

/** `tessera introspect`: says whether a token is active, and on the database also why not. The exit code is 1 if it is not. */
export const introspect = (file: string | undefined, options: IntrospectOptions): Promise<void> =>
  options.issuer === undefined ? onDatabase(file, options) : onServer(file, options)

const onDatabase = (
  file: string | undefined,
  { as: asked, config, clientId, ...output }: IntrospectOptions,
): Promise<void> =>
  withDatabase(config, async (opened) => {
    if (clientId !== undefined) throw new UsageError('--client-id needs --issuer; on the database, give --as')
    const token = await readTokenFile(file)
    const inspection = await inspectToken(
      {
        ...managementContext(opened),
        issuer: opened.options.issuer,
        masterKey: () => masterKeyOf(opened.options),
      },
      { token, asked },
    )
    const forPeople = () => {
      for (const line of linesOf(inspection)) print(printable(line))
    }
    show(output, { data: inspection, forPeople })
    if (!inspection.active) process.exitCode = 1
  })

const linesOf = ({ active, checks, claims }: Inspection): readonly string[] => [
  active ? 'active' : 'not active',
  ...checks.map((check) => `  ${checkLine(check)}`),
  ...(claims === undefined ? [] : ['claims', ...alignedFacts(claims)]),
]

async function onServer(file: string | undefined, options: IntrospectOptions): Promise<void> {
  const { issuer, clientId, as: asked, json, output, config: _, ...others } = options
  if (issuer === undefined || clientId === undefined || asked !== undefined) {
    throw new UsageError('give --issuer together with --client-id, and --as only without them')
  }
  const usesInput = file === undefined || file === '-'
  if (usesInput && others.secretEnv === undefined && others.secretFile === undefined && others.key === undefined) {
    throw new UsageError('standard input has the token: give the secret by --secret-env or --secret-file')
  }
  const connecting: ConnectOptions = { issuer, clientId, ...others }
  const url = prepareAddress(connecting)
  const token = await readTokenFile(file)
  try {
    const { config, wire } = await connect(url, connecting)
    const answer = await openid.tokenIntrospection(config, token)
    const forPeople = () => {
      const { active, ...claims } = answer
      print(
        active
          ? 'active'
          : 'not active: the server does not say why; the audit log and `tessera introspect` on its database do',
      )
      for (const line of alignedFacts(claims)) print(printable(line))
    }
    show(
      { ...(json && { json }), ...(output && { output }) },
      { data: answer, asText: () => wire.lastAnswer, forPeople },
    )
    if (!answer.active) process.exitCode = 1
  } catch (error) {
    throw await explainTokenFailure(error, issuer)
  }
}
