import { networksOf } from '../../platform/addresses.ts'
import { start } from '../../platform/bytes.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { LONGEST_RECORDED } from '../../platform/text.ts'
import { type Author, eventOf } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { hashToken, LONGEST_TOKEN, newToken } from '../token.ts'
import { beginSession, type NewSession, type SignInRequest } from './begin.ts'
import type { SessionContext } from './context.ts'
import { nameOf, type Origin, ownerOf } from './session.ts'
import { guessOf } from './sign-in.ts'
import type { SignedIn } from './signed-in.ts'

/** RFC 8628 §3.2 calls it `expires_in`. Milliseconds. */
const LIFETIME_MS = 10 * 60_000
/** Anybody may ask for a code, so the number of those that wait is bounded, overall and for each network. */
const MOST_WAITING_CODES = 1_000
const MOST_FROM_NETWORK = 10
/** RFC 8628 §6.1: no vowels, so that no words appear, and nothing that looks like something else. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
const LENGTH = 8
const LONGEST_GIVEN = 32

/** The codes of a command line that asks for a session, in the shape of RFC 8628 §3.2. */
interface DeviceCodes {
  /** The command polls with it, and shows it to nobody. */
  readonly deviceCode: string
  /** The person types it into a browser. */
  readonly userCode: string
  /** Seconds. */
  readonly expiresIn: number
  /** Seconds between two polls. */
  readonly interval: number
}

/** Begins the request of a command line. @throws AdministratorRefusal `too_many_requests` */
export async function beginRequest(
  { sessions, clock, random }: SessionContext,
  { remoteAddress, userAgent }: Origin,
): Promise<DeviceCodes> {
  const now = clock.now()
  const [deviceCode, userCode] = [newToken('tsd_', random), newUserCode(random)]
  const { site, region } = networksOf(remoteAddress)
  const isAdded = await sessions.addRequest(
    {
      deviceHash: hashToken(deviceCode),
      userHash: hashUserCode(userCode),
      expiresAt: now + LIFETIME_MS,
      person: undefined,
      remoteAddress,
      userAgent: userAgent && start(userAgent, LONGEST_RECORDED),
    },
    { now, network: site ?? region, mostFromNetwork: MOST_FROM_NETWORK, most: MOST_WAITING_CODES },
  )
  if (!isAdded) throw new AdministratorRefusal('too_many_requests')
  return { deviceCode, userCode, expiresIn: LIFETIME_MS / 1000, interval: 5 }
}

/**
 * The place from which the command line of a code has asked, so that a person does not confirm the request of somebody else.
 * @throws AdministratorRefusal `request_ended`, or `not_signed_in` for a command line; TooManyGuesses
 */
export async function findRequest(context: SessionContext, who: SignedIn, userCode: string): Promise<Origin> {
  const found = await guardUserCode(context, who, userCode, () =>
    context.sessions.findRequest(hashUserCode(userCode), context.clock.now()),
  )
  return { remoteAddress: found.remoteAddress, userAgent: found.userAgent }
}

/** Lets a command line act as this person. @throws as `findRequest` */
export async function confirmRequest(
  context: SessionContext,
  who: SignedIn,
  author: Author,
  userCode: string,
): Promise<void> {
  const { person } = who.session
  const { sessions, clock } = context
  await guardUserCode(context, who, userCode, async () => {
    const hash = hashUserCode(userCode)
    const request = await sessions.findRequest(hash, clock.now())
    const detail = { name: nameOf(person), remote_address: request?.remoteAddress, user_agent: request?.userAgent }
    const event = eventOf(context, author, { type: 'session.confirm', detail })
    return (await sessions.confirmRequest(hash, clock.now(), person, event)) ? request : undefined
  })
}

/**
 * Asks whether somebody has confirmed a request. The session is handed over once.
 * @returns `pending` until then @throws AdministratorRefusal `request_ended`
 */
export async function pollRequest(
  context: SessionContext,
  request: SignInRequest,
  deviceCode: string,
): Promise<NewSession | 'pending'> {
  const { sessions, clock } = context
  const deviceHash = deviceCode.length > LONGEST_TOKEN ? undefined : hashToken(deviceCode)
  const found = deviceHash === undefined ? undefined : await sessions.findPolledRequest(deviceHash, clock.now())
  if (found === undefined) throw new AdministratorRefusal('request_ended')
  if (found.person === undefined) return 'pending'
  const { person } = found
  const begun = await beginSession(context, request, { kind: 'cli', person, methods: ['device_code'], requires: found })
  if (begun === undefined) throw new AdministratorRefusal('request_ended')
  return begun
}

/**
 * Counts a code as a guess of the person who is signed in. The session must be that of a browser: one command line could otherwise
 * confirm the next, and nobody would have to sign in again.
 */
async function guardUserCode<Found>(
  context: SessionContext,
  { session: { person, kind } }: SignedIn,
  userCode: string,
  find: () => Promise<Found | undefined>,
): Promise<Found> {
  if (kind !== 'browser') throw new AdministratorRefusal('not_signed_in')
  if (userCode.length > LONGEST_GIVEN) throw new AdministratorRefusal('request_ended')
  const owner = ownerOf(person)
  const guess = guessOf(context, 'user code', owner, normal(userCode))
  const attempt = await context.guesses.begin({ ...guess, address: `user codes of ${owner}` })
  const found = await find()
  if (found === undefined) throw new AdministratorRefusal('request_ended')
  attempt.succeeded()
  return found
}

/** A code such as `BCDF-GHJK`, each letter equally likely. */
function newUserCode(random: RandomBytes): string {
  let code = ''
  while (code.length < LENGTH) {
    const [byte = 0] = random(1)
    if (byte < 256 - (256 % ALPHABET.length)) code += ALPHABET.charAt(byte % ALPHABET.length)
  }
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`
}

/** RFC 8628 §6.1: marks and letter case do not matter. */
const normal = (code: string): string => code.replace(/[^a-z]/gi, '').toUpperCase()

const hashUserCode = (code: string): string => hashToken(`user code ${normal(code)}`)
