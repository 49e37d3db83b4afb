import type { ImageConfig } from './layout.ts'

/** The facts of a build. */
interface Facts {
  readonly version: string
  /** The commit. */
  readonly revision: string
  /** ISO 8601. */
  readonly created: string
  /** SPDX. */
  readonly license: string
  /** The address of the sources, if there is one. */
  readonly source: string | undefined
  readonly user: number
}

const SECOND = 1_000_000_000

/** The settings of the image. `Healthcheck` is Docker's own (its image specification 1.2); others ignore it. */
export const settingsOf = ({ version, revision, created, license, source, user }: Facts): ImageConfig => ({
  User: `${user}:${user}`,
  ExposedPorts: { '9031/tcp': {}, '9999/tcp': {} },
  Env: ['PATH=/usr/bin'],
  Entrypoint: ['/usr/bin/tessera'],
  Cmd: ['serve'],
  Volumes: { '/var/lib/tessera': {} },
  WorkingDir: '/var/lib/tessera',
  StopSignal: 'SIGTERM',
  Healthcheck: {
    Test: ['CMD', '/usr/bin/tessera', 'health'],
    Interval: 30 * SECOND,
    Timeout: 10 * SECOND,
    StartPeriod: 30 * SECOND,
    Retries: 3,
  },
  Labels: {
    'org.opencontainers.image.title': 'Tessera',
    'org.opencontainers.image.description': 'An OAuth 2.0 authorization server for machines.',
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': revision,
    'org.opencontainers.image.created': created,
    'org.opencontainers.image.licenses': license,
    ...(source !== undefined && { 'org.opencontainers.image.source': source }),
  },
})
