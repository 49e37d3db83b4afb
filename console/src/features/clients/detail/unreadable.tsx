import { Alert } from '@mantine/core'
import { Icon } from '../../../shared/icon.tsx'
import { clientDetail as t } from '../../../texts/client-detail.ts'

interface Props {
  readonly reason: string
  /** The ways out. */
  readonly children: React.ReactNode
}

/** A client whose record the server can't read: why, and the ways out. */
export const Unreadable = ({ reason, children }: Props) => (
  <>
    <Alert color="brick" icon={<Icon name="warn" />} title={t.unreadable}>
      <p style={{ margin: '0 0 0.5rem' }}>
        <code>{reason}</code>
      </p>
      {t.unreadableLead}
    </Alert>
    {children}
  </>
)
