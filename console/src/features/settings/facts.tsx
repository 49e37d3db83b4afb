import { Fragment } from 'react'
import { Copy } from '../../shared/copy.tsx'
import classes from './settings.module.css'

type Fact = readonly [name: string, value: React.ReactNode]

/** Facts by their names. */
export const Facts = ({ facts }: { readonly facts: readonly Fact[] }) => (
  <dl className={classes['facts']}>
    {facts.map(([name, value]) => (
      <Fragment key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </Fragment>
    ))}
  </dl>
)

/** A text that people copy from here. */
export const Copied = ({ children, of }: { readonly children: string; readonly of: string }) => (
  <span className={classes['value']}>
    <code>{children}</code>
    <Copy value={children} of={of} />
  </span>
)
