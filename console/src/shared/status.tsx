import { Icon, type IconName } from './icon.tsx'
import classes from './status.module.css'

export type StatusKind = 'good' | 'warn' | 'bad' | 'quiet'

const ICONS: Readonly<Record<StatusKind, IconName>> = { good: 'check', warn: 'warn', bad: 'cross', quiet: 'clock' }

interface Props {
  readonly kind: StatusKind
  readonly icon?: IconName
  readonly children: React.ReactNode
}

/** A state in a word. Its colour repeats what icon and word say. */
export const Status = ({ kind, icon = ICONS[kind], children }: Props) => (
  <span className={classes['status']} data-kind={kind}>
    <Icon name={icon} size={13} />
    {children}
  </span>
)
