import type { System } from '../../src/importers/systems.ts'

interface Sample {
  /** Further arguments of `tessera import`. */
  readonly args: readonly string[]
  /** The clients of `export.json` that log in with a secret they had before, by client id. */
  readonly secrets: Readonly<Record<string, string>>
}

/** The use that the tests make of the export of each system. */
export const samples: Readonly<Record<System, Sample>> = {
  keycloak: {
    args: ['--audience', 'https://jobs.example.com'],
    secrets: {
      nightly: 'aBcD3fGh1jKlMn0pQrStUvWxYz012345',
      rotating: 'new-secret-of-a-rotating-client',
      'job-runner': "it's a secret",
    },
  },
  pingfederate: {
    args: ['--audience', 'https://orders.example.com'],
    secrets: { cc_client: '2Federate', rotated: 'new-secret-given-by-hand' },
  },
  auth0: {
    args: [],
    secrets: {
      AbCdEfGhIjKlMnOpQrStUvWxYz012345: 'nightly-secret-of-auth0-0123456789',
      PoStPoStPoStPoStPoStPoStPoStPoSt: 'post-secret-of-auth0-0123456789',
    },
  },
  hydra: {
    args: ['--audience', 'https://jobs.example.com'],
    secrets: {
      billing: 'billing-secret-from-hydra',
      reports: 'reports-secret-from-hydra',
      'legacy job': 'plain-secret-of-a-legacy-job',
    },
  },
}
