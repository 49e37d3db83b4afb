import { useDocumentTitle } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { Icon } from './icon.tsx'
import classes from './page.module.css'

interface Props {
  readonly title: string
  /** Shown instead of the title, where it is more than text. */
  readonly heading?: React.ReactNode
  readonly lead?: React.ReactNode
  /** The page above this one. */
  readonly above?: { readonly to: string; readonly title: string }
  readonly actions?: React.ReactNode
  /** `read` for pages of text and forms, `wide` for tables. */
  readonly width?: 'wide' | 'read'
  readonly children: React.ReactNode
}

/** A page: its heading, its actions, and its content. */
export function Page({ title, heading = title, lead, above, actions, width = 'wide', children }: Props) {
  useDocumentTitle(`${title} · Tessera`)
  return (
    <div className={classes['page']} data-width={width}>
      <header className={classes['header']}>
        <div className={classes['titles']}>
          {above !== undefined && (
            <Link to={above.to} className={classes['above']}>
              {above.title}
              <Icon name="chevron" size={12} />
            </Link>
          )}
          <h1>{heading}</h1>
          {lead !== undefined && <p>{lead}</p>}
        </div>
        {actions !== undefined && <div className={classes['actions']}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

interface SectionProps {
  readonly title: string
  readonly lead?: React.ReactNode
  readonly actions?: React.ReactNode
  readonly children: React.ReactNode
}

/** A part of a page under its own heading. */
export const Section = ({ title, lead, actions, children }: SectionProps) => (
  <section className={classes['section']}>
    <header className={classes['header']}>
      <div className={classes['titles']}>
        <h2>{title}</h2>
        {lead !== undefined && <p>{lead}</p>}
      </div>
      {actions !== undefined && <div className={classes['actions']}>{actions}</div>}
    </header>
    {children}
  </section>
)

/** A sheet that holds things together. */
export const Sheet = ({
  children,
  flush = false,
}: {
  readonly children: React.ReactNode
  readonly flush?: boolean
}) => (
  <div className={classes['sheet']} data-flush={flush || undefined}>
    {children}
  </div>
)
