import { common } from '../texts/common.ts'
import { Icon } from './icon.tsx'
import { closeToast, useToasts } from './toast.ts'
import classes from './toasts.module.css'

/** The corner in which messages appear, and are read out. */
export function Toasts() {
  const shown = useToasts()
  return (
    <div role="status" aria-live="polite" className={classes['corner']}>
      {shown.map(({ id, message, kind }) => (
        <div key={id} className={classes['toast']} {...(kind === 'bad' && { role: 'alert' })}>
          <Icon name={kind === 'bad' ? 'warn' : 'check'} />
          <span>{message}</span>
          <button type="button" aria-label={common.close} onClick={() => closeToast(id)}>
            <Icon name="cross" size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}
