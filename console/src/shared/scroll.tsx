import classes from './scroll.module.css'

/** Content that scrolls sideways where it has no room. The keyboard must reach it (WCAG 2.2 §2.1.1). */
export const Scroll = ({ label, children }: { readonly label: string; readonly children: React.ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
  <section tabIndex={0} aria-label={label} className={classes['scroll']}>
    {children}
  </section>
)
