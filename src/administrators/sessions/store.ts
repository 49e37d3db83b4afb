import type { AuditEvent } from '../../audit/event.ts'
import type { Account } from '../accounts/account.ts'
import type { Origin, Person, Session } from './session.ts'

/**
 * The state in which a session may begin, since another process may have changed it meanwhile: an enabled account with this password, or
 * a confirmed request of a command line that is still there.
 */
export type Requirement = Pick<Account, 'id' | 'password'> | Pick<DeviceRequest, 'deviceHash'>

/** The request of a command line for a session. Times are in milliseconds. */
export interface DeviceRequest extends Origin {
  /** The stored form of the code that the command polls with. */
  readonly deviceHash: string
  /** The stored form of the code that a person confirms. */
  readonly userHash: string
  readonly expiresAt: number
  /** The person who has confirmed it; undefined until then. */
  readonly person: Person | undefined
}

/** The bounds of requests that wait. */
export interface DeviceBounds {
  readonly now: number
  /** The network of the request. Beyond `mostFromNetwork`, its oldest request goes. */
  readonly network: string
  readonly mostFromNetwork: number
  readonly most: number
}

/** The sessions of one tenant. A call rejects if the database fails, and has then changed nothing. */
export interface SessionStore {
  /**
   * Adds a session, and ends the oldest ones of the same owner beyond `most`.
   * @param requires the session is not added unless this is met. A request is used up @returns whether it was added
   */
  addSession(session: Session, most: number, event: AuditEvent, requires?: Requirement): Promise<boolean>
  findSession(tokenHash: string): Promise<Session | undefined>
  noteSeen(id: string, at: number): Promise<void>
  /** Lists the sessions of an owner, oldest first. */
  listSessions(owner: string): Promise<readonly Session[]>
  /** Ends one session of an owner. @returns whether it was there */
  endSession(owner: string, id: string, event: AuditEvent): Promise<boolean>
  /** Ends all sessions of an owner, and the command lines that wait for it. @returns how many sessions */
  endSessions(owner: string, event: AuditEvent): Promise<number>
  /** Removes at most `most` sessions of all tenants that expired before `now`, or were last seen before `idleSince`. @returns how many */
  pruneSessions(bounds: { readonly now: number; readonly idleSince: number }, most: number): Promise<number>

  /** Adds a request of a command line. @returns false if too many wait */
  addRequest(request: DeviceRequest, bounds: DeviceBounds): Promise<boolean>
  /** The request of a user code, unless it has expired or was confirmed. */
  findRequest(userHash: string, now: number): Promise<DeviceRequest | undefined>
  /** Lets a person confirm a request. @returns false as `findRequest` finds none */
  confirmRequest(userHash: string, now: number, person: Person, event: AuditEvent): Promise<boolean>
  /** The request of a device code, confirmed or not, unless it has expired. */
  findPolledRequest(deviceHash: string, now: number): Promise<DeviceRequest | undefined>
  /** Removes at most `most` requests of all tenants that have expired. @returns how many */
  pruneRequests(now: number, most: number): Promise<number>
}
