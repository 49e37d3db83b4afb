import { credentials as t } from '../../texts/credentials.ts'
import type { IconName } from '../icon.tsx'
import { Status, type StatusKind } from '../status.tsx'

const LOOKS: Readonly<Record<keyof typeof t.statuses, readonly [StatusKind, IconName?]>> = {
  active: ['good'],
  replaced: ['warn', 'clock'],
  'safe to delete': ['good', 'bin'],
  expired: ['quiet'],
  revoked: ['bad'],
  unreadable: ['bad'],
}

/** The state of a credential. */
export function CredentialStatus({ status }: { readonly status: keyof typeof LOOKS }) {
  const [kind, icon] = LOOKS[status]
  return (
    <Status kind={kind} {...(icon && { icon })}>
      {t.statuses[status]}
    </Status>
  )
}
