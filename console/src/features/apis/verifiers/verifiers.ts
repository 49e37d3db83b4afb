import type { Verifier } from './facts.ts'
import { gatewayVerifiers } from './gateways.ts'
import { nodeVerifiers } from './node.ts'
import { pythonVerifiers } from './python.ts'
import { serviceVerifiers } from './services.ts'

/** Code for each framework, with the scope of each route. */
export const verifiers: readonly Verifier[] = [
  ...nodeVerifiers,
  ...pythonVerifiers,
  ...serviceVerifiers,
  ...gatewayVerifiers,
]
