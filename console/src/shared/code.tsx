import classes from './code.module.css'
import { Copy } from './copy.tsx'

interface Props {
  readonly children: string
  /** The name of the text, for the button that copies it and for screen readers. */
  readonly of: string
  /** Lines are broken where they are long, instead of scrolled. */
  readonly wraps?: boolean
}

/** A text to copy: a command, a request, a token. */
export const Code = ({ children, of, wraps = false }: Props) => (
  <div className={classes['code']}>
    {/* A region that scrolls must be reachable by keyboard (WCAG 2.2 §2.1.1). */}
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
    <section tabIndex={0} aria-label={of}>
      <pre data-wraps={wraps || undefined}>{children}</pre>
    </section>
    <div className={classes['copy']}>
      <Copy value={children} of={of} />
    </div>
  </div>
)
