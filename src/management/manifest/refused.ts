import { Conflict, type MistakeKind, NotAllowed, UserError } from '../../platform/user-error.ts'
import { isDestructive, type Loss, type Plan } from './plan.ts'

/** The consents of the author of a change. */
export interface Consent {
  /** Whether credentials in use, scopes of clients, owners, clients and APIs may end. */
  readonly allowDestroy?: boolean
  /** Whether to go on although tests of the manifest fail. */
  readonly ignoreTests?: boolean
}

/** A plan that needs a consent which its author did not give. */
export class PlanRefused extends UserError {
  override readonly kind: MistakeKind
  readonly plan: Plan

  constructor({ kind, message }: UserError, plan: Plan) {
    super(message)
    this.kind = kind
    this.plan = plan
  }
}

/**
 * @throws PlanRefused if a thing of the plan belongs to somebody else, if a test fails, or if it destroys something without consent
 */
export function refuseUnconsented(plan: Plan, { allowDestroy = false, ignoreTests = false }: Consent): void {
  const destroyed = plan.losses.filter(isDestructive)
  const error = plan.conflicts.length > 0 ? conflict(plan.conflicts) : undefined
  const failed = failedTests(plan)
  const untested = failed.length > 0 && !ignoreTests ? failing(failed.length) : undefined
  const refused = error ?? untested ?? (destroyed.length > 0 && !allowDestroy ? unconsented(destroyed) : undefined)
  if (refused === undefined) return
  throw new PlanRefused(refused, plan)
}

const conflict = (conflicts: readonly string[]): UserError =>
  new Conflict(
    [...conflicts.slice(0, 50), ...(conflicts.length > 50 ? [`and ${conflicts.length - 50} more`] : [])].join('\n'),
  )

/** The names of the tests that fail. */
export const failedTests = ({ tests }: Pick<Plan, 'tests'>): readonly string[] =>
  tests.flatMap(({ name, differences }) => (differences.length > 0 ? [name] : []))

const failing = (count: number): UserError =>
  new NotAllowed(
    `nothing was changed: ${count === 1 ? 'a test of the manifest fails' : `${count} tests of the manifest fail`}. Mend it, or give --ignore-tests`,
  )

const unconsented = (losses: readonly Loss[]): UserError =>
  new NotAllowed(`nothing was changed: this would end ${destroys(losses)}. Give --allow-destroy if that is meant`)

const NAMES: Readonly<Record<Loss['kind'], readonly [one: string, many: string]>> = {
  credential: ['credential in use', 'credentials in use'],
  'api scope': ['scope', 'scopes'],
  'client scope': ['scope of a client', 'scopes of clients'],
  disabled: ['enabled client', 'enabled clients'],
  client: ['client', 'clients'],
  api: ['API', 'APIs'],
  owner: ['ownership of a client', 'ownerships of clients'],
  'api owner': ['ownership of an API', 'ownerships of APIs'],
}

/** Counts losses: `2 credentials in use, 1 scope`. */
export const destroys = (losses: readonly Loss[]): string =>
  [...Map.groupBy(losses, ({ kind }) => kind)]
    .map(([kind, some]) => `${some.length} ${NAMES[kind][some.length === 1 ? 0 : 1]}`)
    .join(', ')
