import { type Config, type Examined, requireConfig } from '../config/resolve.ts'
import { MasterKey } from '../crypto/master-key.ts'
import { listenFault } from '../http/listen-fault.ts'
import { reservePort } from '../http/listener.ts'
import { isAdminAt, issuerAt } from '../http/whose-port.ts'
import { endpointAddresses } from '../oauth/endpoints.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import { codeOf } from '../platform/system-error.ts'
import { MistakeList, UserError } from '../platform/user-error.ts'
import { examineDatabase } from '../store/examine.ts'
import { type DatabaseFindings, NOTHING } from '../store/sql/findings.ts'

/** The result of checking whether a server could start. */
export interface Preflight {
  /** Everything that stops it from starting. */
  readonly mistakes: readonly string[]
  /** Problems that don't stop it. */
  readonly warnings: readonly string[]
  /** Changes that it makes when it starts, which a person may not expect. */
  readonly notes: readonly string[]
}

interface Means {
  readonly clock: Clock
  readonly random: RandomBytes
  /** Whether a running server of the same issuer is accepted on these ports: the check may be for its restart. */
  readonly mayRun: boolean
}

/**
 * Checks whether a server could start: its configuration, its database and its ports. `serve` and `config check` both call it, and
 * it changes nothing.
 */
export async function examineStart(examined: Examined, means: Means): Promise<Preflight> {
  const database = await lookAtDatabase(examined, means)
  const ports = await lookAtPorts(examined, means)
  return {
    mistakes: [...examined.mistakes, ...database.mistakes, ...ports.mistakes],
    warnings: [...examined.warnings, ...database.warnings, ...ports.warnings],
    notes: [...database.notes, ...ports.notes],
  }
}

/** The configuration to start a server with. @throws Mistakes naming everything that stops it from starting */
export async function requireStart(
  examined: Examined,
  means: Omit<Means, 'mayRun'>,
): Promise<{ readonly config: Config; readonly warnings: readonly string[] }> {
  const { mistakes, warnings } = await examineStart(examined, { ...means, mayRun: false })
  const config = mistakes.length > 0 ? undefined : examined.config
  return { config: requireConfig({ ...examined, mistakes, config }), warnings }
}

async function lookAtDatabase(
  { options: { storage }, storageAccess: access, masterKeys }: Examined,
  { random }: Means,
): Promise<DatabaseFindings> {
  if (storage === undefined || access === undefined) return NOTHING
  const masterKey = masterKeys && new MasterKey(masterKeys.masterKey, random, masterKeys.previousMasterKey)
  return examineDatabase(storage, { access, masterKey })
}

async function lookAtPorts({ options, wrong }: Examined, { mayRun }: Means): Promise<DatabaseFindings> {
  const { issuer, runtime, admin, tls } = options
  const isRight = (name: string) => !wrong.has(`${name}.host`) && !wrong.has(`${name}.port`)
  // `examineConfig` has already refused one port for both listeners.
  const isOne = runtime.port === admin.port && runtime.port !== 0
  const ofRuntime = isRight('runtime') ? await faultOf('runtime', runtime) : undefined
  const ofAdmin = isRight('admin') && !isOne ? await faultOf('admin', admin) : undefined
  const mistakes = new MistakeList()
  const notes: string[] = []
  const running =
    mayRun && ofRuntime?.isTaken === true && issuer !== undefined
      ? await eitherWay(runtime.tls === 'on', (isTls) => issuerAt({ ...runtime, isTls }, metadataPath(issuer)))
      : undefined
  const isRunning = running !== undefined && (running.issuer ?? issuer) === issuer
  if (ofRuntime !== undefined && !isRunning) mistakes.note(ofRuntime.error)
  if (isRunning)
    notes.push(`runtime.port: a server of ${issuer} runs on port ${runtime.port}: stop it before you start another`)
  const isItsAdmin =
    isRunning &&
    ofAdmin?.isTaken === true &&
    (await eitherWay(tls.cert !== undefined, async (isTls) => (await isAdminAt({ ...admin, isTls })) || undefined))
  if (ofAdmin !== undefined && !isItsAdmin) mistakes.note(ofAdmin.error)
  return { mistakes: mistakes.all, warnings: [], notes }
}

/** Asks with TLS and without, the configured way first: the server that runs may have started before TLS was turned on or off. */
const eitherWay = async <Answer>(
  isTls: boolean,
  ask: (isTls: boolean) => Promise<Answer | undefined>,
): Promise<Answer | undefined> => (await ask(isTls)) ?? (await ask(!isTls))

const metadataPath = (issuer: string): string => new URL(endpointAddresses(issuer, []).urlsOf('metadata')[0]).pathname

/** Tries to listen at an address for a moment. @returns why that fails, or undefined */
async function faultOf(
  name: 'runtime' | 'admin',
  address: { readonly host: string; readonly port: number },
): Promise<{ readonly error: unknown; readonly isTaken: boolean } | undefined> {
  try {
    await reservePort(address)
    return undefined
  } catch (error) {
    const fault = listenFault(name, address, error)
    const isTaken = codeOf(error) === 'EADDRINUSE'
    if (fault instanceof UserError) return { error: fault, isTaken }
    throw fault
  }
}
