import type { AuthenticatedClient } from '../client-auth/authenticate.ts'
import type { Form } from '../http/form.ts'
import type { Client } from '../model/client.ts'
import type { RequestedAccess } from '../policy/entitlement.ts'
import type { TokenIntrospector } from '../tokens/introspection/introspector.ts'

/** The outcome of a grant. The pipeline of the token endpoint does everything else. */
type Decision =
  /** Issue a token for this client. Policy decides which part of the requested access it gets. */
  | { readonly kind: 'issue'; readonly client: Client; readonly requested: RequestedAccess }
  /** Answer with this JSON, and issue nothing. */
  | { readonly kind: 'answer'; readonly body: Readonly<Record<string, unknown>> }

/** The parts of the server on which a grant may depend. */
interface GrantContext {
  readonly introspector: TokenIntrospector
  /** The time of the request. Milliseconds. */
  readonly at: number
}

/**
 * A grant of the token endpoint (RFC 6749 §4). It reads its parameters and decides. Authentication, the check that the
 * client may use it, policy, proofs, issuance and audit are steps of the pipeline (`src/endpoints/pipeline.ts`).
 */
export interface Grant<Parameters> {
  /** The `grant_type` (RFC 6749 §4.4.2, §4.5). */
  readonly grantType: string
  /** The client's list that permits this grant: its `grant_types`, or the APIs whose tokens it `introspects`. */
  readonly permission: 'grant_types' | 'introspects'
  /** Reads the parameters, once. @throws Refusal if they are not well-formed */
  parse(form: Form): Parameters
  /** The APIs that the parameters name, as the client wrote them (RFC 8707 §2). */
  targets(parameters: Parameters): readonly string[]
  /** @throws Refusal if the grant does not allow this */
  authorize(client: AuthenticatedClient, parameters: Parameters, context: GrantContext): Decision | Promise<Decision>
}

/** A request for a grant, whose parameters have been read. */
export interface GrantRequest extends Pick<Grant<unknown>, 'grantType' | 'permission'> {
  readonly targets: readonly string[]
  authorize(client: AuthenticatedClient, context: GrantContext): Decision | Promise<Decision>
}

/** An entry of the table of grants, which hides the type of the parameters. */
export interface AnyGrant {
  readonly grantType: string
  /** Reads a request for this grant. @throws Refusal if its parameters are not well-formed */
  read(form: Form): GrantRequest
}

/** Makes an entry of the table of grants. */
export const entryOf = <Parameters>(grant: Grant<Parameters>): AnyGrant => ({
  grantType: grant.grantType,
  read: (form) => {
    const { grantType, permission } = grant
    const parameters = grant.parse(form)
    return {
      grantType,
      permission,
      targets: grant.targets(parameters),
      authorize: (client, context) => grant.authorize(client, parameters, context),
    }
  },
})
