import { adminCases } from './admin.ts'
import type { Case } from './case.ts'
import { certificateCases } from './certificates.ts'
import { federationCases } from './federation.ts'
import { httpCases } from './http.ts'
import { jwsCases } from './jws.ts'
import { peopleCases } from './people.ts'
import { policyCases } from './policy.ts'
import { restCases } from './rest.ts'

/** Every parser of strangers' input, at its largest input. */
export const allCases: readonly Case[] = [
  ...adminCases,
  ...httpCases,
  ...jwsCases,
  ...certificateCases,
  ...federationCases,
  ...peopleCases,
  ...policyCases,
  ...restCases,
]
