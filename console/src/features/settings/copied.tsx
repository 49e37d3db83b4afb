import { Copy } from '../../shared/copy.tsx'
import classes from './settings.module.css'

/** A text that people copy from here. */
export const Copied = ({ children, of }: { readonly children: string; readonly of: string }) => (
  <span className={classes['value']}>
    <code>{children}</code>
    <Copy value={children} of={of} />
  </span>
)
