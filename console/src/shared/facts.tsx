import { Fragment } from 'react'
import classes from './facts.module.css'

/** A name and a value. A value that is undefined is left out. */
export type Fact = readonly [name: string, value: React.ReactNode]

/** Facts by their names. */
export const Facts = ({ facts }: { readonly facts: readonly Fact[] }) => (
  <dl className={classes['facts']}>
    {facts
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
  </dl>
)
