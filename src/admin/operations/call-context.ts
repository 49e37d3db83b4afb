import type { Author } from '../../administrators/event.ts'
import type { SignInRequest } from '../../administrators/sessions/begin.ts'
import type { ClientAuthContext } from '../../client-auth/context.ts'
import type { PublicKey } from '../../crypto/jws/public-key.ts'
import type { MakingContext } from '../../management/credentials/make.ts'
import type { ExplainingContext } from '../../management/explanations/explain.ts'
import type { KeyContext } from '../../management/keys/context.ts'
import type { TryRequest } from '../../management/lab/request-token.ts'
import type { ManifestParser } from '../../management/manifest/reading/parse-queue.ts'
import type { ListedNode } from '../../nodes/list.ts'
import type { EndpointAddresses } from '../../oauth/endpoints.ts'
import type { Sender } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import type { Cursors } from './cursor.ts'
import type { Precondition } from './precondition.ts'

/** The files of a manifest that a server keeps in force. */
export interface ServedManifest {
  /** The names of the manifests, which nobody else may change. */
  readonly manifests: ReadonlySet<string>
  /** When clients and APIs were last as the files say, in milliseconds; undefined if they never were. */
  readonly appliedAt: number | undefined
  /** Why they are not; none if they are. */
  readonly mistakes: readonly string[]
  /** The files in force. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[]
}

/** The server that answers, or whose database a command has opened. */
interface ServerFacts {
  readonly issuer: string
  /** The lifetime of tokens unless their client or API says otherwise, in seconds. */
  readonly defaultLifetime: () => number
  /** The options in force, without secrets. */
  readonly settings: () => Readonly<Record<string, unknown>>
  /** The reasons why it can't answer as it should. */
  readonly problems: () => Promise<readonly string[]>
  /** The servers that share the database. */
  readonly nodes: () => Promise<readonly ListedNode[]>
  readonly openApi: () => unknown
  /** The days for which audit events are kept. */
  readonly retentionDays: () => number
  /** The table of refusals, which stands above the rooms that use it here. */
  readonly refusalOf: ExplainingContext['refusalOf']
  /** Sends a token request from the address of the caller. */
  readonly tryRequest: TryRequest
  readonly addresses: EndpointAddresses
  /** The keys that verify its tokens. */
  readonly publishedKeys: () => readonly PublicKey[]
  /** The parts with which it authenticates clients. */
  readonly clientAuth: () => ClientAuthContext
  /** Its metadata (RFC 8414 §2). */
  readonly metadata: () => Readonly<Record<string, unknown>>
  readonly parser: ManifestParser
  /** Undefined if it keeps no files. */
  readonly served: () => ServedManifest | undefined
}

/** The context of one call of an operation. */
export interface CallContext {
  readonly management: MakingContext
  /** The context of verbs on keys. Rejects if there is no usable master key. */
  readonly keys: () => Promise<KeyContext>
  readonly precondition: Precondition
  readonly server: ServerFacts
  readonly cursors: Cursors
  /** Shows an answer with new secrets before they are written. If it throws, nothing is written. Without it, the answer shows them. */
  readonly show: ((answer: unknown) => void) | undefined
  /** Accounts and sessions. Undefined for a command that opens the database itself. */
  readonly people?: PeopleCall
}

/** The parts of calls about people. */
export interface PeopleCall extends PeopleContext {
  /** The person who calls; undefined for a program. */
  readonly signedIn: Sender | undefined
  readonly request: SignInRequest
  readonly author: Author
}
